"""What one named array of a contract promises. No implementation lives here."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

__all__ = [
    "ActionField",
    "Array",
    "BoundedField",
    "ContractModel",
    "ObservationField",
    "bounds",
    "hidden",
    "slices",
    "width",
]

Array = np.ndarray[Any, np.dtype[Any]]


class ContractModel(BaseModel):
    """Frozen, and closed against unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class BoundedField(ContractModel):
    """A flat vector with inclusive bounds, one per component.

    Attributes:
        name: unique within its group.
        size: number of components.
        unit: SI symbol of every component; "1" for a pure number.
        frame: coordinate frame in which the numbers are given, or "joint".
        low: inclusive lower bounds, length `size`.
        high: inclusive upper bounds, length `size`.
        description: one line for a person.
    """

    name: str
    size: int = Field(gt=0)
    unit: str
    frame: str
    low: tuple[float, ...]
    high: tuple[float, ...]
    description: str

    @model_validator(mode="after")
    def _bounds_fit(self) -> Self:
        if not len(self.low) == len(self.high) == self.size:
            raise ValueError(f"field {self.name!r}: expected {self.size} lower and upper bounds")
        if any(low >= high for low, high in zip(self.low, self.high, strict=True)):
            raise ValueError(f"field {self.name!r}: a lower bound is not below its upper bound")
        return self


class ObservationField(BoundedField):
    """One field of the observation, float32, measured at the control rate unless `rate_hz` says otherwise.

    Attributes:
        rate_hz: rate at which the field is measured.
        proprioceptive: measured on the robot itself (goes to `observation.state` in a data set), or of the scene
            (goes to `observation.environment_state`).
        agent: the arm or robot that it is measured on, one of those that the action fields name; None for what
            belongs to no agent or to all, as the scene does.
    """

    rate_hz: float = Field(gt=0)
    proprioceptive: bool
    agent: str | None = None


class ActionField(BoundedField):
    """One field of the action, float32.

    Attributes:
        mode: control mode: what the number commands, e.g. "absolute position target".
        agent: the arm or robot that the field drives.
    """

    mode: str
    agent: str


def width(fields: tuple[BoundedField, ...]) -> int:
    """Number of components of all fields together."""
    return sum(field.size for field in fields)


def slices(fields: tuple[BoundedField, ...]) -> dict[str, slice]:
    """Where each field lies in the flat vector; fields follow each other in contract order."""
    where, start = {}, 0
    for field in fields:
        where[field.name] = slice(start, start + field.size)
        start += field.size
    return where


def hidden(fields: tuple[BoundedField, ...], reads: Collection[str] | None) -> Array:
    """Which components are not of the fields named in `reads`, bool, shape (width,); for None, none is hidden."""
    unread = [reads is not None and field.name not in reads for field in fields]
    return np.repeat(unread, [field.size for field in fields])


def bounds(fields: tuple[BoundedField, ...]) -> tuple[Array, Array]:
    """Lower and upper bounds of the flat vector, float32, each of shape (width,)."""
    low = np.array([value for field in fields for value in field.low], np.float32)
    high = np.array([value for field in fields for value in field.high], np.float32)
    return low, high
