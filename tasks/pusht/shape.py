"""Planar geometry of the T-block: its outline, how much of the goal it covers, and how far a point is from it.

The block's frame sits at its centroid; the bar lies at negative y, the stem points along positive y. A pose is (x, y,
angle) of that frame in the world, metre and radian. The field gives the pose of another point, the middle of the bar's
outer edge: the *origin* here. Everything is elementwise over poses, so a row's bits do not depend on its neighbours.
"""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float64

from harness.contract.fields import Array

__all__ = [
    "AREA",
    "BOXES",
    "CONCAVE",
    "GOAL",
    "GYRATION",
    "OUTLINE",
    "centroid_of",
    "coverage",
    "distance_to_block",
    "origin_of",
    "pose_error",
    "to_block",
    "to_world",
    "turn",
]

BAR_LENGTH, STEM_LENGTH, THICKNESS = 0.12, 0.09, 0.03
AREA = THICKNESS * (BAR_LENGTH + STEM_LENGTH)
"""Area of the block, square metre."""

_DROP = (BAR_LENGTH * THICKNESS / 2 + STEM_LENGTH * (THICKNESS + STEM_LENGTH / 2)) / (BAR_LENGTH + STEM_LENGTH)

BOXES = np.array(
    [
        [-BAR_LENGTH / 2, -_DROP, BAR_LENGTH / 2, THICKNESS - _DROP],
        [-THICKNESS / 2, THICKNESS - _DROP, THICKNESS / 2, THICKNESS + STEM_LENGTH - _DROP],
    ]
)
"""Bar and stem in the block's frame: (low x, low y, high x, high y), metre."""

(_BAR_LEFT, _TOP, _BAR_RIGHT, _SHOULDER), (_STEM_LEFT, _, _STEM_RIGHT, _TIP) = BOXES.tolist()

OUTLINE = np.array(
    [
        [_BAR_LEFT, _TOP],
        [_BAR_RIGHT, _TOP],
        [_BAR_RIGHT, _SHOULDER],
        [_STEM_RIGHT, _SHOULDER],
        [_STEM_RIGHT, _TIP],
        [_STEM_LEFT, _TIP],
        [_STEM_LEFT, _SHOULDER],
        [_BAR_LEFT, _SHOULDER],
    ]
)
"""Corners of the block in its frame, counter-clockwise, metre."""

CONCAVE = (3, 6)
"""Which of the corners turn inward."""


def _polar_moment() -> float:
    """Second moment of area about the centroid (parallel axes), metre to the fourth."""
    total = 0.0
    for low_x, low_y, high_x, high_y in BOXES.tolist():
        width, height = high_x - low_x, high_y - low_y
        offset = ((low_x + high_x) / 2) ** 2 + ((low_y + high_y) / 2) ** 2
        total += width * height * ((width**2 + height**2) / 12 + offset)
    return total


GYRATION = math.sqrt(_polar_moment() / AREA)
"""Radius of gyration about the centroid, metre."""


def turn(vectors: Float64[Array, "... 2"], angles: Float64[Array, "*angles"]) -> Float64[Array, "... 2"]:
    """Vectors turned counter-clockwise by angles, radian."""
    # A copy, since numpy's sine of a strided view may differ in the last bit from that of contiguous memory.
    angles = np.array(angles, np.float64, order="C")
    cos, sin = np.cos(angles), np.sin(angles)
    x, y = vectors[..., 0], vectors[..., 1]
    return np.stack([cos * x - sin * y, sin * x + cos * y], axis=-1)


def to_world(poses: Float64[Array, "... 3"], points: Float64[Array, "... 2"]) -> Float64[Array, "... 2"]:
    """Points of the block's frame, in the world."""
    return poses[..., :2] + turn(points, poses[..., 2])


def to_block(poses: Float64[Array, "... 3"], points: Float64[Array, "... 2"]) -> Float64[Array, "... 2"]:
    """Points of the world, in the block's frame."""
    return turn(points - poses[..., :2], -poses[..., 2])


def origin_of(poses: Float64[Array, "*poses 3"]) -> Float64[Array, "*poses 2"]:
    """The field's block position: the middle of the bar's outer edge, in the world."""
    return to_world(poses, np.array([0.0, -_DROP]))


def centroid_of(origins: Float64[Array, "*poses 2"], angles: Float64[Array, "*poses"]) -> Float64[Array, "*poses 2"]:
    """Inverse of `origin_of`."""
    return origins + turn(np.array([0.0, _DROP]), angles)


GOAL = np.array([*centroid_of(np.array([0.256, 0.256]), np.array(math.pi / 4)), math.pi / 4])
"""Pose of the goal; its origin is the field's (256, 256) at 1 mm a pixel."""


def pose_error(poses: Float64[Array, "*poses 3"]) -> Float64[Array, "*poses 3"]:
    """Offset of the centroid from the goal's (metre, world) and of the angle (radian, in [-pi, pi])."""
    error: Array = poses - GOAL
    error[..., 2] = np.remainder(error[..., 2] + math.pi, 2 * math.pi) - math.pi
    return error


def coverage(poses: Float64[Array, "*poses 3"]) -> Float64[Array, "*poses"]:
    """Share of the goal's area that the block covers, in [0, 1].

    A horizontal line cuts a goal box in one interval, so by Green's theorem the common area of the block and the box is
    the integral of clamp(x, box) dy around the block's outline. Along an edge the integrand is piecewise linear with at
    most two kinks: the trapezoid rule between them is exact.
    """
    flat = np.ascontiguousarray(poses, np.float64).reshape(-1, 1, 3)
    corners = to_block(GOAL, to_world(flat, OUTLINE))[:, None]
    shares = _edge_integrals(corners, np.roll(corners, -1, axis=2), BOXES[:, None])
    total = shares.reshape(len(flat), -1).sum(axis=1).reshape(poses.shape[:-1])
    return np.asarray(np.clip(total / AREA, 0.0, 1.0))


def _edge_integrals(start: Array, end: Array, boxes: Array) -> Array:
    """Integral of clamp(x, box) dy along edges, inside the box's rows: (poses, boxes, edges)."""
    low_x, low_y, high_x, high_y = (boxes[..., i] for i in range(4))
    enter = _fraction(start[..., 1], end[..., 1], low_y)
    leave = _fraction(start[..., 1], end[..., 1], high_y)
    first, last = np.minimum(enter, leave), np.maximum(enter, leave)
    x, slope = start[..., 0], end[..., 0] - start[..., 0]
    kinks = _fraction(x, end[..., 0], low_x), _fraction(x, end[..., 0], high_x)
    times = [
        first,
        np.clip(np.minimum(*kinks), first, last),
        np.clip(np.maximum(*kinks), first, last),
        last,
    ]
    values = [np.clip(x + time * slope, low_x, high_x) for time in times]
    mean = sum((b - a) * (u + v) for a, b, u, v in zip(times, times[1:], values, values[1:], strict=False)) / 2
    return np.asarray(mean * (end[..., 1] - start[..., 1]))


def _fraction(start: Array, end: Array, level: Array) -> Array:
    """How far along [start, end] a level is reached, clipped to [0, 1]; where both are equal, 0 or 1."""
    run = end - start
    flat = np.abs(run) < 1e-300
    return np.asarray(np.clip((level - start) / np.where(flat, 1e-300, run), 0.0, 1.0))


def distance_to_block(
    poses: Float64[Array, "*points 3"], points: Float64[Array, "*points 2"]
) -> Float64[Array, "*points"]:
    """Signed distance from points of the world to the block, metre; negative inside."""
    local = to_block(poses, points)
    bar, stem = (_distance_to_box(local, box) for box in BOXES)
    return np.minimum(bar, stem)


def _distance_to_box(points: Array, box: Array) -> Array:
    beyond = np.maximum(box[:2] - points, points - box[2:])
    x, y = beyond[..., 0], beyond[..., 1]
    return np.asarray(np.hypot(np.maximum(x, 0), np.maximum(y, 0)) + np.minimum(np.maximum(x, y), 0))
