"""What the faults of an episode amounted to over the steps that were run, as plain numbers that labels can read."""

from __future__ import annotations

import numpy as np

from harness.contract.fields import Array, bounds
from harness.contract.task import TaskContract
from harness.rollout.episode import Rollout

__all__ = ["EXPOSURE", "exposure"]

EXPOSURE = {
    "stale_share": "share of steps that delivered the same measurement as the step before, a constant delay apart",
    "frame_age": "median age of the delivered frames, control steps",
    "observation_error": "largest root-mean-square sensor error of a component, as a share of its range",
    "latency": "mean virtual latency of the queries, control steps",
    "command_delay": "mean age of the command that was applied, control steps",
    "action_offset": "largest root-mean-square action disturbance of a component, as a share of its range",
    "dynamics": "largest |log2 factor| on the model",
    "push": "largest external force on the object, newton",
    "shift": "distance by which the object was moved, metre",
}


def exposure(rollout: Rollout, contract: TaskContract) -> dict[str, float]:
    """Numbers under the names of `EXPOSURE`; all zero without faults and for an empty rollout."""
    n = rollout.steps
    if n == 0:
        return dict.fromkeys(EXPOSURE, 0.0)
    effects = rollout.assignment.effects
    age = np.arange(n) - effects.observation_source[:n]
    command_age = np.arange(n) - effects.action_source[:n]
    return {
        "stale_share": _stale_share(age),
        "frame_age": float(np.median(age)),
        "observation_error": _rms_share(effects.observation_offset[:n], *bounds(contract.observation)),
        "latency": float(effects.latency[rollout.query_steps].mean()) if len(rollout.query_steps) else 0.0,
        "command_delay": float(np.mean(command_age)),
        "action_offset": _rms_share(effects.action_offset[:n], *bounds(contract.action)),
        "dynamics": max((abs(float(np.log2(factor))) for _, factor in effects.dynamics.scales), default=0.0),
        "push": float(np.linalg.norm(effects.push[:n], axis=1).max()),
        "shift": float(np.linalg.norm(effects.shift)) if 0 <= effects.shift_step < n else 0.0,
    }


def _rms_share(values: Array, low: Array, high: Array) -> float:
    share = values.astype(np.float64) / (high - low)
    return float(np.sqrt((share**2).mean(axis=0)).max())


def _stale_share(age: Array) -> float:
    """Share of steps at which the age grew, from the step on at which a constant delay would have settled."""
    grew = np.diff(age)[int(np.median(age)) :] > 0
    return float(grew.mean()) if len(grew) else 0.0
