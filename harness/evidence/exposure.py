"""What the faults of an episode amounted to over the steps that were run, as plain numbers that labels can read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from harness.contract.agents import columns_of
from harness.contract.fields import Array, bounds
from harness.contract.task import Dynamics, TaskContract
from harness.evidence.measures import action_error, saturation
from harness.faults.actuation import arrived, sources
from harness.faults.effects import Effects
from harness.faults.sensing import sensed
from harness.rollout.episode import Rollout

__all__ = ["EXPOSURE", "OF_AGENT", "OF_PICTURES", "exposure"]

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

OF_PICTURES = {
    "pictures_touched": "share of the pictures seen by the policy that were other ones than without faults of cameras",
}
"""Told only where a fault acts on cameras and the policy reads some."""

OF_AGENT = {
    name: f"{EXPOSURE[name]}, over the fields of one agent"
    for name in ("stale_share", "frame_age", "observation_error", "command_delay", "command_period", "action_offset")
} | {
    "saturation": "share of steps at which a limit cut an arriving command of one agent",
    "action_error": "mean |applied - commanded| of one agent as a share of the actuator range",
}
"""Numbers that are told by agent as well, under `NAME of AGENT`, where a fault of the episode acts on one agent."""

REGULAR = 0.9
"""Share of equal gaps from which on they are a period."""


def exposure(rollout: Rollout, contract: TaskContract, agents: Sequence[str] = ()) -> dict[str, float]:
    """Numbers under the names of `EXPOSURE`; all zero without faults and for an empty rollout.

    Args:
        rollout: what happened.
        contract: of the task.
        agents: those for which the numbers of `OF_AGENT` are told as well, under names such as `frame_age of left arm`.
    """
    n = rollout.steps
    if n == 0:
        return dict.fromkeys(EXPOSURE, 0.0)
    effects = rollout.assignment.effects
    observation, action = (np.arange(width) for width in (contract.observation_width, contract.action_width))
    told = {
        **_sensed(rollout, contract, observation),
        "latency": float(effects.latency[rollout.query_steps].mean()) if len(rollout.query_steps) else 0.0,
        **_commanded(rollout, contract, action),
        "action_fault": _touched(effects, contract, n),
        "dynamics": _octaves(effects.dynamics, n),
        "push": float(np.linalg.norm(effects.push[:n], axis=1).max()),
        "shift": float(np.linalg.norm(effects.shift)) if 0 <= effects.shift_step < n else 0.0,
    }
    told = {name: told[name] for name in EXPOSURE} | _pictured(rollout)
    for agent in agents:
        seen, driven = columns_of(contract.observation, agent), columns_of(contract.action, agent)
        own = _sensed(rollout, contract, seen) if len(seen) else {}
        own |= _commanded(rollout, contract, driven)
        own |= {"saturation": saturation(rollout, driven), "action_error": action_error(rollout, contract, driven)}
        told |= {f"{name} of {agent}": value for name, value in own.items()}
    return told


def _sensed(rollout: Rollout, contract: TaskContract, columns: Array) -> dict[str, float]:
    """What faults made of some components of the observation."""
    effects, n = rollout.assignment.effects, rollout.steps
    frames = effects.observation_source[:n]
    low, high = bounds(contract.observation)
    error = _sensor_error(rollout)[:, columns]
    return {
        "stale_share": max(_stale_share(frames), _worst_sensor(effects, n, columns)),
        "frame_age": max(_age_on_arrival(stream) for stream in _frames(effects, n, columns)),
        "observation_error": _rms_share(error, low[columns], high[columns]),
    }


def _pictured(rollout: Rollout) -> dict[str, float]:
    """Over the newest picture of each camera at each query; nothing where there is nothing to tell."""
    vision, asked = rollout.assignment.effects.vision, rollout.query_steps
    if vision is None or not rollout.cameras or not len(asked):
        return {}
    measured = rollout.assignment.effects.observation_source[asked].tolist()
    touched = [vision.touched(camera, step) for camera in rollout.cameras for step in measured]
    return {"pictures_touched": float(np.mean(touched))}


def _commanded(rollout: Rollout, contract: TaskContract, columns: Array) -> dict[str, float]:
    """What faults made of some components of the action."""
    n = rollout.steps
    source = sources(rollout.assignment.effects)[:n]
    streams = source.T if source.shape[1] == 1 else np.unique(source[:, columns], axis=1).T
    low, high = bounds(contract.action)
    return {
        "command_delay": max(_age_on_arrival(stream) for stream in streams),
        "command_period": max(_period(stream) for stream in streams),
        "action_offset": _rms_share(_disturbance(rollout)[:, columns], low[columns], high[columns]),
    }


def _frames(effects: Effects, n: int, columns: Array) -> list[Array]:
    """Where frames, or the components of them that come by a link of their own, were measured."""
    frames = effects.observation_source[:n]
    if effects.sensing is None or effects.sensing.link is None:
        return [frames]
    return [own[frames] for own in np.unique(effects.sensing.link[:, columns], axis=1).T]


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
    if effects.actuation is not None and not effects.actuation.faithful:
        return 1.0
    limited = (effects.action_low[:n] > low) | (effects.action_high[:n] < high)
    moved = (sources(effects)[:n] != np.arange(n)[:, None]).any(axis=1)
    return float((moved | (limited | (effects.action_offset[:n] != 0)).any(axis=1)).mean())


def _worst_sensor(effects: Effects, n: int, columns: Array) -> float:
    """Stale share of the sensor that repeats itself most; a zero in its place is no news either."""
    if effects.sensing is None:
        return 0.0
    streams = np.unique(effects.sensing.taken[:n, columns], axis=1).T
    return max(_stale_share(np.maximum.accumulate(stream)[effects.observation_source[:n]]) for stream in streams)


def _sensor_error(rollout: Rollout) -> Array:
    """What the sensors add to the true values, per step of measurement; how old a value is does not count."""
    effects, n = rollout.assignment.effects, rollout.steps
    if effects.sensing is None:
        return effects.observation_offset[:n]
    at_once = np.repeat(np.arange(n)[:, None], rollout.measured.shape[1], axis=1)
    timely = replace(effects.sensing, source=at_once, link=None)
    return sensed(replace(effects, sensing=timely), rollout.measured, np.arange(n)) - rollout.measured[:n]


def _disturbance(rollout: Rollout) -> Array:
    """What is added to commands; with actuators that misread or do not follow, all that they make of what arrives."""
    effects, n = rollout.assignment.effects, rollout.steps
    if effects.actuation is None or effects.actuation.faithful:
        return effects.action_offset[:n]
    source = sources(effects)[:n]
    nothing = np.zeros(rollout.commanded.shape[1], np.float32)
    carried = arrived(effects, rollout.commanded, nothing, np.arange(n))
    return np.where(source == -1, np.float32(0), rollout.applied - carried)


def _octaves(dynamics: Dynamics, n: int) -> float:
    """Largest change of the model within n steps; a kilogram of payload and a slope of one in ten are one octave."""
    factors = [factor for _, factor in dynamics.scales]
    factors += [factor for _, factor, start, _ in dynamics.windowed if start < n]
    slope = float(np.sin(np.linalg.norm(dynamics.tilt))) if dynamics.tilt else 0.0
    octaves = [abs(float(np.log2(factor))) for factor in factors]
    return max(*octaves, float(np.log2(1 + dynamics.payload)), float(np.log2(1 + 10 * slope)), 0.0)
