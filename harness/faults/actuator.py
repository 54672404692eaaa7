"""Faults of the actuators themselves: they misread commands, or do not follow them."""

from __future__ import annotations

from dataclasses import replace
from math import inf
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field, StrictInt

from harness.contract.fields import slices
from harness.contract.task import TaskContract
from harness.errors import ManifestError
from harness.faults.action import ActionFault
from harness.faults.actuation import Actuation, true_actuation
from harness.faults.base import Applied, checked_extent, checked_part, per_component
from harness.faults.effects import Effects
from harness.faults.ladder import Ladder
from harness.quantities import Duration, Extent, FactorRange, Ratio, Speed

__all__ = ["Deadband", "Gain", "Quantise", "RateLimit", "Stuck", "Swap"]


def _actuation(effects: Effects, contract: TaskContract) -> Actuation:
    return effects.actuation or true_actuation(contract)


def _component(index: int, size: int, whose: str, key: str) -> None:
    """Raise ManifestError unless the field has a component of that index."""
    if not 0 <= index < size:
        raise ManifestError(f"{whose}: {key}", expected=f"a component from 0 to {size - 1}", got=str(index))


class Swap(ActionFault):
    """Two components of a field leak into each other; at full coupling they are swapped."""

    meaning: ClassVar[str] = "two axes are wired crosswise, or their drives couple"
    category: ClassVar[str] = "control"
    ladder: ClassVar[Ladder] = Ladder("coupling", "%", 0, 100, "0 %", ("2 %", "5 %", "10 %", "25 %", "100 %"))

    fault: Literal["action.swap"] = "action.swap"
    coupling: Ratio = Field(default=1.0, description="share of each in the other; 100 % swaps them")
    axes: tuple[StrictInt, StrictInt] = Field(default=(0, 1), description="the two components", examples=[[0, 1]])

    def check(self, contract: TaskContract, whose: str) -> None:
        """Raise ManifestError if window, field or axes do not fit the task; fields without two axes are passed over."""
        super().check(contract, whose)
        if self.axes[0] == self.axes[1]:
            raise ManifestError(f"{whose}: axes", expected="two components", got=f"{self.axes[0]} twice")
        fields = self.fields(contract)
        largest = max(field.size for field in fields)
        for axis in self.axes:
            _component(axis, largest, whose, "axes")

    def apply(self, effects: Effects, contract: TaskContract, rng: np.random.Generator) -> Applied:
        """Couple the axes in every field that has both."""
        active, actuation = self.window.place(contract, rng), _actuation(effects, contract)
        partner, coupling = actuation.partner.copy(), actuation.coupling.copy()
        where = slices(contract.action)
        for field in self.fields(contract):
            if max(self.axes) < field.size:
                one, other = (where[field.name].start + axis for axis in self.axes)
                partner[active, one], partner[active, other] = other, one
                coupling[active, [one, other]] = self.coupling
        summary = {"start": active.start, "stop": active.stop}
        changed = replace(actuation, partner=partner, coupling=coupling)
        return Applied(replace(effects, actuation=changed), summary)


class Gain(ActionFault):
    """Commands are multiplied, about the centre of the actuator bounds."""

    meaning: ClassVar[str] = "the drive is scaled wrongly: every motion is too small or too large"
    category: ClassVar[str] = "control"
    ladder: ClassVar[Ladder] = Ladder("factor", "", 0.01, 100, 1, (0.99, 0.98, 0.96, 0.92, 0.8))

    fault: Literal["action.gain"] = "action.gain"
    factor: FactorRange = Field(description="factor on the command; [low, high] draws one uniformly")

    def apply(self, effects: Effects, contract: TaskContract, rng: np.random.Generator) -> Applied:
        """Multiply the gain of the actuators."""
        active, (low, high) = self.window.place(contract, rng), self.factor
        factor = float(low + (high - low) * rng.random())
        actuation = _actuation(effects, contract)
        gain = actuation.gain.copy()
        gain[active, self.columns(contract)] *= np.float32(factor)
        summary = {"start": active.start, "stop": active.stop, "factor": factor}
        return Applied(replace(effects, actuation=replace(actuation, gain=gain)), summary)


class Quantise(ActionFault):
    """Commands are rounded to the nearest multiple of a step; of several such faults the coarsest acts."""

    meaning: ClassVar[str] = "the drive has few digits: it executes no smaller difference than a step"
    category: ClassVar[str] = "control"
    ladder: ClassVar[Ladder] = Ladder(
        "step",
        "*",
        0,
        inf,
        "0 % of range",
        ("1 % of range", "2 % of range", "4 % of range", "8 % of range", "15 % of range"),
    )

    fault: Literal["action.quantise"] = "action.quantise"
    step: Extent = Field(description="smallest difference, in the unit of the field or as a share of its range")

    def check(self, contract: TaskContract, whose: str) -> None:
        """Raise ManifestError if window, field or unit do not fit the task."""
        super().check(contract, whose)
        checked_extent(self.step, self.fields(contract), whose)

    def apply(self, effects: Effects, contract: TaskContract, rng: np.random.Generator) -> Applied:
        """Coarsen the quantum of the actuators."""
        active, where = self.window.place(contract, rng), self.columns(contract)
        actuation, step = _actuation(effects, contract), per_component(self.step, self.fields(contract))
        quantum = actuation.quantum.copy()
        quantum[active, where] = np.maximum(quantum[active, where], step.astype(np.float32))
        summary = {"start": active.start, "stop": active.stop}
        return Applied(replace(effects, actuation=replace(actuation, quantum=quantum)), summary)


class Deadband(ActionFault):
    """A change of the command that is smaller than a width, counted from what was applied last, is not executed."""

    meaning: ClassVar[str] = "stiction and backlash: small corrections do not move the joint"
    category: ClassVar[str] = "control"
    ladder: ClassVar[Ladder] = Ladder(
        "width",
        "*",
        0,
        inf,
        "0 % of range",
        ("0.5 % of range", "1 % of range", "2 % of range", "4 % of range", "8 % of range"),
    )

    fault: Literal["action.deadband"] = "action.deadband"
    width: Extent = Field(description="smallest change that is executed, in the unit of the field or of its range")

    def check(self, contract: TaskContract, whose: str) -> None:
        """Raise ManifestError if window, field or unit do not fit the task."""
        super().check(contract, whose)
        checked_extent(self.width, self.fields(contract), whose)

    def apply(self, effects: Effects, contract: TaskContract, rng: np.random.Generator) -> Applied:
        """Widen the deadband: of several, the widest acts."""
        active, where = self.window.place(contract, rng), self.columns(contract)
        actuation, width = _actuation(effects, contract), per_component(self.width, self.fields(contract))
        deadband = actuation.deadband.copy()
        deadband[active, where] = np.maximum(deadband[active, where], width.astype(np.float32))
        summary = {"start": active.start, "stop": active.stop}
        return Applied(replace(effects, actuation=replace(actuation, deadband=deadband)), summary)


class RateLimit(ActionFault):
    """What is applied moves towards the command at a limited rate."""

    meaning: ClassVar[str] = "the drive is slow: fast motions arrive late and cut corners"
    category: ClassVar[str] = "control"
    ladder: ClassVar[Ladder] = Ladder(
        "rate",
        "*/s",
        0,
        inf,
        "10000 % of range/s",
        ("300 % of range/s", "150 % of range/s", "80 % of range/s", "40 % of range/s", "10 % of range/s"),
    )

    fault: Literal["action.rate_limit"] = "action.rate_limit"
    rate: Speed = Field(description="largest change a second, in the unit of the field or as a share of its range")

    def check(self, contract: TaskContract, whose: str) -> None:
        """Raise ManifestError if window, field or unit do not fit the task."""
        super().check(contract, whose)
        checked_extent(self.rate, self.fields(contract), whose, per="/s")

    def apply(self, effects: Effects, contract: TaskContract, rng: np.random.Generator) -> Applied:
        """Lower the rate: of several limits, the lowest acts. One that allows the whole range in a step is none."""
        active, where, fields = self.window.place(contract, rng), self.columns(contract), self.fields(contract)
        step = per_component(self.rate, fields) * contract.control_period_s
        whole = per_component(Extent(1.0, "range"), fields)
        step = np.where(step < whole, step, inf).astype(np.float32)
        actuation = _actuation(effects, contract)
        rate = actuation.rate.copy()
        rate[active, where] = np.minimum(rate[active, where], step)
        summary = {"start": active.start, "stop": active.stop}
        return Applied(replace(effects, actuation=replace(actuation, rate=rate)), summary)


class Stuck(ActionFault):
    """A joint or gripper does not move: what was applied last is applied until it is free again."""

    meaning: ClassVar[str] = "a joint or the gripper jams and stays where it was told to be last"
    category: ClassVar[str] = "control"
    ladder: ClassVar[Ladder] = Ladder("duration", "s", 0, inf, "0 s", ("500 ms", "1 s", "2 s", "4 s", "8 s"))

    fault: Literal["action.stuck"] = "action.stuck"
    component: StrictInt | None = Field(default=None, description="which component of the field; all if left out")
    duration: Duration | None = Field(
        default=None, description="how long; placed at random in the window, which it fills if left out"
    )

    def check(self, contract: TaskContract, whose: str) -> None:
        """Raise ManifestError if window, field or component do not fit the task."""
        super().check(contract, whose)
        if self.duration is not None:
            checked_part(self.window, whose)
        if self.component is not None:
            if self.field is None:
                raise ManifestError(f"{whose}: component", expected="a `field` with it", got="none", fix="add one")
            _component(self.component, self.fields(contract)[0].size, whose, "component")

    def apply(self, effects: Effects, contract: TaskContract, rng: np.random.Generator) -> Applied:
        """Hold the components."""
        active = self.window.place_part(self.duration, contract, rng)
        where = self.columns(contract)
        where = where if self.component is None else where[[self.component]]
        actuation = _actuation(effects, contract)
        held = actuation.held.copy()
        held[active, where] = True
        summary = {"start": active.start, "stop": active.stop}
        return Applied(replace(effects, actuation=replace(actuation, held=held)), summary)
