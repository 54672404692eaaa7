"""Shortest ways of the pusher around the block, in the block's frame.

The block is grown by the pusher's radius and a margin into two boxes. Ways run over the six convex corners of the grown
block; a leg is free if it crosses neither box. Corners outside the workspace are no use, which depends on the pose.
Everything is elementwise over lanes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64

from harness.contract.fields import Array
from tasks.pusht import shape
from tasks.pusht.contract import SIDE

__all__ = ["CLEARANCE", "Ways", "free", "inside", "reachable", "ways"]

CLEARANCE = 0.019
"""Distance from the block at which the pusher travels, metre: its radius of 15 mm and 4 mm."""

_GROWN = shape.BOXES + (CLEARANCE - 0.001) * np.array([-1.0, -1.0, 1.0, 1.0])
_AT_CORNER = 0.0005
_OUTWARD = np.array([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [1.0, 1.0], [-1.0, 1.0], [-1.0, 1.0]])
CORNERS = np.delete(shape.OUTLINE, shape.CONCAVE, axis=0) + CLEARANCE * _OUTWARD
"""Waypoints at the convex corners, block's frame, metre."""

_NOOKS = shape.OUTLINE[shape.CONCAVE, :] + CLEARANCE * np.array([[1.0, 1.0], [-1.0, 1.0]])
"""Ways out of the two concave corners."""


def free(start: Float64[Array, "... 2"], end: Float64[Array, "... 2"]) -> Bool[Array, "*legs"]:
    """Whether straight legs miss the grown block (slab test, Kay and Kajiya 1986)."""
    blocked = [_crosses(start, end, box) for box in _GROWN]
    return np.asarray(~(blocked[0] | blocked[1]))


def _crosses(start: Array, end: Array, box: Array) -> Array:
    step = end - start
    step = np.where(np.abs(step) < 1e-12, 1e-12, step)
    one, other = (box[:2] - start) / step, (box[2:] - start) / step
    enter, leave = np.minimum(one, other), np.maximum(one, other)
    first = np.maximum(np.maximum(enter[..., 0], enter[..., 1]), 0.0)
    last = np.minimum(np.minimum(leave[..., 0], leave[..., 1]), 1.0)
    return np.asarray(first < last)


def inside(points: Float64[Array, "*points 2"]) -> Bool[Array, "*points"]:
    """Whether points lie in the grown block."""
    within = [((points > box[:2]) & (points < box[2:])).all(axis=-1) for box in _GROWN]
    return np.asarray(within[0] | within[1])


def reachable(
    poses: Float64[Array, "lanes 3"], points: Float64[Array, "*lanes points 2"]
) -> Bool[Array, "lanes points"]:
    """Whether points of the block's frame lie in the workspace."""
    world = shape.to_world(poses[:, None], points)
    return np.asarray(((world >= 0.0) & (world <= SIDE)).all(axis=-1))


def _length(start: Array, end: Array) -> Array:
    leg = end - start
    return np.asarray(np.hypot(leg[..., 0], leg[..., 1]))


def _leg(start: Array, end: Array) -> Array:
    """Length of free legs; infinite for others."""
    return np.where(free(start, end), _length(start, end), np.inf)


_BETWEEN = _leg(CORNERS[:, None], CORNERS[None])


@dataclass(frozen=True)
class Ways:
    """Shortest ways from the pusher to places behind the block's faces.

    Attributes:
        length: metre; infinite where there is no way.
        towards: where the pusher heads first, in the block's frame.
    """

    length: Float64[Array, "lanes places"]
    towards: Float64[Array, "lanes places 2"]


def ways(
    poses: Float64[Array, "lanes 3"], pusher: Float64[Array, "lanes 2"], places: Float64[Array, "lanes places 2"]
) -> Ways:
    """Shortest ways from `pusher` to `places`, both in the block's frame.

    A pusher that touches the block first steps back, to the place behind the face nearest to it.
    """
    stuck = inside(pusher)
    start = np.where(stuck[:, None], _step_back(pusher), pusher)
    via = _through_corners(poses, start, places)
    direct = _leg(start[:, None], places)
    best = via.argmin(axis=2)
    through = np.take_along_axis(via, best[:, :, None], axis=2)[:, :, 0]
    towards = np.where((direct <= through)[..., None], places, CORNERS[best])
    towards = np.where(stuck[:, None, None], start[:, None], towards)
    length = np.minimum(direct, through) + _length(pusher, start)[:, None]
    return Ways(np.where(reachable(poses, places), length, np.inf), towards)


def _through_corners(poses: Array, start: Array, places: Array) -> Array:
    """Length of the ways from start to places whose first waypoint is a corner: (lanes, places, corners)."""
    usable = reachable(poses, CORNERS[None])
    between = np.where(usable[:, :, None] & usable[:, None, :], _BETWEEN, np.inf)
    for k in range(len(CORNERS)):
        between = np.minimum(between, between[:, :, k, None] + between[:, None, k, :])
    first = np.where(usable, _leg(start[:, None], CORNERS[None]), np.inf)
    # A pusher that is at a corner heads for the next one.
    first = np.where(first < _AT_CORNER, np.inf, first)
    last = _leg(CORNERS[None, None], places[:, :, None])
    onward = (between[:, None, :, :] + last[:, :, None, :]).min(axis=3)
    return np.asarray(first[:, None, :] + onward)


def _step_back(points: Float64[Array, "lanes 2"]) -> Float64[Array, "lanes 2"]:
    """Nearest points outside the grown block: across the side that is nearest, unless the other box lies there."""
    nooks = np.broadcast_to(_NOOKS, (len(points), *_NOOKS.shape))
    exits = np.concatenate([*(_exits(points, box) for box in _GROWN), nooks], axis=1)
    cost = np.where(inside(exits), np.inf, _length(points[:, None], exits))
    return np.take_along_axis(exits, cost.argmin(axis=1)[:, None, None], axis=1)[:, 0]


def _exits(points: Array, box: Array) -> Array:
    """Points just across the four sides of a box: (lanes, 4, 2)."""
    x, y = points[:, 0], points[:, 1]
    margin = 0.001
    sides = [
        np.stack([np.full_like(x, box[0] - margin), y], axis=1),
        np.stack([np.full_like(x, box[2] + margin), y], axis=1),
        np.stack([x, np.full_like(y, box[1] - margin)], axis=1),
        np.stack([x, np.full_like(y, box[3] + margin)], axis=1),
    ]
    return np.stack(sides, axis=1)
