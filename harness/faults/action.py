"""Faults between the policy and the actuators: commands lost, late, limited or noisy."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from harness.contract.fields import bounds, slices
from harness.contract.task import TaskContract
from harness.faults.base import Applied, WindowedFault, checked_name, checked_unit
from harness.faults.effects import Effects
from harness.faults.streams import bursts, delayed, held, through
from harness.quantities import Duration, Measure, Ratio

__all__ = ["CommandDelay", "Dropout", "Noise", "Saturation"]


class Dropout(WindowedFault):
    """The last command that arrived is held; before any has arrived, the rest action."""

    meaning: ClassVar[str] = "the link to the robot loses commands, and the controller holds the last one"
    category: ClassVar[str] = "control"
    source: ClassVar[str] = "bursty loss after Gilbert 1960, with bursts of fixed length"

    fault: Literal["action.dropout"] = "action.dropout"
    probability: Ratio = Field(description="expected share of commands lost")
    burst: Duration = Field(default=Duration(1, "steps"), description="how long one loss lasts")

    def apply(self, effects: Effects, contract: TaskContract, rng: np.random.Generator) -> Applied:
        """Compose the source map with holds of the last command."""
        active, steps = self.window.place(contract, rng), contract.horizon
        burst = max(1, self.burst.to_steps(contract.control_period_s))
        lost = bursts(self.probability, burst, active, steps, rng)
        source = through(effects.action_source, held(lost, first=-1))
        summary = {"start": active.start, "stop": active.stop, "dropped": int(lost.sum())}
        return Applied(replace(effects, action_source=source), summary)


class CommandDelay(WindowedFault):
    """Commands are applied late: that of step t - delay at step t, the rest action until the first arrives."""

    meaning: ClassVar[str] = "commands reach the actuators late"
    category: ClassVar[str] = "timing"

    fault: Literal["action.delay"] = "action.delay"
    delay: Duration = Field(description="how late commands are applied")

    def apply(self, effects: Effects, contract: TaskContract, rng: np.random.Generator) -> Applied:
        """Compose the source map with the delay."""
        active = self.window.place(contract, rng)
        delay = self.delay.to_steps(contract.control_period_s)
        late = delayed(delay, active, contract.horizon, first=-1)
        summary = {"start": active.start, "stop": active.stop, "delay_steps": delay}
        return Applied(replace(effects, action_source=through(effects.action_source, late)), summary)


class Noise(WindowedFault):
    """White Gaussian noise on the applied command, independent per step and component."""

    meaning: ClassVar[str] = "the actuators are imprecise: every command is executed with an independent Gaussian error"
    category: ClassVar[str] = "control"

    fault: Literal["action.noise"] = "action.noise"
    field: str = Field(description="name of the action field")
    std: Measure = Field(description="standard deviation, in the unit of the field")

    @property
    def subject(self) -> str:
        """The field."""
        return self.field

    def check(self, contract: TaskContract, whose: str) -> None:
        """Raise ManifestError if window, field or unit do not fit the task."""
        super().check(contract, whose)
        fields = {field.name: field for field in contract.action}
        checked_name("action field", self.field, tuple(fields), whose)
        checked_unit(self.std, fields[self.field], whose)

    def apply(self, effects: Effects, contract: TaskContract, rng: np.random.Generator) -> Applied:
        """Add the noise to the offset of the command."""
        active, where = self.window.place(contract, rng), slices(contract.action)[self.field]
        noise = self.std.value * rng.standard_normal((contract.horizon, where.stop - where.start))
        offset = effects.action_offset.copy()
        offset[active, where] += noise[active].astype(np.float32)
        return Applied(replace(effects, action_offset=offset), {"start": active.start, "stop": active.stop})


class Saturation(WindowedFault):
    """Commands are cut to a part of the actuator range around its centre."""

    meaning: ClassVar[str] = "the actuators reach only a part of their range"
    category: ClassVar[str] = "control"

    fault: Literal["action.saturation"] = "action.saturation"
    range: Ratio = Field(description="share of the actuator range that is left, around its centre")
    field: str | None = Field(default=None, description="name of the action field; every field if left out")

    @property
    def subject(self) -> str | None:
        """The field, if one is given."""
        return self.field

    def check(self, contract: TaskContract, whose: str) -> None:
        """Raise ManifestError if window or field do not fit the task."""
        super().check(contract, whose)
        if self.field is not None:
            checked_name("action field", self.field, tuple(field.name for field in contract.action), whose)

    def apply(self, effects: Effects, contract: TaskContract, rng: np.random.Generator) -> Applied:
        """Intersect the limits with centre -/+ range * half the width of the actuator bounds."""
        active = self.window.place(contract, rng)
        where = slice(None) if self.field is None else slices(contract.action)[self.field]
        low, high = (bound[where].astype(np.float64) for bound in bounds(contract.action))
        centre, reach = (low + high) / 2, self.range * (high - low) / 2
        lower, upper = effects.action_low.copy(), effects.action_high.copy()
        lower[active, where] = np.maximum(lower[active, where], (centre - reach).astype(np.float32))
        upper[active, where] = np.minimum(upper[active, where], (centre + reach).astype(np.float32))
        summary = {"start": active.start, "stop": active.stop}
        return Applied(replace(effects, action_low=lower, action_high=upper), summary)
