"""Where things lie in MuJoCo's vectors, and the maps between them and the vectors of the contract.

Positions: left arm (6 joints, 2 fingers), right arm (likewise), cube (x, y, z, quaternion w, x, y, z).
Controls: targets of the same 16 joints. Both fingers of a gripper follow one number, its opening.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float32, Float64

from harness.contract.fields import Array, bounds
from tasks.transfer_cube.contract import CONTRACT

__all__ = [
    "ARM_JOINTS",
    "CUBE_PLACE",
    "CUBE_POSE",
    "CUBE_PUSH",
    "CUBE_XY",
    "HOME",
    "QPOS",
    "REST_HEIGHT",
    "RIGHT_JOINTS",
    "action_to_control",
    "control_to_action",
    "observation_of",
]

QPOS = slice(1, 24)
"""Positions in a state row, after the time."""
CUBE_POSE = slice(16, 23)
CUBE_PLACE = slice(16, 19)
CUBE_XY = slice(16, 18)
RIGHT_JOINTS = slice(8, 14)
CUBE_PUSH = slice(16, 18)
"""Degrees of freedom of the cube along the world's x and y."""
ARM_JOINTS = np.array([0, 1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13])
REST_HEIGHT = 0.02
"""Height of the cube's centre when it lies on the table, metre."""

_FINGER_OPEN, _FINGER_CLOSED = 0.058, 0.01844
"""Finger positions for the openings 1 and 0, metre (gym-aloha's PUPPET_GRIPPER_POSITION_OPEN and _CLOSE)."""
_FINGER_LOW, _FINGER_HIGH = 0.021, 0.057
"""Range of the finger servos, metre."""
_HOME_ARM = (0.0, -0.96, 1.16, 0.0, -0.3, 0.0, 0.02239, -0.02239)
HOME: Float64[Array, " 16"] = np.array(_HOME_ARM * 2)
"""gym-aloha's START_ARM_POSE."""
HOME.setflags(write=False)
_LOW, _HIGH = bounds(CONTRACT.observation)


def action_to_control(actions: Float32[Array, "*batch 14"]) -> Float64[Array, "*batch 16"]:
    """Servo targets of an action; finger targets are clipped to the servos' range, as MuJoCo would."""
    arms = actions.astype(np.float64).reshape(*actions.shape[:-1], 2, 7)
    finger = _FINGER_CLOSED + arms[..., 6:] * (_FINGER_OPEN - _FINGER_CLOSED)
    finger = np.clip(finger, _FINGER_LOW, _FINGER_HIGH)
    return np.concatenate([arms[..., :6], finger, -finger], axis=-1).reshape(*actions.shape[:-1], 16)


def control_to_action(controls: Float64[Array, "*batch 16"]) -> Float32[Array, "*batch 14"]:
    """The action that asks for these servo targets."""
    actions: Array = _opened(controls).astype(np.float32)
    return actions


def observation_of(qpos: Float64[Array, "*batch 23"]) -> Float32[Array, "*batch 21"]:
    """Joints and opening per arm, then the cube's position and its quaternion with w >= 0; saturates at the bounds."""
    sign = np.where(qpos[..., 19:20] < 0, -1.0, 1.0)
    exact = np.concatenate([_opened(qpos[..., :16]), qpos[..., CUBE_PLACE], sign * qpos[..., 19:23]], axis=-1)
    observed: Array = np.clip(exact.astype(np.float32), _LOW, _HIGH)
    return observed


def _opened(joints: Float[Array, "*batch 16"]) -> Float[Array, "*batch 14"]:
    """Replace the two fingers of each arm by the opening that its left finger stands for."""
    arms = joints.reshape(*joints.shape[:-1], 2, 8)
    opening = (arms[..., 6:7] - _FINGER_CLOSED) / (_FINGER_OPEN - _FINGER_CLOSED)
    opened: Array = np.concatenate([arms[..., :6], opening], axis=-1)
    return opened.reshape(*joints.shape[:-1], 14)
