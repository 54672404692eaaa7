"""What every fault is: frozen parameters, a window, a ladder of severities, and a pure function on `Effects`.

No fault itself lives here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from jaxtyping import Float64, Int64
from pydantic import ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from harness.contract.fields import ActionField, Array, ContractModel, ObservationField, bounds, slices
from harness.contract.task import TaskContract
from harness.errors import ManifestError, UnknownIdError
from harness.faults.effects import Effects
from harness.faults.ladder import SEVERITY, Ladder, graded, offer_severity
from harness.quantities import Duration, Measure, Moment

__all__ = [
    "AgentFault",
    "Applied",
    "Fault",
    "FieldFault",
    "Window",
    "WindowedFault",
    "checked_extent",
    "checked_name",
    "checked_object",
    "checked_part",
    "checked_size",
    "per_component",
    "unit_vector",
]


type AnyField = ObservationField | ActionField


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
        category: what fails in a robot that this fault brings down; one of `harness.contract.failure.BLAMES`.
        source: where the model of the fault comes from, if anywhere.
        ladder: what the levels of severity mean; `ladder_of` says it for given parameters.
        added: parameters that came after panels had been hashed; left out of a document while at their default, so
            that those panels keep their ids.
        fault: id, `channel.name`.
        task: the only task that it acts on; None for every task of the panel.
        name: tells two faults of one id apart in a condition.
    """

    meaning: ClassVar[str]
    category: ClassVar[str]
    source: ClassVar[str] = ""
    ladder: ClassVar[Ladder]
    added: ClassVar[tuple[str, ...]] = ()
    model_config = ConfigDict(json_schema_extra=offer_severity)

    fault: str
    task: str | None = Field(default=None, description="the only task that it acts on; every task if left out")
    name: str | None = Field(
        default=None, pattern=r"^[a-z0-9-]+$", description="tells two faults of one id apart in a condition"
    )

    @classmethod
    def ladder_of(cls, parameters: Mapping[str, Any]) -> Ladder:
        """The ladder of a fault with these parameters, as a manifest gives them; most have one for all."""
        return cls.ladder

    @classmethod
    def ladders(cls) -> dict[str, Ladder]:
        """Every ladder of the fault, by where it holds; "" for everywhere."""
        return {"": cls.ladder}

    @model_validator(mode="before")
    @classmethod
    def _read_severity(cls, data: Any) -> Any:
        return graded(data, cls.ladder_of(data)) if isinstance(data, Mapping) and SEVERITY in data else data

    @model_serializer(mode="wrap")
    def _leave_out_what_is_new(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        document: dict[str, Any] = write(self)
        fields = type(self).model_fields
        new = {name for name in self.added if getattr(self, name) == fields[name].default}
        return {key: value for key, value in document.items() if key not in new}

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

    def place_part(self, duration: Duration | None, contract: TaskContract, rng: np.random.Generator) -> slice:
        """A part so long, placed uniformly at random; the whole window if it is shorter, or without a duration."""
        start, stop = self.limits(contract)
        draw = rng.random()
        length = stop - start if duration is None else min(stop - start, duration.to_steps(contract.control_period_s))
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


class AgentFault(WindowedFault):
    """A fault of what a task's agents see or do: of all of them, or of one, and then of its own fields only.

    Attributes:
        side: whose fields.
    """

    side: ClassVar[Literal["observation", "action"]]
    added: ClassVar[tuple[str, ...]] = ("agent",)

    agent: str | None = Field(
        default=None, description="the arm or robot that it acts on; every one if left out", examples=["left arm"]
    )

    @property
    def subject(self) -> str | None:
        """The agent, if one is given."""
        return self.agent

    def check(self, contract: TaskContract, whose: str) -> None:
        """Raise ManifestError if no field is that agent's, or nothing lies in the window."""
        super().check(contract, whose)
        if self.agent is not None:
            known = tuple(dict.fromkeys(field.agent for field in self._known(contract) if field.agent is not None))
            checked_name(f"agent with {self.side} fields of its own", self.agent, known, whose)

    def fields(self, contract: TaskContract) -> tuple[AnyField, ...]:
        """Those it acts on, in contract order."""
        return tuple(field for field in self._known(contract) if self.agent in (None, field.agent))

    def columns(self, contract: TaskContract) -> Int64[Array, " width"]:
        """Where they lie in the flat vector."""
        where = slices(self._known(contract))
        return np.concatenate([np.arange(where[f.name].start, where[f.name].stop) for f in self.fields(contract)])

    def _known(self, contract: TaskContract) -> tuple[AnyField, ...]:
        return contract.observation if self.side == "observation" else contract.action


class FieldFault(AgentFault):
    """A fault of one field of the observation or of the action, or of all of them, or of all of an agent's."""

    field: str | None = None

    @property
    def subject(self) -> str | None:
        """Agent and field, as far as they are given."""
        return "/".join(part for part in (self.agent, self.field) if part) or None

    def check(self, contract: TaskContract, whose: str) -> None:
        """Raise ManifestError if the task or the agent has no such field, or nothing lies in the window."""
        super().check(contract, whose)
        if self.field is not None:
            own = f" of {self.agent!r}" if self.agent else ""
            known = tuple(field.name for field in self._known(contract) if self.agent in (None, field.agent))
            checked_name(f"{self.side} field{own}", self.field, known, whose)

    def fields(self, contract: TaskContract) -> tuple[AnyField, ...]:
        """Those it acts on, in contract order."""
        return tuple(field for field in super().fields(contract) if self.field in (None, field.name))


def checked_name(kind: str, name: str, known: tuple[str, ...], whose: str) -> None:
    """Raise ManifestError with the nearest known name unless `name` is one of them."""
    if name not in known:
        raise ManifestError(whose, got=f"unknown {kind} {name!r}", fix=UnknownIdError.of(kind, name, known).fix)


def checked_extent(measure: Measure, fields: Sequence[AnyField], whose: str, per: str = "") -> None:
    """Raise ManifestError unless the measure is a share of the range, or in the unit of every one of the fields.

    `per` is "/s" for a speed.
    """
    for field in fields:
        if measure.unit not in (f"range{per}", f"{field.unit}{per}"):
            unit = f"{'%' if field.unit == '1' else field.unit}{per}"
            share = f", or a share such as '2 % of range{per}'" if len(fields) > 1 else ""
            raise ManifestError(
                whose,
                expected=f"a quantity in {unit}, the unit of field {field.name!r}{share}",
                got=repr(str(measure)),
            )


def per_component(measure: Measure, fields: Sequence[AnyField]) -> Float64[Array, " width"]:
    """The measure in the units of the fields, a number a component."""
    low, high = bounds(tuple(fields))
    share = measure.unit.startswith("range")
    return measure.value * (high.astype(np.float64) - low) if share else np.full(len(low), measure.value)


def checked_object(contract: TaskContract, whose: str) -> None:
    """Raise ManifestError if the task has no object that can be pushed or moved."""
    if contract.object is None:
        raise ManifestError(
            whose,
            expected="a task with an object that can be pushed or moved",
            got=f"{contract.id}, whose simulator has no interface for it",
            fix="give the fault a `task`",
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


def checked_part(window: Window, whose: str) -> None:
    """Raise ManifestError if the window has a length of its own where a fault has a duration."""
    if window.length is not None:
        raise ManifestError(f"{whose}: window", expected="no `length`", fix="say it with `duration`")


def unit_vector(direction: tuple[float, ...] | None, size: int, rng: np.random.Generator) -> Float64[Array, " size"]:
    """The direction scaled to length 1, or one uniform on the sphere (Muller 1959); draws in either case."""
    draw = rng.standard_normal(size)
    vector = draw if direction is None else np.asarray(direction, np.float64)
    return vector / math.hypot(*vector)
