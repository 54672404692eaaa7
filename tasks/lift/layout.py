"""Where things lie in MuJoCo's vectors, and the maps between them and the vectors of the contract.

Positions: the arm's 6 joints and 2 fingers, then the cube (x, y, z, quaternion w, x, y, z). Controls: targets of the
same 8 joints. Both fingers follow one number, their opening.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32, Float64

from harness.contract.fields import Array, bounds
from tasks.aloha.layout import finger_of, jointed, opened, opening_of
from tasks.lift.contract import CONTRACT
from tasks.lift.reach import Pose, joints_at, pose_of

__all__ = [
    "ARM",
    "CUBE_PLACE",
    "CUBE_POSE",
    "CUBE_PUSH",
    "CUBE_XY",
    "QPOS",
    "REST_HEIGHT",
    "action_to_control",
    "control_to_action",
    "observation_of",
    "positions_of",
]

QPOS = slice(1, 16)
"""Positions in a state row, after the time."""
ARM = slice(0, 6)
CUBE_POSE = slice(8, 15)
CUBE_PLACE = slice(8, 11)
CUBE_XY = slice(8, 10)
CUBE_PUSH = slice(8, 10)
"""Degrees of freedom of the cube along the world's x and y."""
REST_HEIGHT = 0.02
"""Height of the cube's centre when it lies on the table, metre."""

_LOW, _HIGH = bounds(CONTRACT.observation)
_LOWEST, _HIGHEST = bounds(CONTRACT.action)


def action_to_control(actions: Float32[Array, "*batch 5"]) -> Float64[Array, "*batch 8"]:
    """Servo targets of an action; finger targets are clipped to the servos' range, as MuJoCo would."""
    exact = actions.astype(np.float64)
    finger = finger_of(exact[..., 4:])
    return np.concatenate([joints_at(Pose(exact[..., :3], exact[..., 3])), finger, -finger], axis=-1)


def control_to_action(controls: Float64[Array, "*batch 8"]) -> Float32[Array, "*batch 5"]:
    """The action that asks for these servo targets, inside the action bounds."""
    place, yaw = pose_of(controls[..., ARM])
    exact = np.concatenate([place, yaw[..., None], opening_of(controls[..., 6:7])], axis=-1)
    asked: Array = np.clip(exact.astype(np.float32), _LOWEST, _HIGHEST)
    return asked


def observation_of(qpos: Float64[Array, "*batch 15"]) -> Float32[Array, "*batch 18"]:
    """Joints and opening; place and yaw of the gripper; from there to the cube; its quaternion with w >= 0.

    Saturates at the bounds.
    """
    sign, (place, yaw) = np.where(qpos[..., 11:12] < 0, -1.0, 1.0), pose_of(qpos[..., ARM])
    arm, cube = opened(qpos[..., :8]), qpos[..., CUBE_PLACE] - place
    exact = np.concatenate([arm, place, yaw[..., None], cube, sign * qpos[..., 11:15]], axis=-1)
    observed: Array = np.clip(exact.astype(np.float32), _LOW, _HIGH)
    return observed


def positions_of(observations: Float32[Array, "*batch 18"]) -> Float64[Array, "*batch 15"]:
    """Positions that look like what was observed."""
    seen = observations.astype(np.float64)
    turn = seen[..., 14:] / np.linalg.norm(seen[..., 14:], axis=-1, keepdims=True)
    return np.concatenate([jointed(seen[..., :7]), seen[..., 7:10] + seen[..., 11:14], turn], axis=-1)
