"""Faults of time: inference that takes long. Virtual, so that wall time never decides an outcome (law 6)."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from harness.contract.task import TaskContract
from harness.faults.base import Applied, WindowedFault
from harness.faults.effects import Effects
from harness.quantities import DurationRange

__all__ = ["Latency"]


class Latency(WindowedFault):
    """A plan that is asked for at step t starts late: by a fixed time, or one drawn uniformly for every step."""

    meaning: ClassVar[str] = "inference is slow: a plan starts late, and the old one runs on until then"
    category: ClassVar[str] = "timing"

    fault: Literal["timing.latency"] = "timing.latency"
    latency: DurationRange = Field(description="virtual latency of a query; [low, high] draws it per query step")

    def apply(self, effects: Effects, contract: TaskContract, rng: np.random.Generator) -> Applied:
        """Add the latency, rounded to the nearest step, halves up; what is not zero takes at least one step."""
        active = self.window.place(contract, rng)
        low, high = (bound.to_seconds(contract.control_period_s) for bound in self.latency)
        seconds = low + (high - low) * rng.random(contract.horizon)
        steps = np.floor(seconds / contract.control_period_s + 0.5 + 1e-9)
        steps = np.where(seconds > 0, np.maximum(steps, 1), 0).astype(np.int32)
        latency = effects.latency.copy()
        latency[active] += steps[active]
        summary = {"start": active.start, "stop": active.stop, "mean_steps": float(steps[active].mean())}
        return Applied(replace(effects, latency=latency), summary)
