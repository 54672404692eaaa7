"""`blind`: a trained policy that ignores what is outside the robot. A known defect, for calibration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from harness.contract.fields import slices
from harness.contract.policy import Plan, Policy, Query, Runtime
from harness.contract.task import Task, TaskContract
from harness.demonstrations import Demonstrations
from policies.controls.control import Control, wrapped

__all__ = ["BlindControl", "BlindPolicy"]


class BlindPolicy:
    """Shows the wrapped policy the mean start of the demonstrations wherever a field is not proprioceptive."""

    def __init__(self, inner: Policy, task: TaskContract, demonstrations: Demonstrations) -> None:
        self._inner = inner
        self.contract = inner.contract.model_copy(update={"method": "blind"})
        self.card: Mapping[str, Any] = {**inner.card, "method": "blind", "inner": inner.contract.method}
        self._hidden = np.zeros(task.observation_width, bool)
        for field, where in zip(task.observation, slices(task.observation).values(), strict=True):
            self._hidden[where] = not field.proprioceptive
        self._shown = np.mean([episode[0] for episode in demonstrations.observations], axis=0).astype(np.float32)

    def plan(self, query: Query) -> Plan:
        """The wrapped policy's plan for the hidden scene."""
        return self._inner.plan(replace(query, observations=np.where(self._hidden, self._shown, query.observations)))


class BlindControl(Control):
    """Builds `BlindPolicy`."""

    name = "blind"
    needs_inner = True

    def build(
        self, task: Task, demonstrations: Callable[[], Demonstrations], runtime: Runtime, inner: Policy | None
    ) -> BlindPolicy:
        """The control for a task, around `inner`."""
        return BlindPolicy(wrapped(self, task, inner), task.contract, demonstrations())
