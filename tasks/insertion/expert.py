"""The scripted expert: each arm fetches its thing by a script, then the peg is led into the socket by feedback.

A script is written at the first query and carried in memory, and anew when the thing is not where the script assumed it
before the grasp, or not in the gripper after it. Once both arms are ready, the right one looks where peg and socket are
every few steps: it puts the peg's axis on the socket's, and moves ahead only while they are in line.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float64

from harness.contract.fields import Array
from harness.contract.policy import NoiseSpec, Plan, PolicyContract, Query
from tasks.aloha.kinematics import arm
from tasks.aloha.layout import LEFT_JOINTS, RIGHT_JOINTS
from tasks.insertion.contract import CONTRACT
from tasks.insertion.guide import guided
from tasks.insertion.layout import PEG_POSE, QPOS, SOCKET_POSE
from tasks.insertion.poses import OnTable
from tasks.insertion.script import SCRIPT_FLOATS, Script, write_fetch
from tasks.insertion.style import DRAWS, Style

__all__ = ["InsertionExpert"]

_CHUNK = 5
_MOVED_M, _TURNED_RAD = 0.006, 0.1
"""How far a thing may be from where the script assumes it before the grasp."""
_HELD_M = 0.045
"""How far the thing's centre may be from the pinch point of the gripper that holds it."""
_FALLEN_M = -0.05
"""Height below which a thing has fallen off the table."""
_SIDES = ("left", "right")
_ACTION = {"left": slice(0, 7), "right": slice(7, 14)}
_JOINTS = {"left": LEFT_JOINTS, "right": RIGHT_JOINTS}
_THING = {"left": SOCKET_POSE, "right": PEG_POSE}
_HEADER = 1 + DRAWS
_MEMORY = {"left": slice(_HEADER, _HEADER + SCRIPT_FLOATS), "right": slice(_HEADER + SCRIPT_FLOATS, None)}


class InsertionExpert:
    """Keeps `harness.contract.policy.Policy`; a row's plan depends on nothing but that row."""

    contract = PolicyContract(
        method="expert",
        task=CONTRACT.id,
        n_obs=1,
        chunk=_CHUNK,
        width=32,
        noise=NoiseSpec(shape=(DRAWS,), kind="uniform"),
        privileged=True,
        memory=_HEADER + 2 * SCRIPT_FLOATS,
    )
    card: Mapping[str, Any] = {"method": "expert", "task": CONTRACT.id, "version": 1}

    def plan(self, query: Query) -> Plan:
        """The next actions of every valid row; the other rows hold, and so do those of which a thing fell down."""
        actions = np.repeat(query.hold[:, None], _CHUNK, axis=1)
        memory = query.memory.copy()
        assert query.states is not None, "the harness gives them to a privileged policy"
        fallen = query.states[:, QPOS][:, [PEG_POSE.start + 2, SOCKET_POSE.start + 2]].min(axis=1) < _FALLEN_M
        for row in np.flatnonzero(query.valid & ~fallen):
            actions[row], memory[row] = _acted(query, int(row))
        return Plan(actions, memory)


def _acted(query: Query, row: int) -> tuple[Float64[Array, "chunk 14"], Float64[Array, " memory"]]:
    """The next actions of a row, and its memory."""
    assert query.states is not None and query.noise is not None, "the harness gives a privileged policy both"
    qpos, step = query.states[row, QPOS], int(query.steps[row])
    hold, memory = query.hold[row].astype(np.float64), query.memory[row].copy()
    if fresh := memory[0] == 0:
        memory[:_HEADER] = np.concatenate([[1.0], query.noise[row]])
    scripts = {}
    for side in _SIDES:
        old = None if fresh else Script.unpack(memory[_MEMORY[side]])
        style = Style.of(memory[1:_HEADER], side)
        scripts[side] = _script(old, side, step, hold[_ACTION[side]], qpos, style)
        memory[_MEMORY[side]] = scripts[side].pack()
    actions = np.tile(hold, (_CHUNK, 1))
    if step >= max(script.end for script in scripts.values()):
        actions[:, _ACTION["right"]] = guided(hold[_ACTION["right"]], qpos, _CHUNK)
        return actions, memory
    for side, script in scripts.items():
        if step < script.end:
            actions[:, _ACTION[side]] = script.motion.at(step + np.arange(_CHUNK))
    return actions, memory


def _script(
    old: Script | None, side: str, step: int, hold: Float64[Array, " 7"], qpos: Float64[Array, " 30"], style: Style
) -> Script:
    """The script in memory if it still fits the world, else a new one."""
    if old is not None and not _lost(old, side, step, qpos):
        return old
    return write_fetch(side, step, hold, OnTable.of(qpos[_THING[side]]), style)


def _lost(script: Script, side: str, step: int, qpos: Float64[Array, " 30"]) -> bool:
    """Whether the thing is not where the script grasps it, or no longer between the fingers since."""
    pose = qpos[_THING[side]]
    if step < script.grasp:
        now = OnTable.of(pose)
        moved = np.hypot(now.x - script.thing.x, now.y - script.thing.y)
        turned = abs((now.yaw - script.thing.yaw + np.pi / 2) % np.pi - np.pi / 2)
        return bool(moved > _MOVED_M or turned > _TURNED_RAD)
    if step < script.held:
        return False
    pinch, _ = arm(side).pose(qpos[_JOINTS[side]])
    return bool(np.linalg.norm(pinch - pose[:3]) > _HELD_M)
