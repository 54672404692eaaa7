"""`zero`: asks the robot to stay where it is. A task that it solves is no task."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from harness.contract.policy import Plan, Policy, PolicyContract, Query, Runtime
from harness.contract.task import Task
from harness.demonstrations import Demonstrations
from policies.controls.control import WIDTH, Control

__all__ = ["HoldPolicy", "ZeroControl"]

_CHUNK = 16


class HoldPolicy:
    """Repeats the action held now."""

    def __init__(self, task: str) -> None:
        self.contract = PolicyContract(method="zero", task=task, n_obs=1, chunk=_CHUNK, width=WIDTH, privileged=True)
        self.card: Mapping[str, Any] = {"method": "zero", "task": task}

    def plan(self, query: Query) -> Plan:
        """The held action, `chunk` times."""
        return Plan(np.repeat(query.hold[:, None], _CHUNK, axis=1), query.memory)


class ZeroControl(Control):
    """Builds `HoldPolicy`."""

    name = "zero"

    def build(
        self, task: Task, demonstrations: Callable[[], Demonstrations], runtime: Runtime, inner: Policy | None
    ) -> HoldPolicy:
        """The control for a task."""
        return HoldPolicy(task.contract.id)
