"""What sensors and their drivers make of true values, beyond an offset: arrays of one episode, and how they act.

Most faults of an episode need none of this; `Effects.sensing` is then None.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float32, Int32, Int64

from harness.contract.fields import Array
from harness.contract.task import TaskContract
from harness.faults.streams import rerouted, through

if TYPE_CHECKING:
    from harness.faults.effects import Effects

__all__ = ["ZERO", "FrameError", "Sensing", "carrying", "rounded", "sensed", "true_sensing"]

ZERO = -1
"""In `Sensing.source`: the driver reports zero."""


@dataclass(frozen=True, eq=False)
class FrameError:
    """Frames of the steps start <= t < stop are given in a wrong coordinate frame: matrix @ value + shift."""

    start: int
    stop: int
    matrix: Float32[Array, "observation observation"]
    shift: Float32[Array, " observation"]


@dataclass(frozen=True, eq=False)
class Sensing:
    """Value faults of one episode; T is the horizon, entry t belongs to the measurement of step t.

    Attributes:
        gain: factor on the true value; 1 for none.
        quantum: measurements are multiples of it, in the units of the observation; 0 for none.
        frames: errors of the coordinate frame, in the order in which they act.
        source: which delivery of each component the frame of step t carries, at most t; `ZERO` for a zero.
        link: which measurement of each component its agent's own link delivers at step t, at most t; None where no
            agent's link has a fault, and every measurement is delivered at once.
    """

    gain: Float32[Array, "T observation"]
    quantum: Float32[Array, "T observation"]
    frames: tuple[FrameError, ...]
    source: Int32[Array, "T observation"]
    link: Int32[Array, "T observation"] | None = None

    @property
    def taken(self) -> Int32[Array, "T observation"]:
        """Which measurement of each component the frame of step t carries; `ZERO` for a zero."""
        if self.link is None:
            return self.source
        return np.where(self.source < 0, self.source, np.take_along_axis(self.link, np.maximum(self.source, 0), axis=0))

    @property
    def idle(self) -> bool:
        """Whether it changes nothing."""
        late = self.source != np.arange(len(self.source))[:, None]
        true = not (self.frames or (self.gain != 1).any() or self.quantum.any() or late.any())
        return true and self.link is None


def true_sensing(steps: int, width: int) -> Sensing:
    """Sensors without an error."""
    own = np.repeat(np.arange(steps, dtype=np.int32)[:, None], width, axis=1)
    return Sensing(np.ones((steps, width), np.float32), np.zeros((steps, width), np.float32), (), own)


def carrying(
    effects: Effects, contract: TaskContract, source: Int32[Array, " T"], columns: Int64[Array, " width"] | None
) -> Effects:
    """The effects with one more link, which delivers at step t what was sent at step source[t].

    Args:
        effects: so far.
        contract: of the task.
        source: at most t.
        columns: components that it carries; None for the shared link of whole frames, which comes after agents' own.
    """
    if columns is None:
        return replace(effects, observation_source=through(effects.observation_source, source))
    if np.array_equal(source, np.arange(contract.horizon)):
        return effects
    width = contract.observation_width
    sensing = effects.sensing or true_sensing(contract.horizon, width)
    link = rerouted(sensing.link, width, source, columns)
    return replace(effects, sensing=replace(sensing, link=link))


def sensed(
    effects: Effects, measured: Float32[Array, "steps observation"], at: Int64[Array, " n"]
) -> Float32[Array, "n observation"]:
    """The frames that leave the drivers at the steps `at`: gain, offset, quantum, wrong frame, lost sensors.

    Args:
        effects: of the episode.
        measured: true values, up to the last of `at` at least.
        at: steps at which the frames are put together.
    """
    sensing = effects.sensing
    if sensing is None:
        return measured[at] + effects.observation_offset[at]
    source = sensing.taken[at]
    taken, columns = np.maximum(source, 0), np.arange(measured.shape[1])
    values = measured[taken, columns]
    gain, quantum = sensing.gain[taken, columns], sensing.quantum[taken, columns]
    values = np.where(gain == 1, values, values * gain) + effects.observation_offset[taken, columns]
    values = rounded(values, quantum)
    for error in sensing.frames:
        inside = (at >= error.start) & (at < error.stop)
        turned = (values[:, None, :].astype(np.float64) * error.matrix).sum(axis=-1) + error.shift
        values = np.where(inside[:, None], turned.astype(np.float32), values)
    return np.where(source == ZERO, np.float32(0), values).astype(np.float32)


def rounded(values: Float32[Array, "*n"], quantum: Float32[Array, "*n"]) -> Float32[Array, "*n"]:
    """The nearest multiples of the quantum, halves to even; values with quantum 0 stay as they are."""
    coarse = quantum > 0
    steps = np.where(coarse, quantum, 1).astype(np.float64)
    return np.where(coarse, (np.round(values / steps) * steps).astype(np.float32), values)
