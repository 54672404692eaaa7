"""Numbers read off one rollout: saturation, tracking of the command, jerk, recovery after a fault."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32

from harness.contract.fields import Array, bounds
from harness.contract.task import TaskContract
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


def saturation(rollout: Rollout) -> float:
    """Share of steps at which a limit cut the arriving command, over all components; NaN for an empty rollout."""
    n = rollout.steps
    if n == 0:
        return float("nan")
    effects = rollout.assignment.effects
    source = effects.action_source[:n]
    arriving = rollout.commanded[np.maximum(source, 0)] + effects.action_offset[:n]
    outside = (arriving < effects.action_low[:n]) | (arriving > effects.action_high[:n])
    return float((outside.any(axis=1) & (source >= 0)).mean())


def action_error(rollout: Rollout, contract: TaskContract) -> float:
    """Mean |applied - commanded| over steps and components, as a share of the actuator range."""
    return _mean_share(rollout.applied - rollout.commanded, contract)


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


def _mean_share(values: Float32[Array, "steps action"], contract: TaskContract) -> float:
    if values.size == 0:
        return float("nan")
    low, high = bounds(contract.action)
    return float(np.mean(np.abs(values.astype(np.float64)) / (high - low)))
