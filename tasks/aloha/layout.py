"""Where arms lie in MuJoCo's vectors, and the maps between servo targets and actions.

Positions: of every arm 6 joints and 2 fingers, the left arm first. Controls: targets of the same joints. Both fingers
of a gripper follow one number, its opening. The maps hold for any number of arms.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float32, Float64

from harness.contract.fields import Array

__all__ = [
    "ARM_JOINTS",
    "HOME",
    "LEFT_JOINTS",
    "RIGHT_JOINTS",
    "action_to_control",
    "control_to_action",
    "finger_of",
    "jointed",
    "opened",
    "opening_of",
]

LEFT_JOINTS = slice(0, 6)
RIGHT_JOINTS = slice(8, 14)
ARM_JOINTS = np.array([0, 1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13])
"""Joints of both arms without the fingers."""

_FINGER_OPEN, _FINGER_CLOSED = 0.058, 0.01844
"""Finger positions for the openings 1 and 0, metre (gym-aloha's PUPPET_GRIPPER_POSITION_OPEN and _CLOSE)."""
_FINGER_LOW, _FINGER_HIGH = 0.021, 0.057
"""Range of the finger servos, metre."""
_HOME_ARM = (0.0, -0.96, 1.16, 0.0, -0.3, 0.0, 0.02239, -0.02239)
HOME: Float64[Array, " 16"] = np.array(_HOME_ARM * 2)
"""gym-aloha's START_ARM_POSE."""
HOME.setflags(write=False)


def action_to_control(actions: Float32[Array, "*batch 7*arms"]) -> Float64[Array, "*batch 8*arms"]:
    """Servo targets of an action; finger targets are clipped to the servos' range, as MuJoCo would."""
    count = actions.shape[-1] // 7
    arms = actions.astype(np.float64).reshape(*actions.shape[:-1], count, 7)
    finger = finger_of(arms[..., 6:])
    joints: Array = np.concatenate([arms[..., :6], finger, -finger], axis=-1)
    return joints.reshape(*actions.shape[:-1], 8 * count)


def control_to_action(controls: Float64[Array, "*batch 8*arms"]) -> Float32[Array, "*batch 7*arms"]:
    """The action that asks for these servo targets."""
    actions: Array = opened(controls).astype(np.float32)
    return actions


def opened(joints: Float[Array, "*batch 8*arms"]) -> Float[Array, "*batch 7*arms"]:
    """Replace the two fingers of each arm by the opening that its left finger stands for."""
    count = joints.shape[-1] // 8
    arms = joints.reshape(*joints.shape[:-1], count, 8)
    both: Array = np.concatenate([arms[..., :6], opening_of(arms[..., 6:7])], axis=-1)
    return both.reshape(*joints.shape[:-1], 7 * count)


def jointed(arms: Float[Array, "*batch 7*arms"]) -> Float[Array, "*batch 8*arms"]:
    """Joints that `opened` would tell so, if both fingers of a gripper stand as far from its middle."""
    count = arms.shape[-1] // 7
    each = arms.reshape(*arms.shape[:-1], count, 7)
    finger = _FINGER_CLOSED + each[..., 6:] * (_FINGER_OPEN - _FINGER_CLOSED)
    joints: Array = np.concatenate([each[..., :6], finger, -finger], axis=-1)
    return joints.reshape(*arms.shape[:-1], 8 * count)


def finger_of(opening: Float64[Array, "*batch"]) -> Float64[Array, "*batch"]:
    """Target of the left finger, metre, for an opening; the right finger's is its negative."""
    finger: Array = np.clip(_FINGER_CLOSED + opening * (_FINGER_OPEN - _FINGER_CLOSED), _FINGER_LOW, _FINGER_HIGH)
    return finger


def opening_of(finger: Float[Array, "*batch"]) -> Float[Array, "*batch"]:
    """Opening that a position of the left finger stands for."""
    opening: Array = (finger - _FINGER_CLOSED) / (_FINGER_OPEN - _FINGER_CLOSED)
    return opening
