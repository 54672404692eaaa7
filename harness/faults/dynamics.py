"""Faults of the physics: another model than the one trained on, and forces from outside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import inf
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from harness.contract.task import TaskContract
from harness.errors import ManifestError
from harness.faults.base import Applied, Fault, WindowedFault, checked_name, checked_object, checked_size, unit_vector
from harness.faults.effects import Effects
from harness.faults.ladder import Ladder
from harness.quantities import Angle, FactorRange, Force, Mass

__all__ = ["COMMON", "Payload", "Push", "Scale", "Slip", "Tilt"]

COMMON = ("robot_damping",)
"""Parameters that `dynamics.scale` finds in every MuJoCo model, beside those that a task's contract names.

`robot_damping` is the friction of all driven joints, viscous and dry.
"""

_FRICTION = "object_friction"
_LADDERS = {
    "mass": (1.5, 2, 3, 4.5, 7),
    "friction": (0.8, 0.6, 0.45, 0.3, 0.15),
    "damping": (1.5, 2, 3, 5, 8),
    "gain": (0.85, 0.7, 0.55, 0.4, 0.25),
    "force": (0.85, 0.7, 0.55, 0.4, 0.25),
}
"""Severe is heavier, more slippery, more viscous, weaker; by the last word of a parameter."""


class Scale(Fault):
    """One parameter of the model is multiplied, for the whole episode."""

    meaning: ClassVar[str] = "the world is not as in training: heavier, more slippery, weaker"
    category: ClassVar[str] = "control"
    source: ClassVar[str] = "dynamics randomisation, Peng et al. 2018"
    ladder: ClassVar[Ladder] = Ladder("factor", "", 0.01, 100, 1, (1.5, 2, 3, 4.5, 7))

    fault: Literal["dynamics.scale"] = "dynamics.scale"
    parameter: str = Field(
        description=f"name in the dynamics of the task's contract; on MuJoCo also {', '.join(COMMON)}"
    )
    factor: FactorRange = Field(description="factor on it; [low, high] draws one uniformly")

    @classmethod
    def ladder_of(cls, parameters: Mapping[str, Any]) -> Ladder:
        """By what the parameter is: some are worse when they grow, some when they shrink."""
        last = str(parameters.get("parameter", "")).rsplit("_", maxsplit=1)[-1]
        return replace(cls.ladder, levels=_LADDERS.get(last, cls.ladder.levels))

    @classmethod
    def ladders(cls) -> dict[str, Ladder]:
        """One for every kind of parameter."""
        return {f"of {kind}": cls.ladder_of({"parameter": kind}) for kind in _LADDERS}

    @property
    def subject(self) -> str:
        """The parameter."""
        return self.parameter

    def check(self, contract: TaskContract, whose: str) -> None:
        """Raise ManifestError if the simulator of the task cannot scale the parameter."""
        known = (*contract.dynamics, *(COMMON if _on_mujoco(contract) else ()))
        checked_name("dynamics parameter", self.parameter, known, whose)

    def apply(self, effects: Effects, contract: TaskContract, rng: np.random.Generator) -> Applied:
        """Multiply the factor into the model."""
        low, high = self.factor
        factor = float(low + (high - low) * rng.random())
        scales = dict(effects.dynamics.scales)
        scales[self.parameter] = scales.get(self.parameter, 1.0) * factor
        dynamics = replace(effects.dynamics, scales=tuple(sorted(scales.items())))
        return Applied(replace(effects, dynamics=dynamics), {"factor": factor})


class Payload(Fault):
    """Every arm carries a point mass where its gripper begins, for the whole episode."""

    meaning: ClassVar[str] = "a tool or cable hangs on the wrist, and the controller does not know it"
    category: ClassVar[str] = "control"
    ladder: ClassVar[Ladder] = Ladder("mass", "kg", 0, inf, "0 kg", ("100 g", "200 g", "400 g", "750 g", "1.5 kg"))

    fault: Literal["dynamics.payload"] = "dynamics.payload"
    mass: Mass = Field(description="mass on every arm")

    def check(self, contract: TaskContract, whose: str) -> None:
        """Raise ManifestError if the simulator of the task has no arms to load."""
        _demand_mujoco(contract, whose)

    def apply(self, effects: Effects, contract: TaskContract, rng: np.random.Generator) -> Applied:
        """Add the mass to the payload."""
        dynamics = replace(effects.dynamics, payload=effects.dynamics.payload + self.mass)
        return Applied(replace(effects, dynamics=dynamics), {})


class Tilt(Fault):
    """Gravity is tilted against the scene, for the whole episode; a planar task without gravity gets its pull along."""

    meaning: ClassVar[str] = "robot and table stand on a slope: gravity pulls everything sideways"
    category: ClassVar[str] = "control"
    ladder: ClassVar[Ladder] = Ladder("angle", "deg", 0, 180, "0 deg", ("1 deg", "3 deg", "6 deg", "12 deg", "20 deg"))

    fault: Literal["dynamics.tilt"] = "dynamics.tilt"
    angle: Angle = Field(description="slope")
    direction: tuple[float, ...] | None = Field(
        default=None, description="downhill, in world x and y; random if left out", examples=[[1, 0]]
    )

    def check(self, contract: TaskContract, whose: str) -> None:
        """Raise ManifestError if the direction does not fit, or the simulator cannot tilt gravity."""
        _demand_mujoco(contract, whose)
        checked_size(self.direction, 2, whose)

    def apply(self, effects: Effects, contract: TaskContract, rng: np.random.Generator) -> Applied:
        """Add the slope to the tilt."""
        downhill = self.angle * unit_vector(self.direction, 2, rng)
        summary = {"downhill": downhill.tolist()}
        if not downhill.any():
            return Applied(effects, summary)
        before = np.array(effects.dynamics.tilt or (0.0, 0.0))
        dynamics = replace(effects.dynamics, tilt=tuple((before + downhill).tolist()))
        return Applied(replace(effects, dynamics=dynamics), summary)


class Slip(WindowedFault):
    """The friction of the object is multiplied while active."""

    meaning: ClassVar[str] = "the object gets wet or oily: for a while it slips in the hand and on the table"
    category: ClassVar[str] = "control"
    ladder: ClassVar[Ladder] = Ladder("factor", "", 0.01, 100, 1, (0.7, 0.5, 0.3, 0.15, 0.05))

    fault: Literal["dynamics.slip"] = "dynamics.slip"
    factor: FactorRange = Field(description="factor on the object's friction; [low, high] draws one uniformly")

    def check(self, contract: TaskContract, whose: str) -> None:
        """Raise ManifestError if the window is empty, or the task cannot scale the friction of its object."""
        super().check(contract, whose)
        _demand_mujoco(contract, whose)
        checked_name("dynamics parameter", _FRICTION, contract.dynamics, whose)

    def apply(self, effects: Effects, contract: TaskContract, rng: np.random.Generator) -> Applied:
        """Multiply the factor into the model while active."""
        active, (low, high) = self.window.place(contract, rng), self.factor
        factor = float(low + (high - low) * rng.random())
        summary = {"start": active.start, "stop": active.stop, "factor": factor}
        if factor == 1:
            return Applied(effects, summary)
        windowed = (*effects.dynamics.windowed, (_FRICTION, factor, active.start, active.stop))
        return Applied(replace(effects, dynamics=replace(effects.dynamics, windowed=windowed)), summary)


class Push(WindowedFault):
    """A constant force on the object while active, in a direction that is given or drawn."""

    meaning: ClassVar[str] = "someone pushes the object sideways"
    category: ClassVar[str] = "control"
    ladder: ClassVar[Ladder] = Ladder("force", "N", 0, inf, "0 N", ("250 mN", "500 mN", "1 N", "2 N", "4 N"))

    fault: Literal["dynamics.push"] = "dynamics.push"
    force: Force = Field(description="magnitude of the force")
    direction: tuple[float, ...] | None = Field(
        default=None, description="its direction in world x and y; random if left out", examples=[[1, 0]]
    )

    def check(self, contract: TaskContract, whose: str) -> None:
        """Raise ManifestError if window or direction do not fit, or the task has no object."""
        super().check(contract, whose)
        checked_object(contract, whose)
        checked_size(self.direction, 2, whose)

    def apply(self, effects: Effects, contract: TaskContract, rng: np.random.Generator) -> Applied:
        """Add the force to the pushes."""
        active = self.window.place(contract, rng)
        force = self.force * unit_vector(self.direction, 2, rng)
        push = effects.push.copy()
        push[active] += force
        summary = {"start": active.start, "stop": active.stop, "force": force.tolist()}
        return Applied(replace(effects, push=push), summary)


def _on_mujoco(contract: TaskContract) -> bool:
    """Whether the task's simulator is the batched MuJoCo of the native tasks, which all of this acts on."""
    return contract.simulator.startswith("mujoco ")


def _demand_mujoco(contract: TaskContract, whose: str) -> None:
    if not _on_mujoco(contract):
        raise ManifestError(whose, expected="a task on MuJoCo", got=contract.simulator, fix="give it a `task`")
