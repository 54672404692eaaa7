"""The scripted expert: keyframes by inverse kinematics, executed closed loop.

A script of the whole transfer is written at the first query and carried in memory. It is written anew when the cube is
not where the script assumed it before the grasp, or not in the right gripper after it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float64

from harness.contract.fields import Array
from harness.contract.policy import NoiseSpec, Plan, PolicyContract, Query
from tasks.aloha.kinematics import arm
from tasks.aloha.layout import RIGHT_JOINTS
from tasks.transfer_cube.contract import CONTRACT
from tasks.transfer_cube.layout import CUBE_PLACE, CUBE_POSE, QPOS
from tasks.transfer_cube.poses import CubeOnTable
from tasks.transfer_cube.script import SCRIPT_FLOATS, Script, write_hand_over, write_transfer
from tasks.transfer_cube.style import DRAWS, Style

__all__ = ["TransferExpert"]

_CHUNK = 5
_MOVED_M, _TURNED_RAD = 0.008, 0.15
"""How far the cube may be from where the script assumes it before the grasp."""
_MISPLACED_M = 0.012
"""How far the held cube may be from the meeting point when the left gripper comes."""
_HELD_M = 0.035
"""How far the cube's centre may be from the pinch point of the right gripper while that holds it."""
_FALLEN_M = -0.05
"""Height of the cube's centre below which it has fallen off the table."""


class TransferExpert:
    """Keeps `harness.contract.policy.Policy`; a row's plan depends on nothing but that row."""

    contract = PolicyContract(
        method="expert",
        task=CONTRACT.id,
        n_obs=1,
        chunk=_CHUNK,
        width=32,
        noise=NoiseSpec(shape=(DRAWS,), kind="uniform"),
        privileged=True,
        memory=SCRIPT_FLOATS,
    )
    card: Mapping[str, Any] = {"method": "expert", "task": CONTRACT.id, "version": 1}

    def plan(self, query: Query) -> Plan:
        """The next actions of every valid row's script; the other rows hold, and so do those whose cube fell down."""
        actions = np.repeat(query.hold[:, None], _CHUNK, axis=1)
        memory = query.memory.copy()
        assert query.states is not None, "the harness gives them to a privileged policy"
        fallen = query.states[:, QPOS][:, CUBE_POSE][:, 2] < _FALLEN_M
        for row in np.flatnonzero(query.valid & ~fallen):
            script = _script(query, int(row))
            steps = query.steps[row] + np.arange(_CHUNK)
            actions[row] = script.motion.at(steps)
            memory[row] = script.pack()
        return Plan(actions, memory)


def _script(query: Query, row: int) -> Script:
    """The script in memory if it still fits the world, else a new one."""
    assert query.states is not None and query.noise is not None, "the harness gives a privileged policy both"
    qpos = query.states[row, QPOS]
    step, hold = int(query.steps[row]), query.hold[row].astype(np.float64)
    if query.memory[row, 0] == 0:
        return write_transfer(step, hold, _on_table(qpos), query.noise[row].astype(np.float64))
    script = Script.unpack(query.memory[row])
    if _lost(script, step, qpos):
        return write_transfer(step, hold, _on_table(qpos), script.draws)
    if step > script.end:
        return write_hand_over(step, hold, qpos[CUBE_PLACE], script.draws, back=True)
    if step >= script.meet and _misplaced(script, qpos):
        return write_hand_over(step, hold, qpos[CUBE_PLACE], script.draws, back=False)
    return script


def _lost(script: Script, step: int, qpos: Float64[Array, " 23"]) -> bool:
    """Whether the cube is not where the script grasps it, or no longer between the fingers since."""
    if step < script.grasp:
        cube = _on_table(qpos)
        moved = np.hypot(cube.x - script.cube.x, cube.y - script.cube.y)
        return bool(moved > _MOVED_M or abs(_quarter(cube.yaw - script.cube.yaw)) > _TURNED_RAD)
    pinch, _ = arm("right").pose(qpos[RIGHT_JOINTS])
    return bool(np.linalg.norm(pinch - qpos[CUBE_PLACE]) > _HELD_M)


def _misplaced(script: Script, qpos: Float64[Array, " 23"]) -> bool:
    """Whether the cube, in the right gripper, is not where the left gripper is about to take it."""
    return bool(np.linalg.norm(qpos[CUBE_PLACE] - Style.of(script.draws).meeting) > _MISPLACED_M)


def _on_table(qpos: Float64[Array, " 23"]) -> CubeOnTable:
    """Place and yaw of the cube, whichever face it lies on: the yaw is that of its most level edge."""
    x, y, _, w, i, j, k = (float(value) for value in qpos[CUBE_POSE])
    edges = np.array(
        [
            [1 - 2 * (j * j + k * k), 2 * (i * j + w * k), 2 * (i * k - w * j)],
            [2 * (i * j - w * k), 1 - 2 * (i * i + k * k), 2 * (j * k + w * i)],
            [2 * (i * k + w * j), 2 * (j * k - w * i), 1 - 2 * (i * i + j * j)],
        ]
    )
    edge = edges[np.argmin(np.abs(edges[:, 2]))]
    return CubeOnTable(x, y, _quarter(float(np.arctan2(edge[1], edge[0]))))


def _quarter(angle: float) -> float:
    """The angle modulo pi/2, in [-pi/4, pi/4)."""
    return (angle + np.pi / 4) % (np.pi / 2) - np.pi / 4
