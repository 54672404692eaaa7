"""The scripted expert: go round the block to the most worthwhile push, push, look again.

It keeps a push until the pusher has reached its place, and chooses anew every chunk while it pushes, or when something
else has moved the block. All randomness is the harness's noise, so a lane's plan depends on that lane alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float32, Float64

from harness.contract.fields import Array
from harness.contract.policy import NoiseSpec, Plan, PolicyContract, Query
from tasks.pusht import roadmap, shape
from tasks.pusht.contract import CONTRACT, SIDE
from tasks.pusht.engine import BLOCK, PUSHER, PushTEngine
from tasks.pusht.pushes import DRAWS, SAMPLES, TRAVEL_STEP, Pushes, best_pushes, push_targets

__all__ = ["PushTExpert"]

_CHUNK = 4
_MOVED_M, _TURNED_RAD = 0.002, 0.02
"""How far the block may be from where it was when the push was chosen."""
_ARRIVED_M = 0.003
_MEMORY = 9


@dataclass(frozen=True)
class _Intents:
    """What the expert remembers of each lane: the push it travels to, and the block's pose when it chose that."""

    travelling: Bool[Array, " lanes"]
    pushes: Pushes
    chosen_at: Float64[Array, "lanes 3"]

    @classmethod
    def unpack(cls, memory: Float64[Array, "lanes memory"]) -> _Intents:
        travelling = memory[:, 0] > 0
        return cls(travelling, Pushes(memory[:, 1:3], memory[:, 3:5], memory[:, 5], travelling), memory[:, 6:9])


def _pack(travelling: Array, pushes: Pushes, poses: Array) -> Float64[Array, "lanes memory"]:
    return np.concatenate([travelling[:, None], pushes.place, pushes.heading, pushes.speed[:, None], poses], axis=1)


class PushTExpert:
    """Keeps `harness.contract.policy.Policy`.

    Args:
        threads: native threads that simulate the candidates.
    """

    contract = PolicyContract(
        method="expert",
        task=CONTRACT.id,
        n_obs=1,
        chunk=_CHUNK,
        width=32,
        noise=NoiseSpec(shape=(SAMPLES, DRAWS), kind="normal"),
        privileged=True,
        memory=_MEMORY,
    )
    card: Mapping[str, Any] = {"method": "expert", "task": CONTRACT.id, "version": 1}

    def __init__(self, threads: int) -> None:
        self._simulator = PushTEngine(threads).simulator

    def plan(self, query: Query) -> Plan:
        """The next targets of every valid row; the other rows hold."""
        assert query.states is not None, "the harness gives them to a privileged policy"
        assert query.noise is not None, "the contract asks for it"
        actions, memory = np.repeat(query.hold[:, None], _CHUNK, axis=1), query.memory.copy()
        rows = np.flatnonzero(query.valid)
        if len(rows):
            noise = query.noise[rows].astype(np.float64)
            actions[rows], memory[rows] = self._plan(query.states[rows], noise, memory[rows])
        return Plan(actions, memory)

    def _plan(self, states: Array, noise: Array, memory: Array) -> tuple[Float32[Array, "lanes chunk action"], Array]:
        qpos = self._simulator.qpos(states)
        poses = qpos[:, BLOCK].copy()
        stale = _is_stale(_Intents.unpack(memory), poses)
        memory = memory.copy()
        if stale.any():
            chosen = best_pushes(self._simulator, states[stale], noise[stale])
            memory[stale] = _pack(chosen.fresh, chosen, poses[stale])
        pushes = _Intents.unpack(memory).pushes
        targets, arrived = _targets(poses, shape.to_block(poses, qpos[:, PUSHER]), pushes)
        memory[arrived, 0] = 0.0
        return np.clip(shape.to_world(poses[:, None], targets), 0.0, SIDE).astype(np.float32), memory


def _is_stale(intents: _Intents, poses: Array) -> Bool[Array, " lanes"]:
    """Whether a lane has nothing to travel to, or something moved its block meanwhile."""
    moved = poses - intents.chosen_at
    displaced = np.hypot(moved[:, 0], moved[:, 1]) > _MOVED_M
    return np.asarray(~intents.travelling | displaced | (np.abs(moved[:, 2]) > _TURNED_RAD))


def _targets(poses: Array, pusher: Array, pushes: Pushes) -> tuple[Float64[Array, "lanes chunk 2"], Array]:
    """Targets of a chunk in the block's frame, and which pushers reach their place within it."""
    pushing: Array = ~pushes.fresh
    pushed: Array = np.zeros(len(poses))
    targets = np.empty((len(poses), _CHUNK, 2))
    for step in range(_CHUNK):
        pushed = pushed + pushing
        pusher = np.where(pushing[:, None], pusher, _travelled(poses, pusher, pushes.place))
        ahead = push_targets(pusher, pushes.heading, pushes.speed, pushed)
        targets[:, step] = np.where(pushing[:, None], ahead, pusher)
        gap = pushes.place - pusher
        pushing = pushing | (np.hypot(gap[:, 0], gap[:, 1]) < _ARRIVED_M)
    return targets, pushing


def _travelled(poses: Array, pusher: Array, places: Array) -> Float64[Array, "lanes 2"]:
    """Where the pusher is after one more step of travel, in the block's frame."""
    leg = roadmap.ways(poses, pusher, places[:, None]).towards[:, 0] - pusher
    length = np.hypot(leg[:, 0], leg[:, 1])
    return np.asarray(pusher + leg * np.minimum(1.0, TRAVEL_STEP / np.maximum(length, 1e-9))[:, None])
