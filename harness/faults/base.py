"""What every fault is: frozen parameters, a window, and a pure function on `Effects`. No fault itself lives here."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float64
from pydantic import Field

from harness.contract.fields import ActionField, Array, ContractModel, ObservationField
from harness.contract.task import TaskContract
from harness.errors import ManifestError, UnknownIdError
from harness.faults.effects import Effects
from harness.quantities import Duration, Measure, Moment

__all__ = ["Applied", "Fault", "Window", "WindowedFault", "checked_name", "checked_size", "checked_unit", "unit_vector"]


@dataclass(frozen=True)
class Applied:
    """What one fault made of an episode.

    Attributes:
        effects: with this fault added.
        summary: what was drawn (steps, counts, directions), as JSON.
    """

    effects: Effects
    summary: dict[str, Any]


class Fault(ContractModel):
    """One perturbation in one channel. Subclasses add parameters and say what they do to `Effects`.

    Attributes:
        meaning: what happens on a real robot, in one line.
        category: what fails in a robot that this fault brings down; one of `harness.evidence.labels.CATEGORIES`.
        source: where the model of the fault comes from, if anywhere.
        fault: id, `channel.name`.
        task: the only task that it acts on; None for every task of the panel.
        name: tells two faults of one id apart in a condition.
    """

    meaning: ClassVar[str]
    category: ClassVar[str]
    source: ClassVar[str] = ""

    fault: str
    task: str | None = Field(default=None, description="the only task that it acts on; every task if left out")
    name: str | None = Field(
        default=None, pattern=r"^[a-z0-9-]+$", description="tells two faults of one id apart in a condition"
    )

    @property
    def channel(self) -> str:
        """First half of the id."""
        return self.fault.split(".")[0]

    @property
    def subject(self) -> str | None:
        """The field or parameter that the fault acts on, if it acts on one."""
        return None

    @property
    def identity(self) -> str:
        """Names the fault within its condition and its random stream; says nothing about severity or neighbours."""
        return "/".join(part for part in (self.fault, self.subject, self.name) if part)

    def check(self, contract: TaskContract, whose: str) -> None:
        """Raise ManifestError, opening with `whose`, if the task has not what the fault acts on."""

    def apply(self, effects: Effects, contract: TaskContract, rng: np.random.Generator) -> Applied:
        """Add this fault to `effects`. The draws depend on `rng` and the horizon, never on `effects` or severity."""
        raise NotImplementedError


class Window(ContractModel):
    """When a fault is active: control steps start <= t < stop; with a `length`, a part of them placed at random."""

    start: Moment = Field(default=Moment(0.0, "horizon"), description="first step")
    stop: Moment = Field(default=Moment(1.0, "horizon"), description="step after the last")
    length: Duration | None = Field(default=None, description="place so long a part uniformly at random in it")

    def limits(self, contract: TaskContract) -> tuple[int, int]:
        """Start and stop in control steps."""
        period, horizon = contract.control_period_s, contract.horizon
        return self.start.to_step(period, horizon), self.stop.to_step(period, horizon)

    def check(self, contract: TaskContract, whose: str) -> None:
        """Raise ManifestError if no step, or no part of the given length, lies in the window."""
        start, stop = self.limits(contract)
        least = 1 if self.length is None else max(1, self.length.to_steps(contract.control_period_s))
        if stop - start < least:
            raise ManifestError(
                f"{whose}: window",
                expected=f"at least {least} of the {contract.horizon} control steps of {contract.id}",
                got=f"steps {start} to {stop}",
                fix="move `start` or `stop`, or shorten `length`",
            )

    def place(self, contract: TaskContract, rng: np.random.Generator) -> slice:
        """Active steps; takes one number from `rng`, needed or not, so that later draws stay where they are."""
        start, stop = self.limits(contract)
        draw = rng.random()
        if self.length is None:
            return slice(start, stop)
        length = max(1, self.length.to_steps(contract.control_period_s))
        first = start + int(draw * (stop - start - length + 1))
        return slice(first, first + length)


class WindowedFault(Fault):
    """A fault that may be confined to a part of the episode."""

    window: Window = Field(
        default=Window(),
        description="when it is active; the whole episode if left out",
        examples=["{start: 25 %, stop: 75 %, length: 1 s}"],
    )

    def check(self, contract: TaskContract, whose: str) -> None:
        """Raise ManifestError if the window is empty on this task."""
        self.window.check(contract, whose)


def checked_name(kind: str, name: str, known: tuple[str, ...], whose: str) -> None:
    """Raise ManifestError with the nearest known name unless `name` is one of them."""
    if name not in known:
        raise ManifestError(whose, got=f"unknown {kind} {name!r}", fix=UnknownIdError.of(kind, name, known).fix)


def checked_unit(measure: Measure, field: ObservationField | ActionField, whose: str) -> None:
    """Raise ManifestError unless the measure has the unit of the field."""
    if measure.unit != field.unit:
        raise ManifestError(
            whose,
            expected=f"a quantity in {'%' if field.unit == '1' else field.unit}, the unit of field {field.name!r}",
            got=repr(str(measure)),
        )


def checked_size(direction: tuple[float, ...] | None, size: int, whose: str) -> None:
    """Raise ManifestError unless the direction is None or a vector of `size` numbers that are not all zero."""
    if direction is not None and (len(direction) != size or not np.any(direction)):
        raise ManifestError(
            f"{whose}: direction",
            expected=f"{size} numbers, not all zero",
            got=str(list(direction)),
            fix="leave it out for a random direction",
        )


def unit_vector(direction: tuple[float, ...] | None, size: int, rng: np.random.Generator) -> Float64[Array, " size"]:
    """The direction scaled to length 1, or one uniform on the sphere (Muller 1959); draws in either case."""
    draw = rng.standard_normal(size)
    vector = draw if direction is None else np.asarray(direction, np.float64)
    return vector / math.hypot(*vector)
