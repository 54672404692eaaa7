"""Faults of time: inference that takes long, control that runs slowly.

Virtual, so that wall time never decides an outcome (law 6).
"""

from __future__ import annotations

from dataclasses import replace
from math import inf
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from harness.contract.task import TaskContract
from harness.faults.action import LinkFault
from harness.faults.base import Applied, WindowedFault
from harness.faults.effects import Effects
from harness.faults.ladder import Ladder
from harness.faults.streams import kept
from harness.quantities import Duration, DurationRange

__all__ = ["ControlRate", "Jitter", "Latency"]


class Latency(WindowedFault):
    """A plan that is asked for at step t starts late: by a fixed time, or one drawn uniformly for every step."""

    meaning: ClassVar[str] = "inference is slow: a plan starts late, and the old one runs on until then"
    category: ClassVar[str] = "timing"
    ladder: ClassVar[Ladder] = Ladder("latency", "s", 0, inf, "0 s", ("80 ms", "160 ms", "320 ms", "480 ms", "800 ms"))

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


class Jitter(WindowedFault):
    """Every query takes longer by an exponential time: mostly little, now and then much."""

    meaning: ClassVar[str] = "the computer is shared: inference takes longer by a time that nobody can foresee"
    category: ClassVar[str] = "timing"
    source: ClassVar[str] = "exponential service times"
    ladder: ClassVar[Ladder] = Ladder("mean", "s", 0, inf, "0 s", ("40 ms", "80 ms", "160 ms", "320 ms", "640 ms"))

    fault: Literal["timing.jitter"] = "timing.jitter"
    mean: Duration = Field(description="mean of the time that is added to the latency of a query")

    def apply(self, effects: Effects, contract: TaskContract, rng: np.random.Generator) -> Applied:
        """Add the time, rounded to the nearest step, halves up; nothing beyond the horizon matters."""
        active = self.window.place(contract, rng)
        mean = self.mean.to_seconds(contract.control_period_s)
        seconds = mean * rng.standard_exponential(contract.horizon)
        steps = np.floor(seconds / contract.control_period_s + 0.5 + 1e-9).clip(max=contract.horizon).astype(np.int32)
        latency = effects.latency.copy()
        latency[active] += steps[active]
        summary = {"start": active.start, "stop": active.stop, "mean_steps": float(steps[active].mean())}
        return Applied(replace(effects, latency=latency), summary)


class ControlRate(LinkFault):
    """The robot fetches a command only once in a while and holds it until the next; the policy runs on at its rate."""

    meaning: ClassVar[str] = "the control loop runs slowly: most commands are never fetched"
    category: ClassVar[str] = "timing"
    ladder: ClassVar[Ladder] = Ladder(
        "period", "s", 0, inf, "1 step", ("2 steps", "3 steps", "4 steps", "6 steps", "10 steps")
    )

    fault: Literal["timing.control_rate"] = "timing.control_rate"
    period: Duration = Field(description="time between two commands that are fetched; which ones is drawn")

    def apply(self, effects: Effects, contract: TaskContract, rng: np.random.Generator) -> Applied:
        """Compose the source map of commands with the holds."""
        active = self.window.place(contract, rng)
        period = max(1, self.period.to_steps(contract.control_period_s))
        own = kept(period, int(rng.random() * period), active, contract.horizon)
        summary = {"start": active.start, "stop": active.stop, "period_steps": period}
        return Applied(self.carried(effects, contract, own), summary)
