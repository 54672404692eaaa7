"""Faults between the sensors and the policy: frames lost, late, noisy or biased."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from harness.contract.fields import slices
from harness.contract.task import TaskContract
from harness.faults.base import Applied, WindowedFault, checked_name, checked_size, checked_unit, unit_vector
from harness.faults.effects import Effects
from harness.faults.streams import bursts, delayed, held, through
from harness.quantities import Duration, Measure, Ratio

__all__ = ["Bias", "FrameDelay", "FrameDrop", "Noise"]


class FrameDrop(WindowedFault):
    """The last delivered frame is delivered again; frame 0 always arrives."""

    meaning: ClassVar[str] = "the link loses frames, one by one or in bursts, and the policy sees the last one again"
    category: ClassVar[str] = "perception"
    source: ClassVar[str] = "bursty loss after Gilbert 1960, with bursts of fixed length"

    fault: Literal["observation.frame_drop"] = "observation.frame_drop"
    probability: Ratio = Field(description="expected share of frames lost")
    burst: Duration = Field(default=Duration(1, "steps"), description="how long one loss lasts")

    def apply(self, effects: Effects, contract: TaskContract, rng: np.random.Generator) -> Applied:
        """Compose the source map with repeats of the last frame."""
        active, steps = self.window.place(contract, rng), contract.horizon
        burst = max(1, self.burst.to_steps(contract.control_period_s))
        lost = bursts(self.probability, burst, active, steps, rng)
        lost[0] = False
        source = through(effects.observation_source, held(lost, first=0))
        summary = {"start": active.start, "stop": active.stop, "dropped": int(lost.sum())}
        return Applied(replace(effects, observation_source=source), summary)


class FrameDelay(WindowedFault):
    """Frames arrive late: measurement t - delay at step t, frame 0 until then."""

    meaning: ClassVar[str] = "frames are transported or processed slowly, and the policy sees the past"
    category: ClassVar[str] = "state_estimation"

    fault: Literal["observation.delay"] = "observation.delay"
    delay: Duration = Field(description="how late frames arrive")

    def apply(self, effects: Effects, contract: TaskContract, rng: np.random.Generator) -> Applied:
        """Compose the source map with the delay."""
        active = self.window.place(contract, rng)
        delay = self.delay.to_steps(contract.control_period_s)
        late = delayed(delay, active, contract.horizon, first=0)
        summary = {"start": active.start, "stop": active.stop, "delay_steps": delay}
        return Applied(replace(effects, observation_source=through(effects.observation_source, late)), summary)


class _FieldFault(WindowedFault):
    """A sensor fault on one observation field."""

    field: str = Field(description="name of the observation field")

    @property
    def subject(self) -> str:
        """The field."""
        return self.field

    def _checked_field(self, contract: TaskContract, measure: Measure, whose: str) -> int:
        """Raise ManifestError if the task has no such field in this unit; else its size."""
        fields = {field.name: field for field in contract.observation}
        checked_name("observation field", self.field, tuple(fields), whose)
        checked_unit(measure, fields[self.field], whose)
        return fields[self.field].size


class Noise(_FieldFault):
    """White Gaussian noise, independent per step and component; a late or repeated frame keeps its noise."""

    meaning: ClassVar[str] = "the sensor is noisy: every measurement is off by an independent Gaussian error"
    category: ClassVar[str] = "state_estimation"

    fault: Literal["observation.noise"] = "observation.noise"
    std: Measure = Field(description="standard deviation, in the unit of the field")

    def check(self, contract: TaskContract, whose: str) -> None:
        """Raise ManifestError if window, field or unit do not fit the task."""
        super().check(contract, whose)
        self._checked_field(contract, self.std, whose)

    def apply(self, effects: Effects, contract: TaskContract, rng: np.random.Generator) -> Applied:
        """Add the noise to the sensor's offset."""
        active, where = self.window.place(contract, rng), slices(contract.observation)[self.field]
        noise = self.std.value * rng.standard_normal((contract.horizon, where.stop - where.start))
        offset = effects.observation_offset.copy()
        offset[active, where] += noise[active].astype(np.float32)
        summary = {"start": active.start, "stop": active.stop}
        return Applied(replace(effects, observation_offset=offset), summary)


class Bias(_FieldFault):
    """A constant error of one length, in a direction that is given or drawn (a sign, for a single component)."""

    meaning: ClassVar[str] = "the sensor is miscalibrated: every measurement is off by the same vector"
    category: ClassVar[str] = "state_estimation"

    fault: Literal["observation.bias"] = "observation.bias"
    bias: Measure = Field(description="length of the error, in the unit of the field")
    direction: tuple[float, ...] | None = Field(
        default=None, description="its direction, one number per component; random if left out", examples=[[1, 0]]
    )

    def check(self, contract: TaskContract, whose: str) -> None:
        """Raise ManifestError if window, field, unit or direction do not fit the task."""
        super().check(contract, whose)
        checked_size(self.direction, self._checked_field(contract, self.bias, whose), whose)

    def apply(self, effects: Effects, contract: TaskContract, rng: np.random.Generator) -> Applied:
        """Add the error to the sensor's offset."""
        active, where = self.window.place(contract, rng), slices(contract.observation)[self.field]
        error = (self.bias.value * unit_vector(self.direction, where.stop - where.start, rng)).astype(np.float32)
        offset = effects.observation_offset.copy()
        offset[active, where] += error
        summary = {"start": active.start, "stop": active.stop, "error": error.tolist()}
        return Applied(replace(effects, observation_offset=offset), summary)
