"""The scripted expert: feedback from where gripper and cube are, without a plan or a memory.

Where the gripper should go is a continuous function of where it is: above the cube while it is beside it, down along a
funnel as it comes to stand over it, up once it holds it. So a cube that was moved or dropped is simply gone after.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float64

from harness.contract.fields import Array
from harness.contract.policy import Plan, PolicyContract, Query
from tasks.aloha.layout import opening_of
from tasks.lift.contract import CONTRACT
from tasks.lift.layout import ARM, CUBE_POSE, QPOS
from tasks.lift.reach import pose_of

__all__ = ["LiftExpert", "target"]

_HOVER_M, _RAISE_M = 0.08, 0.15
"""Height above the cube at which the gripper goes over to it, and height above the table to which it carries it."""
_STRAIGHT_M, _STEEP = 0.01, 5.0
"""Of the funnel: radius of its neck, and rise of the gripper per metre beyond."""
_TURN_M = 0.04
"""Metre beside the cube that a radian of turn left counts for."""
_AROUND_M, _ABOVE_M = 0.016, 0.014
"""How far beside and above the cube's centre the pinch point may be when the fingers close."""
_GAIN, _LEAD_M, _LEAD_RAD = 1.3, 0.028, 0.2
"""The command is ahead of the gripper by so many times what is left of its way, and by no more than so far."""
_OPEN, _CLOSED, _HELD = 1.0, 0.05, 0.75
"""Openings: to go over the cube, to grasp it, and below which the fingers are at the cube or past it."""
_FALLEN_M = -0.05
"""Height of the cube's centre below which it has fallen off the table."""


class LiftExpert:
    """Keeps `harness.contract.policy.Policy`; a row's plan depends on nothing but that row."""

    contract = PolicyContract(method="expert", task=CONTRACT.id, n_obs=1, chunk=1, width=32, privileged=True)
    card: Mapping[str, Any] = {"method": "expert", "task": CONTRACT.id, "version": 1}

    def plan(self, query: Query) -> Plan:
        """The next action; rows whose cube fell off the table hold."""
        assert query.states is not None, "the harness gives them to a privileged policy"
        qpos = query.states[:, QPOS]
        lost = qpos[:, CUBE_POSE][:, 2] < _FALLEN_M
        actions = np.where((query.valid & ~lost)[:, None], target(qpos), query.hold).astype(np.float32)
        return Plan(actions[:, None], query.memory)


def target(qpos: Float64[Array, "rows 15"]) -> Float64[Array, "rows 5"]:
    """The command for a state: place, yaw and opening."""
    place, yaw = pose_of(qpos[:, ARM])
    cube, opening = qpos[:, CUBE_POSE][:, :3], opening_of(qpos[:, 6])
    turn = _quarter(_yaw_of(qpos[:, CUBE_POSE][:, 3:]) - yaw)
    turn = np.where(np.abs(yaw + turn) > 0.95, turn - np.copysign(np.pi / 2, turn), turn)
    beside = np.linalg.norm(cube[:, :2] - place[:, :2], axis=1)
    around = (beside < _AROUND_M) & (np.abs(cube[:, 2] - place[:, 2]) < _ABOVE_M)
    held = around & (opening < _HELD)
    astray = np.maximum(beside + _TURN_M * np.abs(turn) - _STRAIGHT_M, 0.0)
    aim = np.concatenate([cube[:, :2], (cube[:, 2] + np.minimum(_STEEP * astray, _HOVER_M))[:, None]], axis=1)
    aim[:, 2] = np.where(around, cube[:, 2], aim[:, 2])
    aim[held, 2] = np.where(opening[held] < 0.62, _RAISE_M, aim[held, 2])
    way = _GAIN * (aim - place)
    length = np.linalg.norm(way, axis=1, keepdims=True)
    reached = place + way * np.minimum(1.0, _LEAD_M / np.maximum(length, 1e-9))
    turned = yaw + np.where(held, 0.0, np.clip(_GAIN * turn, -_LEAD_RAD, _LEAD_RAD))
    return np.column_stack([reached, turned, np.where(around, _CLOSED, _OPEN)])


def _yaw_of(quaternion: Float64[Array, "rows 4"]) -> Float64[Array, " rows"]:
    """Yaw of the most level edge of a cube, whichever face it lies on."""
    w, i, j, k = quaternion.T
    edges = np.array(
        [
            [1 - 2 * (j * j + k * k), 2 * (i * j + w * k), 2 * (i * k - w * j)],
            [2 * (i * j - w * k), 1 - 2 * (i * i + k * k), 2 * (j * k + w * i)],
            [2 * (i * k + w * j), 2 * (j * k - w * i), 1 - 2 * (i * i + j * j)],
        ]
    )
    level = np.argmin(np.abs(edges[:, 2]), axis=0)
    x, y = (np.take_along_axis(edges[:, axis], level[None], axis=0)[0] for axis in (0, 1))
    return np.asarray(np.arctan2(y, x))


def _quarter(angle: Float64[Array, " rows"]) -> Float64[Array, " rows"]:
    """The angle modulo pi/2, in [-pi/4, pi/4): turning a cube by a right angle changes nothing."""
    quarter: Array = (angle + np.pi / 4) % (np.pi / 2) - np.pi / 4
    return quarter
