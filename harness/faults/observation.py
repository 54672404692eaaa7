"""Faults of the link between the sensors and the policy: frames frozen, lost, late, out of order or twice."""

from __future__ import annotations

from math import inf
from typing import ClassVar, Literal

import numpy as np
from jaxtyping import Int32
from pydantic import Field

from harness.contract.fields import Array
from harness.contract.task import TaskContract
from harness.faults.base import AgentFault, Applied, checked_part
from harness.faults.effects import Effects
from harness.faults.ladder import Ladder
from harness.faults.sensing import carrying
from harness.faults.streams import bursts, delayed, doubled, freshest, held, overtaken, stretch
from harness.quantities import Duration, Ratio

__all__ = ["Duplicate", "FrameDelay", "FrameDrop", "Freeze", "Jitter", "Reorder"]

_LATE = ("80 ms", "160 ms", "240 ms", "400 ms", "600 ms")


class _LinkFault(AgentFault):
    """A fault of the link that carries whole frames, or of the one that brings what is measured on an agent."""

    side: ClassVar[Literal["observation", "action"]] = "observation"

    def carried(self, effects: Effects, contract: TaskContract, source: Int32[Array, " T"]) -> Effects:
        """The effects with a link that delivers at step t what was sent at step source[t]."""
        return carrying(effects, contract, source, None if self.agent is None else self.columns(contract))


class Freeze(_LinkFault):
    """One stretch of frames is lost: the last frame before it is delivered until it ends."""

    meaning: ClassVar[str] = "the camera driver hangs: one old frame is delivered for a while"
    category: ClassVar[str] = "perception"
    ladder: ClassVar[Ladder] = Ladder("duration", "s", 0, inf, "0 s", ("200 ms", "500 ms", "1 s", "2 s", "4 s"))

    fault: Literal["observation.freeze"] = "observation.freeze"
    duration: Duration = Field(description="how long it lasts; placed at random in the window")

    def check(self, contract: TaskContract, whose: str) -> None:
        """Raise ManifestError if the window is empty or has a length."""
        super().check(contract, whose)
        checked_part(self.window, whose)

    def apply(self, effects: Effects, contract: TaskContract, rng: np.random.Generator) -> Applied:
        """Compose the source map with one long repeat."""
        active = self.window.place_part(self.duration, contract, rng)
        carried = self.carried(effects, contract, held(stretch(active, contract.horizon), first=0))
        summary = {"start": active.start, "stop": active.stop}
        return Applied(carried, summary)


class FrameDrop(_LinkFault):
    """The last delivered frame is delivered again; frame 0 always arrives."""

    meaning: ClassVar[str] = "the link loses frames, one by one or in bursts, and the policy sees the last one again"
    category: ClassVar[str] = "perception"
    source: ClassVar[str] = "bursty loss after Gilbert 1960, with bursts of fixed length"
    ladder: ClassVar[Ladder] = Ladder("probability", "%", 0, 100, "0 %", ("20 %", "40 %", "60 %", "75 %", "90 %"))

    fault: Literal["observation.frame_drop"] = "observation.frame_drop"
    probability: Ratio = Field(description="expected share of frames lost")
    burst: Duration = Field(default=Duration(1, "steps"), description="how long one loss lasts")

    def apply(self, effects: Effects, contract: TaskContract, rng: np.random.Generator) -> Applied:
        """Compose the source map with repeats of the last frame."""
        active, steps = self.window.place(contract, rng), contract.horizon
        burst = max(1, self.burst.to_steps(contract.control_period_s))
        lost = bursts(self.probability, burst, active, steps, rng)
        lost[0] = False
        carried = self.carried(effects, contract, held(lost, first=0))
        summary = {"start": active.start, "stop": active.stop, "dropped": int(lost.sum())}
        return Applied(carried, summary)


class FrameDelay(_LinkFault):
    """Frames arrive late: measurement t - delay at step t, frame 0 until then."""

    meaning: ClassVar[str] = "frames are transported or processed slowly, and the policy sees the past"
    category: ClassVar[str] = "state_estimation"
    ladder: ClassVar[Ladder] = Ladder("delay", "s", 0, inf, "0 s", _LATE)

    fault: Literal["observation.delay"] = "observation.delay"
    delay: Duration = Field(description="how late frames arrive")

    def apply(self, effects: Effects, contract: TaskContract, rng: np.random.Generator) -> Applied:
        """Compose the source map with the delay."""
        active = self.window.place(contract, rng)
        delay = self.delay.to_steps(contract.control_period_s)
        late = delayed(delay, active, contract.horizon, first=0)
        summary = {"start": active.start, "stop": active.stop, "delay_steps": delay}
        return Applied(self.carried(effects, contract, late), summary)


class Jitter(_LinkFault):
    """Every frame is late by whole steps, uniform from 0 to the delay; the policy sees the newest that has arrived."""

    meaning: ClassVar[str] = "frames arrive at irregular times, and what was overtaken is thrown away"
    category: ClassVar[str] = "perception"
    ladder: ClassVar[Ladder] = Ladder("delay", "s", 0, inf, "0 s", _LATE)

    fault: Literal["observation.jitter"] = "observation.jitter"
    delay: Duration = Field(description="the largest delay of a frame")

    def apply(self, effects: Effects, contract: TaskContract, rng: np.random.Generator) -> Applied:
        """Compose the source map with the newest frame that has arrived; frame 0 is on time."""
        active = self.window.place(contract, rng)
        most = self.delay.to_steps(contract.control_period_s)
        late = np.zeros(contract.horizon, np.int64)
        late[active] = np.floor((most + 1) * rng.random(contract.horizon))[active]
        late[0] = 0
        carried = self.carried(effects, contract, freshest(late))
        summary = {"start": active.start, "stop": active.stop, "mean_steps": _mean(late[active])}
        return Applied(carried, summary)


class Reorder(_LinkFault):
    """Some frames arrive a delay late and are shown when they arrive: for one step the policy goes back in time."""

    meaning: ClassVar[str] = "frames take different ways, and nobody sorts them: an old one follows a newer one"
    category: ClassVar[str] = "perception"
    ladder: ClassVar[Ladder] = Ladder("probability", "%", 0, 100, "0 %", ("5 %", "10 %", "20 %", "30 %", "40 %"))

    fault: Literal["observation.reorder"] = "observation.reorder"
    probability: Ratio = Field(description="share of frames that are late")
    delay: Duration = Field(default=Duration(3, "steps"), description="how late they arrive")

    def apply(self, effects: Effects, contract: TaskContract, rng: np.random.Generator) -> Applied:
        """Compose the source map with frames that were overtaken; frame 0 is on time."""
        active = self.window.place(contract, rng)
        delay = self.delay.to_steps(contract.control_period_s)
        late = np.zeros(contract.horizon, bool)
        late[active] = rng.random(contract.horizon)[active] < self.probability
        carried = self.carried(effects, contract, overtaken(late, delay, active))
        summary = {"start": active.start, "stop": active.stop, "late": int(late.sum())}
        return Applied(carried, summary)


class Duplicate(_LinkFault):
    """A frame is delivered twice, and those behind it wait; once more than `queue` steps late, the queue is emptied."""

    meaning: ClassVar[str] = "the link repeats frames, and the newer ones queue up behind the copies"
    category: ClassVar[str] = "perception"
    ladder: ClassVar[Ladder] = Ladder("probability", "%", 0, 100, "0 %", ("15 %", "30 %", "45 %", "60 %", "80 %"))

    fault: Literal["observation.duplicate"] = "observation.duplicate"
    probability: Ratio = Field(description="share of steps that deliver the frame of the step before again")
    queue: Duration = Field(default=Duration(2, "steps"), description="how far the stream may fall behind")

    def apply(self, effects: Effects, contract: TaskContract, rng: np.random.Generator) -> Applied:
        """Compose the source map with the copies."""
        active = self.window.place(contract, rng)
        twice = np.zeros(contract.horizon, bool)
        twice[active] = rng.random(contract.horizon)[active] < self.probability
        most = self.queue.to_steps(contract.control_period_s)
        carried = self.carried(effects, contract, doubled(twice, most, active.stop))
        summary = {"start": active.start, "stop": active.stop, "copies": int(twice.sum())}
        return Applied(carried, summary)


def _mean(values: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> float:
    return float(values.mean()) if len(values) else 0.0
