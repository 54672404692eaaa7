"""`misled`: the expert with a wrong waypoint. A known defect, for calibration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from harness.contract.policy import Plan, Policy, Query, Runtime
from harness.contract.task import Engine, Task
from harness.demonstrations import Demonstrations
from policies.controls.control import Control

__all__ = ["MisledControl", "MisledPolicy"]

ERROR = (0.06, 0.0)
"""How far from the object the expert believes it to be, metre, world x and y."""


class MisledPolicy:
    """Tells the expert that the object is elsewhere, and changes nothing else."""

    def __init__(self, expert: Policy, engine: Engine) -> None:
        self._expert, self._engine = expert, engine
        self.contract = expert.contract.model_copy(update={"method": "misled"})
        self.card: Mapping[str, Any] = {**expert.card, "method": "misled"}

    def plan(self, query: Query) -> Plan:
        """The expert's plan for the object elsewhere. Raises ValueError without states."""
        if query.states is None:
            raise ValueError("misled needs the states of its contract")
        believed = self._engine.shift(query.states, np.tile(ERROR, (len(query.states), 1)))
        return self._expert.plan(replace(query, states=believed))


class MisledControl(Control):
    """Builds `MisledPolicy`."""

    name = "misled"

    def build(
        self, task: Task, demonstrations: Callable[[], Demonstrations], runtime: Runtime, inner: Policy | None
    ) -> MisledPolicy:
        """The control for a task, with an engine of its own that only moves objects."""
        return MisledPolicy(task.expert(runtime.threads), task.engine(1))
