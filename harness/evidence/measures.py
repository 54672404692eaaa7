"""Numbers read off one rollout: saturation, tracking of the command, jerk, recovery after a fault."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Int64

from harness.contract.fields import Array, bounds
from harness.contract.task import TaskContract
from harness.faults.actuation import sources
from harness.rollout.episode import Rollout

__all__ = ["Recovery", "action_error", "jerk", "recovery", "saturation"]


@dataclass(frozen=True)
class Recovery:
    """Whether progress resumed after a fault that acted on steps [start, stop).

    Attributes:
        recovered: progress rose above its level at the end of the window, or the task was solved after it; None if the
            episode ended before the window did.
        steps: control steps from the end of the window until then.
    """

    start: int
    stop: int
    recovered: bool | None
    steps: int | None


def saturation(rollout: Rollout, columns: Int64[Array, " width"] | None = None) -> float:
    """Share of steps at which a limit cut the arriving command; NaN for an empty rollout.

    Args:
        rollout: what happened.
        columns: components that are looked at; all if None.
    """
    n = rollout.steps
    if n == 0:
        return float("nan")
    effects = rollout.assignment.effects
    source = sources(effects)[:n]
    arriving = np.take_along_axis(rollout.commanded, np.maximum(source, 0), axis=0) + effects.action_offset[:n]
    outside = (arriving < effects.action_low[:n]) | (arriving > effects.action_high[:n])
    outside &= source >= 0
    return float((outside if columns is None else outside[:, columns]).any(axis=1).mean())


def action_error(rollout: Rollout, contract: TaskContract, columns: Int64[Array, " width"] | None = None) -> float:
    """Mean |applied - commanded| over steps and components (those of `columns`), as a share of the actuator range."""
    return _mean_share(rollout.applied - rollout.commanded, contract, columns)


def jerk(rollout: Rollout, contract: TaskContract) -> float:
    """Mean |third difference| of the applied action, as a share of the actuator range."""
    return _mean_share(np.diff(rollout.applied, n=3, axis=0), contract)


def recovery(rollout: Rollout, contract: TaskContract, start: int, stop: int) -> Recovery:
    """Recovery after one window; see `Recovery`."""
    if rollout.steps <= stop:
        solved = bool(rollout.success[min(start, rollout.steps) :].any())
        return Recovery(start, stop, True if solved else None, None)
    progress = rollout.signals[:, [signal.role for signal in contract.signals].index("progress")]
    level = progress[max(stop - 1, 0)]
    resumed = (progress[stop:] > level + 1e-6) | rollout.success[stop:]
    if not resumed.any():
        return Recovery(start, stop, False, None)
    return Recovery(start, stop, True, int(np.argmax(resumed)) + 1)


def _mean_share(
    values: Float32[Array, "steps action"], contract: TaskContract, columns: Int64[Array, " width"] | None = None
) -> float:
    if values.size == 0:
        return float("nan")
    low, high = bounds(contract.action)
    share = np.abs(values.astype(np.float64)) / (high - low)
    return float(np.mean(share if columns is None else share[:, columns]))
