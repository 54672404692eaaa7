"""`again`: a trained policy under other draws of its noise. A difference to itself is chance, and shows how much."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from harness.contract.policy import Plan, Policy, Query, Runtime
from harness.contract.task import Task
from harness.demonstrations import Demonstrations
from policies.controls.control import Control, wrapped

__all__ = ["AgainControl", "AgainPolicy"]

BELOW_ONE = np.nextafter(np.float32(1), np.float32(0))


class AgainPolicy:
    """Reflects the noise: -x is as normal as x, and 1 - u as uniform as u. Without noise it is the same bit for bit."""

    def __init__(self, inner: Policy) -> None:
        self._inner = inner
        self.contract = inner.contract.model_copy(update={"method": "again"})
        self.card: Mapping[str, Any] = {**inner.card, "method": "again", "inner": inner.contract.method}

    def plan(self, query: Query) -> Plan:
        """The wrapped policy's plan under the reflected noise."""
        spec = self.contract.noise
        if spec is None or query.noise is None:
            return self._inner.plan(query)
        reflected = -query.noise if spec.kind == "normal" else np.minimum(1 - query.noise, BELOW_ONE)
        return self._inner.plan(replace(query, noise=reflected))


class AgainControl(Control):
    """Builds `AgainPolicy`."""

    name = "again"
    needs_inner = True

    def build(
        self, task: Task, demonstrations: Callable[[], Demonstrations], runtime: Runtime, inner: Policy | None
    ) -> AgainPolicy:
        """The control for a task, around `inner`."""
        return AgainPolicy(wrapped(self, task, inner))
