"""What the faults of an episode amounted to over the steps that were run, as plain numbers that labels can read."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from harness.contract.fields import Array, bounds
from harness.contract.task import Dynamics, TaskContract
from harness.faults.actuation import ZERO
from harness.faults.effects import Effects
from harness.faults.sensing import sensed
from harness.rollout.episode import Rollout

__all__ = ["EXPOSURE", "exposure"]

EXPOSURE = {
    "stale_share": "share of steps that delivered the same measurement as the step before, a constant delay apart",
    "frame_age": "median age of a frame at the step that it arrives on, control steps",
    "observation_error": "largest root-mean-square sensor error of a component, as a share of its range",
    "latency": "mean virtual latency of the queries, control steps",
    "command_delay": "median age of a command at the step that it arrives on, control steps",
    "command_period": "time from one command that arrives to the next where it is regular, beyond one control step",
    "action_fault": "share of the steps on which a fault acts on commands or their limits",
    "action_offset": "largest root-mean-square action disturbance of a component, as a share of its range",
    "dynamics": "largest |log2 factor| on the model; log2(1 + kg) of a payload, log2(1 + 10 sin) of a slope",
    "push": "largest external force on the object, newton",
    "shift": "distance by which the object was moved, metre",
}


REGULAR = 0.9
"""Share of equal gaps from which on they are a period."""


def exposure(rollout: Rollout, contract: TaskContract) -> dict[str, float]:
    """Numbers under the names of `EXPOSURE`; all zero without faults and for an empty rollout."""
    n = rollout.steps
    if n == 0:
        return dict.fromkeys(EXPOSURE, 0.0)
    effects = rollout.assignment.effects
    frames, commands = effects.observation_source[:n], effects.action_source[:n]
    return {
        "stale_share": max(_stale_share(frames), _worst_sensor(effects, n)),
        "frame_age": _age_on_arrival(frames),
        "observation_error": _rms_share(_sensor_error(rollout), *bounds(contract.observation)),
        "latency": float(effects.latency[rollout.query_steps].mean()) if len(rollout.query_steps) else 0.0,
        "command_delay": _age_on_arrival(commands),
        "command_period": _period(commands),
        "action_fault": _touched(effects, contract, n),
        "action_offset": _rms_share(_disturbance(rollout), *bounds(contract.action)),
        "dynamics": _octaves(effects.dynamics, n),
        "push": float(np.linalg.norm(effects.push[:n], axis=1).max()),
        "shift": float(np.linalg.norm(effects.shift)) if 0 <= effects.shift_step < n else 0.0,
    }


def _rms_share(values: Array, low: Array, high: Array) -> float:
    share = values.astype(np.float64) / (high - low)
    return float(np.sqrt((share**2).mean(axis=0)).max())


def _arrivals(source: Array) -> Array:
    """Steps on which something newer arrives than ever before; what is lost or stands in for it never arrives."""
    newest = np.maximum.accumulate(np.concatenate([[-1], source[:-1]]))
    return np.flatnonzero(source > newest)


def _age_on_arrival(source: Array) -> float:
    """A transport delay: that something is then repeated, because the next is lost, does not count."""
    at = _arrivals(source)
    return float(np.median(at - source[at])) if len(at) else 0.0


def _period(source: Array) -> float:
    """What is fetched at a lower rate comes in equal gaps, while between those of what is lost there are short ones."""
    gaps = np.diff(_arrivals(source))
    longer = np.flatnonzero(gaps > 1)
    if not len(gaps) or len(longer) < min(2, len(gaps)):
        return 0.0
    # The first gap is cut short by where the period happens to begin.
    within = gaps[longer[min(1, len(longer) - 1)] : longer[-1] + 1]
    usual = np.median(within)
    return float(usual - 1) if np.mean(within == usual) >= REGULAR else 0.0


def _stale_share(source: Array) -> float:
    """Share of steps that repeat what was there, from the step on at which a constant delay would have settled."""
    repeated = np.diff(source)[int(_age_on_arrival(source)) :] <= 0
    return float(repeated.mean()) if len(repeated) else 0.0


def _touched(effects: Effects, contract: TaskContract, n: int) -> float:
    low, high = bounds(contract.action)
    if effects.actuation is not None:
        return 1.0
    limited = (effects.action_low[:n] > low) | (effects.action_high[:n] < high)
    moved = effects.action_source[:n] != np.arange(n)
    return float((moved | (limited | (effects.action_offset[:n] != 0)).any(axis=1)).mean())


def _worst_sensor(effects: Effects, n: int) -> float:
    """Stale share of the sensor that repeats itself most; a zero in its place is no news either."""
    if effects.sensing is None:
        return 0.0
    columns = np.unique(effects.sensing.source[:n], axis=1).T
    return max(_stale_share(np.maximum.accumulate(column)[effects.observation_source[:n]]) for column in columns)


def _sensor_error(rollout: Rollout) -> Array:
    """What the sensors add to the true values, per step of measurement; how old a value is does not count."""
    effects, n = rollout.assignment.effects, rollout.steps
    if effects.sensing is None:
        return effects.observation_offset[:n]
    timely = replace(effects.sensing, source=np.repeat(np.arange(n)[:, None], rollout.measured.shape[1], axis=1))
    return sensed(replace(effects, sensing=timely), rollout.measured, np.arange(n)) - rollout.measured[:n]


def _disturbance(rollout: Rollout) -> Array:
    """What is added to commands; with actuators that misread or do not follow, all that they make of what arrives."""
    effects, n = rollout.assignment.effects, rollout.steps
    if effects.actuation is None:
        return effects.action_offset[:n]
    source = effects.action_source[:n, None]
    arrived = np.where(source == ZERO, np.float32(0), rollout.commanded[np.maximum(effects.action_source[:n], 0)])
    return np.where(source == -1, np.float32(0), rollout.applied - arrived)


def _octaves(dynamics: Dynamics, n: int) -> float:
    """Largest change of the model within n steps; a kilogram of payload and a slope of one in ten are one octave."""
    factors = [factor for _, factor in dynamics.scales]
    factors += [factor for _, factor, start, _ in dynamics.windowed if start < n]
    slope = float(np.sin(np.linalg.norm(dynamics.tilt))) if dynamics.tilt else 0.0
    octaves = [abs(float(np.log2(factor))) for factor in factors]
    return max(*octaves, float(np.log2(1 + dynamics.payload)), float(np.log2(1 + 10 * slope)), 0.0)
