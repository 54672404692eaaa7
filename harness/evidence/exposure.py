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
    "frame_age": "median age of the delivered frames, control steps",
    "observation_error": "largest root-mean-square sensor error of a component, as a share of its range",
    "latency": "mean virtual latency of the queries, control steps",
    "command_delay": "mean age of the command that was applied, control steps",
    "action_offset": "largest root-mean-square action disturbance of a component, as a share of its range",
    "dynamics": "largest |log2 factor| on the model; log2(1 + kg) of a payload, log2(1 + 10 sin) of a slope",
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
    command_age[effects.action_source[:n] == ZERO] = 0
    return {
        "stale_share": max(_stale_share(age), _worst_sensor(effects, n)),
        "frame_age": float(np.median(age)),
        "observation_error": _rms_share(_sensor_error(rollout), *bounds(contract.observation)),
        "latency": float(effects.latency[rollout.query_steps].mean()) if len(rollout.query_steps) else 0.0,
        "command_delay": float(np.mean(command_age)),
        "action_offset": _rms_share(_disturbance(rollout), *bounds(contract.action)),
        "dynamics": _octaves(effects.dynamics, n),
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


def _worst_sensor(effects: Effects, n: int) -> float:
    """Stale share of the sensor that repeats itself most; a zero in its place is no news either."""
    if effects.sensing is None:
        return 0.0
    columns = np.unique(effects.sensing.source[:n], axis=1).T
    own = np.arange(n)
    return max(_stale_share(own - np.maximum.accumulate(column)[effects.observation_source[:n]]) for column in columns)


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
