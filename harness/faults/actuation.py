"""What the robot makes of commands, beyond an offset and limits: arrays of one episode, and how they act.

Most faults of an episode need none of this; `Effects.actuation` is then None.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Float32, Int32, Int64

from harness.contract.fields import Array, bounds
from harness.contract.task import TaskContract
from harness.faults.sensing import rounded
from harness.faults.streams import rerouted, through

if TYPE_CHECKING:
    from harness.faults.effects import Effects

__all__ = ["ZERO", "Actuation", "actuated", "arrived", "carrying", "sources", "true_actuation"]

ZERO = -2
"""In `Effects.action_source`: the robot gets a zero."""


@dataclass(frozen=True, eq=False)
class Actuation:
    """Actuator faults of one episode; T is the horizon, entry t belongs to the command that is applied at t.

    Attributes:
        centre: of the actuator bounds, in action units.
        partner: the component that couples into each component.
        coupling: share of the partner in the component; 0 for none, 1 where they are swapped.
        gain: factor on the command about the centre of the actuator bounds; 1 for none.
        quantum: commands are multiples of it, in action units; 0 for none.
        deadband: a smaller change of what is applied is not executed, in action units; 0 for none.
        rate: largest change of what is applied in a control step, in action units; infinite for none.
        held: the component does not move.
        link: step at which the shared link delivered what reaches each component at t, through its agent's own link;
            at most t, -1 for the rest action before anything has arrived, `ZERO` for a zero. None where no agent's
            link has a fault.
    """

    centre: Float32[Array, " action"]
    partner: Int32[Array, "T action"]
    coupling: Float32[Array, "T action"]
    gain: Float32[Array, "T action"]
    quantum: Float32[Array, "T action"]
    deadband: Float32[Array, "T action"]
    rate: Float32[Array, "T action"]
    held: Bool[Array, "T action"]
    link: Int32[Array, "T action"] | None = None

    @property
    def remembers(self) -> bool:
        """Whether what is applied depends on what was applied before."""
        return bool(self.held.any() or (self.deadband > 0).any() or np.isfinite(self.rate).any())

    @property
    def faithful(self) -> bool:
        """Whether what arrives is applied as it is."""
        misread = self.coupling.any() or (self.gain != 1).any() or self.quantum.any()
        return not (misread or self.remembers)

    @property
    def idle(self) -> bool:
        """Whether it changes nothing."""
        return self.faithful and self.link is None


def true_actuation(contract: TaskContract) -> Actuation:
    """Actuators without an error."""
    steps, width, (low, high) = contract.horizon, contract.action_width, bounds(contract.action)
    zero = np.zeros((steps, width), np.float32)
    own = np.repeat(np.arange(width, dtype=np.int32)[None], steps, axis=0)
    one, free = np.ones((steps, width), np.float32), np.full((steps, width), np.inf, np.float32)
    return Actuation((low + high) / 2, own, zero, one, zero, zero, free, np.zeros((steps, width), bool))


def carrying(
    effects: Effects, contract: TaskContract, source: Int32[Array, " T"], columns: Int64[Array, " width"] | None
) -> Effects:
    """The effects with one more link, which delivers at step t what was sent at step source[t].

    Args:
        effects: so far.
        contract: of the task.
        source: at most t; -1 before the first command arrives, `ZERO` for a zero.
        columns: components that it carries; None for the shared link, which comes before those of agents.
    """
    if columns is None:
        return replace(effects, action_source=through(effects.action_source, source))
    if np.array_equal(source, np.arange(contract.horizon)):
        return effects
    actuation = effects.actuation or true_actuation(contract)
    link = rerouted(actuation.link, contract.action_width, source, columns)
    return replace(effects, actuation=replace(actuation, link=link))


def sources(effects: Effects) -> Int32[Array, "T columns"]:
    """Step whose command reaches each component at t, as `Effects.action_source`; one column where all share it."""
    shared = effects.action_source
    if effects.actuation is None or effects.actuation.link is None:
        return shared[:, None]
    link = effects.actuation.link
    return np.where(link < 0, link, shared[np.maximum(link, 0)])


def arrived(
    effects: Effects,
    commanded: Float32[Array, "steps action"],
    rest: Float32[Array, " action"],
    at: Int64[Array, " n"],
) -> Float32[Array, "n action"]:
    """The commands that arrive at the steps `at`, where agents have links of their own.

    Args:
        effects: of the episode.
        commanded: up to the last of `at` at least.
        rest: the action held before the first command arrives.
        at: control steps.
    """
    source = sources(effects)[at]
    carried = np.take_along_axis(commanded, np.maximum(source, 0), axis=0)
    return np.where(source == ZERO, np.float32(0), np.where(source < 0, rest, carried))


def actuated(
    effects: Effects,
    arriving: Float32[Array, "n action"],
    steps: Int64[Array, " n"],
    before: Float32[Array, " action"],
) -> Float32[Array, "n action"]:
    """What reaches the actuators at consecutive steps: coupling, gain, offset, quantum, limits, deadband, rate, hold.

    Args:
        effects: of the episode.
        arriving: commands that arrive at the steps.
        steps: consecutive control steps; a repeated last one does no harm.
        before: what was applied before the first of them.
    """
    actuation, wanted = effects.actuation, arriving
    if actuation is not None:
        wanted = _misread(actuation, arriving, steps)
    wanted = wanted + effects.action_offset[steps]
    if actuation is not None:
        wanted = rounded(wanted, actuation.quantum[steps])
    wanted = np.clip(wanted, effects.action_low[steps], effects.action_high[steps]).astype(np.float32)
    if actuation is not None and actuation.remembers:
        wanted = _followed(actuation, wanted, steps, before)
    return wanted


def _misread(actuation: Actuation, arriving: Array, steps: Array) -> Array:
    """Coupling and gain."""
    coupling, gain = actuation.coupling[steps], actuation.gain[steps]
    partner = np.take_along_axis(arriving, actuation.partner[steps], axis=1)
    coupled = np.where(coupling > 0, (1 - coupling) * arriving + coupling * partner, arriving)
    return np.where(gain == 1, coupled, actuation.centre + gain * (coupled - actuation.centre))


def _followed(actuation: Actuation, wanted: Array, steps: Array, before: Array) -> Array:
    """Deadband, rate limit and hold, one step after the other.

    Between two points inside the actuator bounds lie only points inside them, but for the last bit: `before` and
    `wanted` are inside, and what is beyond the nearer of the two is cut.
    """
    applied = np.empty_like(wanted)
    for row, step in enumerate(steps):
        change = wanted[row] - before
        rate = actuation.rate[step]
        moved = np.where(np.abs(change) <= rate, wanted[row], before + np.clip(change, -rate, rate))
        moved = np.clip(moved, np.minimum(wanted[row], before), np.maximum(wanted[row], before))
        still = actuation.held[step] | (np.abs(change) < actuation.deadband[step])
        before = applied[row] = np.where(still, before, moved)
    return applied
