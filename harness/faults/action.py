"""Faults between the policy and the actuators: commands lost, late, limited, noisy or biased."""

from __future__ import annotations

from dataclasses import replace
from math import inf
from typing import ClassVar, Literal

import numpy as np
from jaxtyping import Int32
from pydantic import Field

from harness.contract.fields import Array, bounds
from harness.contract.task import TaskContract
from harness.faults.actuation import ZERO, carrying
from harness.faults.base import (
    AgentFault,
    Applied,
    FieldFault,
    checked_extent,
    checked_size,
    per_component,
    unit_vector,
)
from harness.faults.effects import Effects
from harness.faults.ladder import Ladder
from harness.faults.streams import bursts, delayed, held
from harness.quantities import Duration, Extent, Ratio

__all__ = ["ActionFault", "Bias", "CommandDelay", "Dropout", "LinkFault", "Noise", "Saturation"]


class LinkFault(AgentFault):
    """A fault of the link that carries the commands of all agents, or of the one that carries an agent's alone."""

    side: ClassVar[Literal["observation", "action"]] = "action"

    def carried(self, effects: Effects, contract: TaskContract, source: Int32[Array, " T"]) -> Effects:
        """The effects with a link that delivers at step t what was sent at step source[t]."""
        return carrying(effects, contract, source, None if self.agent is None else self.columns(contract))


class Dropout(LinkFault):
    """The last command that arrived is held (before any has arrived, the rest action), or the robot gets a zero."""

    meaning: ClassVar[str] = "the link to the robot loses commands, and the controller holds the last one"
    category: ClassVar[str] = "control"
    source: ClassVar[str] = "bursty loss after Gilbert 1960, with bursts of fixed length"
    ladder: ClassVar[Ladder] = Ladder("probability", "%", 0, 100, "0 %", ("20 %", "40 %", "60 %", "75 %", "90 %"))
    added: ClassVar[tuple[str, ...]] = (*AgentFault.added, "fill")

    fault: Literal["action.dropout"] = "action.dropout"
    probability: Ratio = Field(description="expected share of commands lost")
    burst: Duration = Field(default=Duration(1, "steps"), description="how long one loss lasts")
    fill: Literal["hold", "zero"] = Field(default="hold", description="what the robot gets instead")

    def apply(self, effects: Effects, contract: TaskContract, rng: np.random.Generator) -> Applied:
        """Compose the source map with holds of the last command, or with zeros."""
        active, steps = self.window.place(contract, rng), contract.horizon
        burst = max(1, self.burst.to_steps(contract.control_period_s))
        lost = bursts(self.probability, burst, active, steps, rng)
        own = held(lost, first=-1) if self.fill == "hold" else np.where(lost, ZERO, np.arange(steps)).astype(np.int32)
        summary = {"start": active.start, "stop": active.stop, "dropped": int(lost.sum())}
        return Applied(self.carried(effects, contract, own), summary)


class CommandDelay(LinkFault):
    """Commands are applied late: that of step t - delay at step t, the rest action until the first arrives."""

    meaning: ClassVar[str] = "commands reach the actuators late"
    category: ClassVar[str] = "timing"
    ladder: ClassVar[Ladder] = Ladder("delay", "s", 0, inf, "0 s", ("80 ms", "160 ms", "240 ms", "400 ms", "600 ms"))

    fault: Literal["action.delay"] = "action.delay"
    delay: Duration = Field(description="how late commands are applied")

    def apply(self, effects: Effects, contract: TaskContract, rng: np.random.Generator) -> Applied:
        """Compose the source map with the delay."""
        active = self.window.place(contract, rng)
        delay = self.delay.to_steps(contract.control_period_s)
        late = delayed(delay, active, contract.horizon, first=-1)
        summary = {"start": active.start, "stop": active.stop, "delay_steps": delay}
        return Applied(self.carried(effects, contract, late), summary)


class ActionFault(FieldFault):
    """A fault of one action field, of an agent's, or of all."""

    side: ClassVar[Literal["observation", "action"]] = "action"

    field: str | None = Field(default=None, description="name of the action field; every field if left out")


class Bias(ActionFault):
    """A constant error of one length on the command, in a direction that is given or drawn."""

    meaning: ClassVar[str] = "the actuators are badly zeroed: every command is off by the same vector"
    category: ClassVar[str] = "control"
    ladder: ClassVar[Ladder] = Ladder(
        "bias",
        "*",
        0,
        inf,
        "0 % of range",
        ("0.5 % of range", "1 % of range", "2 % of range", "4 % of range", "8 % of range"),
    )

    fault: Literal["action.bias"] = "action.bias"
    bias: Extent = Field(description="length of the error, in the unit of the field or as a share of its range")
    direction: tuple[float, ...] | None = Field(
        default=None, description="its direction, one number per component; random if left out", examples=[[1, 0]]
    )

    def check(self, contract: TaskContract, whose: str) -> None:
        """Raise ManifestError if window, field, unit or direction do not fit the task."""
        super().check(contract, whose)
        fields = self.fields(contract)
        checked_extent(self.bias, fields, whose)
        checked_size(self.direction, sum(field.size for field in fields), whose)

    def apply(self, effects: Effects, contract: TaskContract, rng: np.random.Generator) -> Applied:
        """Add the error to the offset of the command; without a field, one of that length to every field."""
        active, fields = self.window.place(contract, rng), self.fields(contract)
        sizes = [field.size for field in fields] if self.direction is None else [sum(field.size for field in fields)]
        direction = np.concatenate([unit_vector(self.direction, size, rng) for size in sizes])
        error = (per_component(self.bias, fields) * direction).astype(np.float32)
        offset = effects.action_offset.copy()
        offset[active, self.columns(contract)] += error
        summary = {"start": active.start, "stop": active.stop, "error": error.tolist()}
        return Applied(replace(effects, action_offset=offset), summary)


class Noise(ActionFault):
    """White Gaussian noise on the applied command, independent per step and component."""

    meaning: ClassVar[str] = "the actuators are imprecise: every command is executed with an independent Gaussian error"
    category: ClassVar[str] = "control"
    ladder: ClassVar[Ladder] = Ladder(
        "std",
        "*",
        0,
        inf,
        "0 % of range",
        ("0.25 % of range", "0.5 % of range", "1 % of range", "2 % of range", "4 % of range"),
    )

    fault: Literal["action.noise"] = "action.noise"
    std: Extent = Field(description="standard deviation, in the unit of the field or as a share of its range")

    def check(self, contract: TaskContract, whose: str) -> None:
        """Raise ManifestError if window, field or unit do not fit the task."""
        super().check(contract, whose)
        checked_extent(self.std, self.fields(contract), whose)

    def apply(self, effects: Effects, contract: TaskContract, rng: np.random.Generator) -> Applied:
        """Add the noise to the offset of the command."""
        active, std = self.window.place(contract, rng), per_component(self.std, self.fields(contract))
        noise = std * rng.standard_normal((contract.horizon, len(std)))
        offset = effects.action_offset.copy()
        offset[active, self.columns(contract)] += noise[active].astype(np.float32)
        return Applied(replace(effects, action_offset=offset), {"start": active.start, "stop": active.stop})


class Saturation(ActionFault):
    """Commands are cut to a part of the actuator range around its centre."""

    meaning: ClassVar[str] = "the actuators reach only a part of their range"
    category: ClassVar[str] = "control"
    ladder: ClassVar[Ladder] = Ladder("range", "%", 0, 100, "100 %", ("90 %", "80 %", "70 %", "55 %", "40 %"))

    fault: Literal["action.saturation"] = "action.saturation"
    range: Ratio = Field(description="share of the actuator range that is left, around its centre")

    def apply(self, effects: Effects, contract: TaskContract, rng: np.random.Generator) -> Applied:
        """Intersect the limits with centre -/+ range * half the width of the actuator bounds."""
        active, where = self.window.place(contract, rng), self.columns(contract)
        low, high = (bound[where].astype(np.float64) for bound in bounds(contract.action))
        centre, reach = (low + high) / 2, self.range * (high - low) / 2
        lower, upper = effects.action_low.copy(), effects.action_high.copy()
        lower[active, where] = np.maximum(lower[active, where], (centre - reach).astype(np.float32))
        upper[active, where] = np.minimum(upper[active, where], (centre + reach).astype(np.float32))
        summary = {"start": active.start, "stop": active.stop}
        return Applied(replace(effects, action_low=lower, action_high=upper), summary)
