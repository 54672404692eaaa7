"""`random`: uniform actions inside the actuator bounds, a new one at every step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from harness.contract.fields import bounds
from harness.contract.policy import NoiseSpec, Plan, Policy, PolicyContract, Query, Runtime
from harness.contract.task import Task, TaskContract
from harness.demonstrations import Demonstrations
from policies.controls.control import WIDTH, Control

__all__ = ["RandomControl", "RandomPolicy"]

_CHUNK = 8


class RandomPolicy:
    """Stretches uniform draws over the action bounds."""

    def __init__(self, task: TaskContract) -> None:
        self.contract = PolicyContract(
            method="random",
            task=task.id,
            n_obs=1,
            chunk=_CHUNK,
            width=WIDTH,
            noise=NoiseSpec(shape=(_CHUNK, task.action_width), kind="uniform"),
            privileged=True,
        )
        self.card: Mapping[str, Any] = {"method": "random", "task": task.id}
        self._low, self._high = bounds(task.action)

    def plan(self, query: Query) -> Plan:
        """Independent uniform actions. Raises ValueError without noise."""
        if query.noise is None:
            raise ValueError("random needs the noise of its contract")
        return Plan(self._low + (self._high - self._low) * query.noise.astype(np.float32), query.memory)


class RandomControl(Control):
    """Builds `RandomPolicy`."""

    name = "random"

    def build(
        self, task: Task, demonstrations: Callable[[], Demonstrations], runtime: Runtime, inner: Policy | None
    ) -> RandomPolicy:
        """The control for a task."""
        return RandomPolicy(task.contract)
