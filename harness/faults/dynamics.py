"""Faults of the physics: another model than the one trained on, and forces from outside."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from harness.contract.task import Dynamics, TaskContract
from harness.faults.base import Applied, Fault, WindowedFault, checked_name, checked_size, unit_vector
from harness.faults.effects import Effects
from harness.quantities import FactorRange, Force

__all__ = ["Push", "Scale"]


class Scale(Fault):
    """One parameter of the model is multiplied, for the whole episode."""

    meaning: ClassVar[str] = "the world is not as in training: heavier, more slippery, weaker"
    category: ClassVar[str] = "control"
    source: ClassVar[str] = "dynamics randomisation, Peng et al. 2018"

    fault: Literal["dynamics.scale"] = "dynamics.scale"
    parameter: str = Field(description="name in the dynamics of the task's contract")
    factor: FactorRange = Field(description="factor on it; [low, high] draws one uniformly")

    @property
    def subject(self) -> str:
        """The parameter."""
        return self.parameter

    def check(self, contract: TaskContract, whose: str) -> None:
        """Raise ManifestError if the simulator of the task cannot scale the parameter."""
        checked_name("dynamics parameter", self.parameter, contract.dynamics, whose)

    def apply(self, effects: Effects, contract: TaskContract, rng: np.random.Generator) -> Applied:
        """Multiply the factor into the model."""
        low, high = self.factor
        factor = float(low + (high - low) * rng.random())
        scales = dict(effects.dynamics.scales)
        scales[self.parameter] = scales.get(self.parameter, 1.0) * factor
        return Applied(replace(effects, dynamics=Dynamics(tuple(sorted(scales.items())))), {"factor": factor})


class Push(WindowedFault):
    """A constant force on the object while active, in a direction that is given or drawn."""

    meaning: ClassVar[str] = "someone pushes the object sideways"
    category: ClassVar[str] = "control"

    fault: Literal["dynamics.push"] = "dynamics.push"
    force: Force = Field(description="magnitude of the force")
    direction: tuple[float, ...] | None = Field(
        default=None, description="its direction in world x and y; random if left out", examples=[[1, 0]]
    )

    def check(self, contract: TaskContract, whose: str) -> None:
        """Raise ManifestError if window or direction do not fit."""
        super().check(contract, whose)
        checked_size(self.direction, 2, whose)

    def apply(self, effects: Effects, contract: TaskContract, rng: np.random.Generator) -> Applied:
        """Add the force to the pushes."""
        active = self.window.place(contract, rng)
        force = self.force * unit_vector(self.direction, 2, rng)
        push = effects.push.copy()
        push[active] += force
        summary = {"start": active.start, "stop": active.stop, "force": force.tolist()}
        return Applied(replace(effects, push=push), summary)
