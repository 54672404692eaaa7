"""A task with fields of every shape that faults act on, a specimen of every fault, and how a trace is read."""

from __future__ import annotations

import numpy as np
from pydantic import TypeAdapter

from fakes.task import fixed_camera
from harness.contract.fields import ActionField, ObservationField, bounds
from harness.contract.task import DatasetPromise, Range, Scene, Signal, TaskContract
from harness.faults.actuation import actuated, arrived
from harness.faults.catalogue import AnyFault
from harness.faults.realise import realise
from harness.faults.sensing import sensed

STEPS = 80


def _seen(name, size, unit, proprioceptive=False):
    return ObservationField(
        name=name,
        size=size,
        unit=unit,
        frame="world",
        low=(-1.0,) * size,
        high=(1.0,) * size,
        description=name,
        rate_hz=10.0,
        proprioceptive=proprioceptive,
    )


def _told(name, unit, low, high):
    return ActionField(
        name=name,
        size=len(low),
        unit=unit,
        frame="world",
        low=low,
        high=high,
        description=name,
        mode="absolute position target",
        agent="arm",
    )


_SPAN = {"x": Range(low=-0.1, high=0.1, unit="m")}
ARM = TaskContract(
    id="arm-v1",
    description="reach",
    robot="arm",
    simulator="mujoco 3.8.1",
    observation=(
        _seen("tip", 3, "m", proprioceptive=True),
        _seen("object", 3, "m"),
        _seen("heading", 4, "1"),
        _seen("flat", 2, "m"),
    ),
    action=(_told("target", "m", (-0.3, -0.5, 0.0), (0.5, 0.5, 0.4)), _told("grip", "1", (0.0,), (1.0,))),
    control_period_s=0.1,
    physics_step_s=0.01,
    horizon=STEPS,
    timing_budget_s=0.05,
    success="near",
    success_signal="progress",
    success_threshold=1.0,
    object="ball",
    dynamics=("object_mass", "object_friction"),
    resets={"train": _SPAN, "heldout": _SPAN, "stress": _SPAN},
    signals=(Signal(name="progress", unit="1", role="progress", description="progress"),),
    stages=("near",),
    cameras=(fixed_camera("top", 24, 16), fixed_camera("side", 16, 16)),
    dataset=DatasetPromise(operator="none", episodes=1, license="Apache-2.0", action_noise=(0.0,) * 4),
    license="Apache-2.0",
)
SCENE = Scene("arm-v1", "heldout", 3, {"x": 0.0})

SPECIMENS = {
    "observation.freeze": {},
    "observation.frame_drop": {},
    "observation.delay": {},
    "observation.jitter": {},
    "observation.reorder": {},
    "observation.duplicate": {},
    "observation.scale": {},
    "observation.noise": {"field": "tip"},
    "observation.bias": {"field": "object"},
    "observation.quantise": {},
    "observation.wrong_frame": {},
    "observation.sensor_loss": {"field": "object"},
    "camera.pose_shift": {},
    "camera.patch": {},
    "camera.blur": {},
    "camera.exposure": {},
    "camera.colour_shift": {},
    "camera.noise": {},
    "camera.blackout": {},
    "camera.freeze": {},
    "camera.drop": {},
    "camera.desync": {},
    "action.dropout": {},
    "action.delay": {},
    "action.swap": {"field": "target"},
    "action.gain": {},
    "action.bias": {},
    "action.noise": {"field": "target"},
    "action.quantise": {},
    "action.saturation": {},
    "action.deadband": {},
    "action.rate_limit": {},
    "action.stuck": {"field": "target", "component": 1},
    "timing.latency": {},
    "timing.jitter": {},
    "timing.control_rate": {},
    "dynamics.scale": {"parameter": "object_mass"},
    "dynamics.payload": {},
    "dynamics.tilt": {},
    "dynamics.slip": {},
    "dynamics.push": {},
    "scene.object_shift": {},
    "scene.distractors": {},
    "evaluation.missed_success": {},
}
"""What a fault needs beside its severity, to act on `ARM`."""


def specimen(fault, severity=3, **parameters):
    """A fault of the catalogue at a level."""
    return TypeAdapter(AnyFault).validate_python(
        {"fault": fault, **SPECIMENS[fault], "severity": severity, **parameters}
    )


def written(fault, **parameters):
    """A fault with its parameters written out."""
    return TypeAdapter(AnyFault).validate_python({"fault": fault, **parameters})


def effects_of(*faults, seed=1, replicate=0):
    """Realised on `ARM`."""
    return realise(ARM, faults, seed=seed, scene=SCENE, replicate=replicate).effects


def world(seed=0):
    """True measurements of an episode, smooth and inside the bounds, with a unit quaternion."""
    t, rng = np.arange(STEPS + 1)[:, None] / 10, np.random.default_rng(seed)
    values = 0.5 * np.sin(t * rng.uniform(0.2, 1.0, 12) + rng.uniform(0, 6, 12))
    values[:, 6:10] /= np.linalg.norm(values[:, 6:10], axis=1, keepdims=True)
    return values.astype(np.float32)


def wishes(seed=0):
    """Commands of an episode that stay inside the bounds."""
    t, rng, (low, high) = np.arange(STEPS)[:, None] / 10, np.random.default_rng(seed), bounds(ARM.action)
    share = 0.5 + 0.45 * np.sin(t * rng.uniform(0.3, 1.5, 4) + rng.uniform(0, 6, 4))
    return (low + share * (high - low)).astype(np.float32)


def delivered(effects, measured):
    """What a policy sees at every step."""
    return sensed(effects, measured, effects.observation_source.astype(np.int64))


def applied(effects, commanded, rest=None):
    """What reaches the actuators at every step."""
    low, high = bounds(ARM.action)
    rest = (low + high) / 2 if rest is None else rest
    arriving = arrived(effects, commanded, rest, np.arange(STEPS)).astype(np.float32)
    return actuated(effects, arriving, np.arange(STEPS), rest)
