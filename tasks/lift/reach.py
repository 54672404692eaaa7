"""Kinematics of a ViperX 300 whose gripper points down: closed form, exact, on any batch of poses.

With the forearm unrolled, the arm is a plane that turns about the waist: two links reach the wrist, and the wrist turns
the gripper down. Lengths are those of gym-aloha's model.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float64

from harness.contract.fields import Array

__all__ = ["Pose", "joints_at", "pose_of"]

_BASE, _BASE_YAW = np.array([0.469, 0.5]), 3.1416
"""Of the right arm, metre and radian, world."""
_SHOULDER_M = 0.12705
"""Height of the shoulder's axis above the table."""
_ELBOW_AHEAD_M, _ELBOW_UP_M = 0.05955, 0.3
"""Of the elbow's axis from the shoulder's, the shoulder being at 0."""
_UPPER_M, _UPPER_RISE = float(np.hypot(_ELBOW_AHEAD_M, _ELBOW_UP_M)), float(np.arctan2(_ELBOW_UP_M, _ELBOW_AHEAD_M))
_FOREARM_M = 0.3
_PINCH_M = 0.069744 + 0.14
"""From the wrist's axis to the point between the finger pads."""
_LOW = np.array([-3.14158, -1.85005, -1.76278, -3.14158, -1.8675, -3.14158])
_HIGH = np.array([3.14158, 1.25664, 1.6057, 3.14158, 2.23402, 3.14158])


class Pose(NamedTuple):
    """Of grippers.

    Attributes:
        place: the point between the finger pads, metre, world.
        yaw: of the axis along which the fingers close, radian, from the world's y axis, in [-pi/2, pi/2).
    """

    place: Float64[Array, "*batch 3"]
    yaw: Float64[Array, " *batch"]


def joints_at(pose: Pose) -> Float64[Array, "*batch 6"]:
    """Joint positions that bring the gripper there, pointing down, elbow up; inside the joint limits.

    A place out of reach gives the arm stretched (or folded) towards it, still pointing down as far as the wrist turns.
    """
    ahead = pose.place[..., :2] - _BASE
    waist = _wrapped(np.arctan2(ahead[..., 1], ahead[..., 0]) - _BASE_YAW, 2 * np.pi)
    across, up = np.hypot(ahead[..., 0], ahead[..., 1]), pose.place[..., 2] + _PINCH_M - _SHOULDER_M
    far = np.clip(np.hypot(across, up), abs(_UPPER_M - _FOREARM_M) + 1e-6, _UPPER_M + _FOREARM_M)
    rise = np.arctan2(up, across)
    upper = rise + _opposite(_FOREARM_M, _UPPER_M, far)
    forearm = rise - _opposite(_UPPER_M, _FOREARM_M, far)
    shoulder = np.clip(_UPPER_RISE - upper, _LOW[1], _HIGH[1])
    elbow = np.clip(-forearm - shoulder, _LOW[2], _HIGH[2])
    wrist = np.pi / 2 - shoulder - elbow
    turn = _wrapped(_BASE_YAW - np.pi + waist - pose.yaw, 2 * np.pi)
    return np.clip(np.stack([waist, shoulder, elbow, np.zeros_like(waist), wrist, turn], axis=-1), _LOW, _HIGH)


def pose_of(joints: Float64[Array, "*batch 6"]) -> Pose:
    """Where the gripper is, for any joint positions."""
    waist, shoulder, elbow, roll, wrist, turn = np.moveaxis(joints, -1, 0)
    zero = np.zeros_like(waist)
    hand = _pitched(np.stack([zero + _PINCH_M, zero, zero], axis=-1), wrist)
    forearm = _rolled(hand, roll) + np.array([_FOREARM_M, 0, 0])
    upper = _pitched(forearm, elbow) + np.array([_ELBOW_AHEAD_M, 0, _ELBOW_UP_M])
    place = _yawed(_pitched(upper, shoulder), waist + _BASE_YAW) + np.array([*_BASE, _SHOULDER_M])
    closing = _rolled(np.array([0.0, 1.0, 0.0]) + zero[..., None], turn)
    closing = _yawed(_pitched(_rolled(_pitched(closing, wrist), roll), shoulder + elbow), waist + _BASE_YAW)
    return Pose(place, _wrapped(np.arctan2(-closing[..., 0], closing[..., 1]), np.pi))


def _opposite(facing: float, near: float, far: Array) -> Array:
    """Angle of a triangle between the sides `near` and `far`, by the law of cosines."""
    angle: Array = np.arccos(np.clip((near**2 + far**2 - facing**2) / (2 * near * far), -1.0, 1.0))
    return angle


def _wrapped(angle: Array, period: float) -> Array:
    """The angle modulo a period, in [-period/2, period/2)."""
    wrapped: Array = (angle + period / 2) % period - period / 2
    return wrapped


def _rolled(vector: Array, angle: Array) -> Array:
    x, y, z = np.moveaxis(vector, -1, 0)
    c, s = np.cos(angle), np.sin(angle)
    return np.stack([x, c * y - s * z, s * y + c * z], axis=-1)


def _pitched(vector: Array, angle: Array) -> Array:
    x, y, z = np.moveaxis(vector, -1, 0)
    c, s = np.cos(angle), np.sin(angle)
    return np.stack([c * x + s * z, y, c * z - s * x], axis=-1)


def _yawed(vector: Array, angle: Array) -> Array:
    x, y, z = np.moveaxis(vector, -1, 0)
    c, s = np.cos(angle), np.sin(angle)
    return np.stack([c * x - s * y, s * x + c * y, z], axis=-1)
