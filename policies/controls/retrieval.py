"""`replay`: the demonstration that started most alike, open loop. A task that it solves does not measure feedback."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float32, Int64

from harness.contract.fields import Array
from harness.contract.policy import Plan, Policy, PolicyContract, Query, Runtime
from harness.contract.task import Task, TaskContract
from harness.demonstrations import Demonstrations
from policies.controls.control import WIDTH, Control

__all__ = ["ReplayControl", "ReplayPolicy"]


class ReplayPolicy:
    """One plan for the whole episode; after the demonstration's end its last action is held."""

    def __init__(self, task: TaskContract, demonstrations: Demonstrations) -> None:
        self.contract = PolicyContract(
            method="replay", task=task.id, n_obs=1, chunk=task.horizon, width=WIDTH, privileged=True
        )
        self.card: Mapping[str, Any] = {"method": "replay", "task": task.id}
        self._starts = np.stack([episode[0] for episode in demonstrations.observations]).astype(np.float64)
        spread = self._starts.std(axis=0)
        # A component that is the same at every start says nothing about which start is nearest.
        self._weight = np.divide(1, spread, out=np.zeros_like(spread), where=spread > 1e-6)
        self._actions = _extended(demonstrations.actions, task.horizon)

    def nearest(self, observations: Float32[Array, "W observation"]) -> Int64[Array, " W"]:
        """The demonstration whose first observation is nearest, in standard deviations of the first observations."""
        gaps = (observations[:, None].astype(np.float64) - self._starts) * self._weight
        index: Array = np.argmin((gaps**2).sum(-1), axis=-1)
        return index

    def plan(self, query: Query) -> Plan:
        """All actions of the nearest demonstration, from the query's step on."""
        index = self.nearest(query.observations[:, -1])
        horizon = self.contract.chunk
        step = np.minimum(query.steps[:, None] + np.arange(horizon), horizon - 1)
        return Plan(self._actions[index[:, None], step], query.memory)


def _extended(
    actions: Sequence[Float32[Array, "steps action"]], horizon: int
) -> Float32[Array, "episodes horizon action"]:
    steps = np.arange(horizon)
    return np.stack([episode[np.minimum(steps, len(episode) - 1)] for episode in actions]).astype(np.float32)


class ReplayControl(Control):
    """Builds `ReplayPolicy`."""

    name = "replay"

    def build(
        self, task: Task, demonstrations: Callable[[], Demonstrations], runtime: Runtime, inner: Policy | None
    ) -> ReplayPolicy:
        """The control for a task."""
        return ReplayPolicy(task.contract, demonstrations())
