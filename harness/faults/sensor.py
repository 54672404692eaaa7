"""Faults of the sensors themselves: values that are noisy, biased, scaled, coarse, in a wrong frame, or missing."""

from __future__ import annotations

from dataclasses import replace
from math import inf
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from harness.contract.fields import ObservationField
from harness.contract.task import TaskContract
from harness.errors import ManifestError
from harness.faults.base import (
    Applied,
    FieldFault,
    checked_extent,
    checked_size,
    per_component,
    unit_vector,
)
from harness.faults.effects import Effects
from harness.faults.ladder import Ladder
from harness.faults.sensing import ZERO, FrameError, Sensing, true_sensing
from harness.faults.streams import bursts, held, through
from harness.faults.turning import turning
from harness.quantities import Angle, Duration, Extent, FactorRange, Length, Ratio

__all__ = ["Bias", "Noise", "Quantise", "Scale", "SensorLoss", "WrongFrame"]


class _SensorFault(FieldFault):
    """A fault of one observation field, of what is measured on an agent, or of all."""

    side: ClassVar[Literal["observation", "action"]] = "observation"

    field: str | None = Field(default=None, description="name of the observation field; every field if left out")


def _sensing(effects: Effects, contract: TaskContract) -> Sensing:
    return effects.sensing or true_sensing(contract.horizon, contract.observation_width)


class Scale(_SensorFault):
    """The true value is multiplied, about the zero of its unit and frame."""

    meaning: ClassVar[str] = "the sensor is miscalibrated: every measurement is too large or too small by a factor"
    category: ClassVar[str] = "state_estimation"
    ladder: ClassVar[Ladder] = Ladder("factor", "", 0.01, 100, 1, (1.01, 1.02, 1.03, 1.05, 1.1))

    fault: Literal["observation.scale"] = "observation.scale"
    factor: FactorRange = Field(description="factor on the value; [low, high] draws one uniformly")

    def apply(self, effects: Effects, contract: TaskContract, rng: np.random.Generator) -> Applied:
        """Multiply the sensor's gain."""
        active, (low, high) = self.window.place(contract, rng), self.factor
        factor = float(low + (high - low) * rng.random())
        sensing = _sensing(effects, contract)
        gain = sensing.gain.copy()
        gain[active, self.columns(contract)] *= np.float32(factor)
        summary = {"start": active.start, "stop": active.stop, "factor": factor}
        return Applied(replace(effects, sensing=replace(sensing, gain=gain)), summary)


class Noise(_SensorFault):
    """White Gaussian noise, independent per step and component; a late or repeated frame keeps its noise."""

    meaning: ClassVar[str] = "the sensor is noisy: every measurement is off by an independent Gaussian error"
    category: ClassVar[str] = "state_estimation"
    ladder: ClassVar[Ladder] = Ladder(
        "std",
        "*",
        0,
        inf,
        "0 % of range",
        ("0.5 % of range", "1 % of range", "2 % of range", "4 % of range", "8 % of range"),
    )

    fault: Literal["observation.noise"] = "observation.noise"
    std: Extent = Field(description="standard deviation, in the unit of the field or as a share of its range")

    def check(self, contract: TaskContract, whose: str) -> None:
        """Raise ManifestError if window, field or unit do not fit the task."""
        super().check(contract, whose)
        checked_extent(self.std, self.fields(contract), whose)

    def apply(self, effects: Effects, contract: TaskContract, rng: np.random.Generator) -> Applied:
        """Add the noise to the sensor's offset."""
        active, std = self.window.place(contract, rng), per_component(self.std, self.fields(contract))
        noise = std * rng.standard_normal((contract.horizon, len(std)))
        offset = effects.observation_offset.copy()
        offset[active, self.columns(contract)] += noise[active].astype(np.float32)
        summary = {"start": active.start, "stop": active.stop}
        return Applied(replace(effects, observation_offset=offset), summary)


class Bias(_SensorFault):
    """A constant error of one length, in a direction that is given or drawn (a sign, for a single component)."""

    meaning: ClassVar[str] = "the sensor is miscalibrated: every measurement is off by the same vector"
    category: ClassVar[str] = "state_estimation"
    ladder: ClassVar[Ladder] = Ladder(
        "bias",
        "*",
        0,
        inf,
        "0 % of range",
        ("0.5 % of range", "1 % of range", "2 % of range", "4 % of range", "8 % of range"),
    )

    fault: Literal["observation.bias"] = "observation.bias"
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
        """Add the error to the sensor's offset; without a field, one of that length to every field."""
        active, fields = self.window.place(contract, rng), self.fields(contract)
        sizes = [field.size for field in fields] if self.direction is None else [sum(field.size for field in fields)]
        direction = np.concatenate([unit_vector(self.direction, size, rng) for size in sizes])
        error = (per_component(self.bias, fields) * direction).astype(np.float32)
        offset = effects.observation_offset.copy()
        offset[active, self.columns(contract)] += error
        summary = {"start": active.start, "stop": active.stop, "error": error.tolist()}
        return Applied(replace(effects, observation_offset=offset), summary)


class Quantise(_SensorFault):
    """Measurements are rounded to the nearest multiple of a step; of several such faults the coarsest acts."""

    meaning: ClassVar[str] = "the sensor has few digits: it tells no smaller difference than a step"
    category: ClassVar[str] = "state_estimation"
    ladder: ClassVar[Ladder] = Ladder(
        "step",
        "*",
        0,
        inf,
        "0 % of range",
        ("1 % of range", "2 % of range", "4 % of range", "8 % of range", "15 % of range"),
    )

    fault: Literal["observation.quantise"] = "observation.quantise"
    step: Extent = Field(description="smallest difference, in the unit of the field or as a share of its range")

    def check(self, contract: TaskContract, whose: str) -> None:
        """Raise ManifestError if window, field or unit do not fit the task."""
        super().check(contract, whose)
        checked_extent(self.step, self.fields(contract), whose)

    def apply(self, effects: Effects, contract: TaskContract, rng: np.random.Generator) -> Applied:
        """Coarsen the sensor's quantum."""
        active, where = self.window.place(contract, rng), self.columns(contract)
        sensing, step = _sensing(effects, contract), per_component(self.step, self.fields(contract))
        quantum = sensing.quantum.copy()
        quantum[active, where] = np.maximum(quantum[active, where], step.astype(np.float32))
        summary = {"start": active.start, "stop": active.stop}
        return Applied(replace(effects, sensing=replace(sensing, quantum=quantum)), summary)


class WrongFrame(_SensorFault):
    """Values are given in a frame that is turned about the vertical and moved in the plane, both fixed for an episode.

    A field of 2 or 3 components is a vector (only metres are moved), one of 4 pure numbers a quaternion w, x, y, z.
    Without a field it acts on all that is measured of the scene in the frame `world`: one camera, wrongly mounted.
    """

    meaning: ClassVar[str] = "the camera was knocked: the scene is seen turned and shifted against the robot"
    category: ClassVar[str] = "state_estimation"
    source: ClassVar[str] = "hand-eye calibration error, a rigid transform"
    ladder: ClassVar[Ladder] = Ladder("angle", "deg", 0, 180, "0 deg", ("0.5 deg", "1 deg", "2 deg", "4 deg", "8 deg"))

    fault: Literal["observation.wrong_frame"] = "observation.wrong_frame"
    angle: Angle = Field(default=0.0, description="turn about the vertical axis through the origin")
    turn: Literal["left", "right"] | None = Field(default=None, description="way of the turn; random if left out")
    offset: Length = Field(default=0.0, description="how far the frame is moved")
    direction: tuple[float, ...] | None = Field(
        default=None, description="way of the move in x and y; random if left out", examples=[[1, 0]]
    )

    def fields(self, contract: TaskContract) -> tuple[ObservationField, ...]:
        """The one that is named, or all of the scene that are given in the world's frame."""
        own = tuple(field for field in contract.observation if self.agent in (None, field.agent))
        if self.field is not None:
            return tuple(field for field in own if field.name == self.field)
        return tuple(field for field in own if field.frame == "world" and not field.proprioceptive)

    def check(self, contract: TaskContract, whose: str) -> None:
        """Raise ManifestError if window, field or direction do not fit the task."""
        super().check(contract, whose)
        checked_size(self.direction, 2, whose)
        fields = self.fields(contract)
        odd = [field for field in fields if field.size not in (2, 3) and (field.size, field.unit) != (4, "1")]
        if self.field is None:
            odd = odd if len(odd) == len(fields) else []
        if odd or not fields:
            raise ManifestError(
                whose,
                expected="a field that can be turned: 2 or 3 components, or a quaternion",
                got=f"{odd[0].name!r} of {odd[0].size} in {odd[0].unit}" if odd else "no field of the scene in `world`",
                fix="name another `field`, or the `task` that it is meant for",
            )

    def apply(self, effects: Effects, contract: TaskContract, rng: np.random.Generator) -> Applied:
        """Append the error of the frame."""
        active, drawn = self.window.place(contract, rng), rng.random()
        left = drawn < 0.5 if self.turn is None else self.turn == "left"
        angle = self.angle if left else -self.angle
        moved = self.offset * unit_vector(self.direction, 2, rng)
        summary = {"start": active.start, "stop": active.stop, "angle": angle, "offset": moved.tolist()}
        if not (angle or moved.any()):
            return Applied(effects, summary)
        matrix, shift = turning(contract.observation, self.fields(contract), angle, moved)
        sensing = _sensing(effects, contract)
        frames = (*sensing.frames, FrameError(active.start, active.stop, matrix, shift))
        return Applied(replace(effects, sensing=replace(sensing, frames=frames)), summary)


class SensorLoss(_SensorFault):
    """One sensor fails while the others go on: its last value is repeated, or zero stands in its place."""

    meaning: ClassVar[str] = "one sensor fails now and then, and its driver repeats an old value or reports zero"
    category: ClassVar[str] = "perception"
    source: ClassVar[str] = "bursty loss after Gilbert 1960, with bursts of fixed length"
    ladder: ClassVar[Ladder] = Ladder("probability", "%", 0, 100, "0 %", ("20 %", "40 %", "60 %", "80 %", "100 %"))

    fault: Literal["observation.sensor_loss"] = "observation.sensor_loss"
    probability: Ratio = Field(description="expected share of measurements lost")
    burst: Duration = Field(default=Duration(1, "steps"), description="how long one loss lasts")
    fill: Literal["hold", "zero"] = Field(default="hold", description="what the driver reports instead")

    def apply(self, effects: Effects, contract: TaskContract, rng: np.random.Generator) -> Applied:
        """Compose the source map of the field with repeats or zeros; measurement 0 always arrives."""
        active, steps, where = self.window.place(contract, rng), contract.horizon, self.columns(contract)
        burst = max(1, self.burst.to_steps(contract.control_period_s))
        lost = bursts(self.probability, burst, active, steps, rng)
        lost[0] = False
        own = held(lost, first=0) if self.fill == "hold" else np.where(lost, ZERO, np.arange(steps)).astype(np.int32)
        sensing = _sensing(effects, contract)
        source = sensing.source.copy()
        for column in where:
            source[:, column] = through(source[:, column], own)
        summary = {"start": active.start, "stop": active.stop, "lost": int(lost.sum())}
        return Applied(replace(effects, sensing=replace(sensing, source=source)), summary)
