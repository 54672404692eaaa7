"""Faults of the scene: the object is moved behind the policy's back."""

from __future__ import annotations

from dataclasses import replace
from math import inf
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from harness.contract.task import TaskContract
from harness.errors import ManifestError
from harness.faults.base import Applied, WindowedFault, checked_object, checked_size, unit_vector
from harness.faults.effects import Effects
from harness.faults.ladder import Ladder
from harness.quantities import Length

__all__ = ["ObjectShift"]


class ObjectShift(WindowedFault):
    """The object is moved once, before a step drawn uniformly from the window; at most one such fault an episode."""

    meaning: ClassVar[str] = "someone moves the object: whoever replays a plan without looking misses it"
    category: ClassVar[str] = "planning"
    ladder: ClassVar[Ladder] = Ladder("distance", "m", 0, inf, "0 m", ("1 cm", "2 cm", "4 cm", "6 cm", "10 cm"))

    fault: Literal["scene.object_shift"] = "scene.object_shift"
    distance: Length = Field(description="how far the object is moved")
    direction: tuple[float, ...] | None = Field(
        default=None, description="its direction in world x and y; random if left out", examples=[[1, 0]]
    )

    def check(self, contract: TaskContract, whose: str) -> None:
        """Raise ManifestError if window or direction do not fit, or the task has no object."""
        super().check(contract, whose)
        checked_object(contract, whose)
        checked_size(self.direction, 2, whose)

    def apply(self, effects: Effects, contract: TaskContract, rng: np.random.Generator) -> Applied:
        """Set the shift. Raises ManifestError if there is one already: `Effects` holds one."""
        if effects.shift_step >= 0:
            raise ManifestError(self.identity, expected="at most one object shift", fix="remove one of them")
        active = self.window.place(contract, rng)
        step = active.start + int(rng.random() * (active.stop - active.start))
        shift = self.distance * unit_vector(self.direction, 2, rng)
        summary = {"step": step, "shift": shift.tolist()}
        return Applied(replace(effects, shift_step=step, shift=shift), summary)
