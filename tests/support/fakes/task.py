"""`fake-v1`: bring a cart to its goal. A point mass on a damped spring, every operation elementwise over lanes.

A state row is (time, x, y, vx, vy, goal x, goal y, scene index). Additions, products and square roots round alike in
every SIMD lane, so a row's bits cannot depend on the batch it is in; a wrong harness still can.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from harness.contract.fields import ActionField, ObservationField
from harness.contract.policy import Plan, PolicyContract
from harness.contract.task import Advanced, Camera, DatasetPromise, Range, Signal, TaskContract

DEMONSTRATIONS = "SAMEPANEL_FAKE_DEMONSTRATIONS"
DEADLY = "SAMEPANEL_FAKE_DEADLY"
"""Names a scene whose picture kills the process that draws it."""
SUCCESS, TERMINATION, SETTLE = 0.9, 0.97, 3
STIFFNESS, DAMPING = 6.0, 4.0
SCENE = 7


def _observed(name, proprioceptive, unit="m"):
    return ObservationField(
        name=name,
        size=2,
        unit=unit,
        frame="world",
        low=(-2.0, -2.0),
        high=(2.0, 2.0),
        description=name,
        rate_hz=10.0,
        proprioceptive=proprioceptive,
    )


def _resets(reach):
    span = Range(low=-reach, high=reach, unit="m")
    return {"cart_x": span, "cart_y": span, "goal_x": span, "goal_y": span}


def fixed_camera(name, width, height):
    return Camera(
        name=name, width=width, height=height, fov=1.0, mount="world", position=(0, 0, 1), orientation=(1, 0, 0, 0)
    )


CONTRACT = TaskContract(
    id="fake-v1",
    description="Bring the cart to its goal.",
    robot="cart",
    simulator="numpy",
    observation=(_observed("position", True), _observed("velocity", True, "m/s"), _observed("goal", False)),
    action=(
        ActionField(
            name="target",
            size=2,
            unit="m",
            frame="world",
            low=(-2.0, -2.0),
            high=(2.0, 2.0),
            description="where the cart shall go",
            mode="absolute position target",
            agent="cart",
        ),
    ),
    control_period_s=0.1,
    physics_step_s=0.02,
    horizon=40,
    timing_budget_s=0.05,
    success="the cart is within 0.1 m of the goal",
    success_signal="closeness",
    success_threshold=SUCCESS,
    termination_threshold=TERMINATION,
    settle_steps=SETTLE,
    object="cart",
    dynamics=("object_mass", "actuator_gain"),
    resets={"train": _resets(1.0), "heldout": _resets(1.0), "stress": _resets(1.5)},
    signals=(
        Signal(name="progress", unit="1", role="progress", description="closeness over what success asks for"),
        Signal(name="closeness", unit="1", role="other", description="one less the distance"),
        Signal(name="distance", unit="m", role="distance", description="from the cart to the goal"),
        Signal(name="lag", unit="m", role="tracking_error", description="from the cart to its target"),
    ),
    stages=("near", "there"),
    cameras=(fixed_camera("top", 32, 32), fixed_camera("side", 32, 16)),
    dataset=DatasetPromise(operator="scripted expert", episodes=12, license="Apache-2.0", action_noise=(0.01, 0.01)),
    license="Apache-2.0",
)


def _norm(vector):
    return np.sqrt(vector[..., 0] * vector[..., 0] + vector[..., 1] * vector[..., 1])


class FakeEngine:
    """Keeps `harness.contract.task.Engine`.

    Args:
        threads: ignored.
        raising: called with the states of a request; raises to break the simulator.
        diverging: indexes of the scenes that break down.
        diverges_after: control steps until they do.
    """

    def __init__(self, threads=1, *, raising=None, diverging=(), diverges_after=5, contract=CONTRACT):
        self.contract, self.threads = contract, threads
        self.physics_seconds = 0.0
        self.requests = []
        self._raising, self._diverging, self._after = raising, tuple(diverging), diverges_after

    def reset(self, scenes):
        names = ("cart_x", "cart_y", None, None, "goal_x", "goal_y")
        rows = [[0.0, *(scene.variables[n] if n else 0.0 for n in names), scene.index] for scene in scenes]
        return np.array(rows, np.float64)

    def observe(self, states):
        return states[..., 1:7].astype(np.float32)

    def rest(self, states):
        return states[..., 1:3].astype(np.float32)

    def shift(self, states, offsets):
        moved = states.copy()
        moved[:, 1:3] += offsets
        return moved

    def advance(self, request):
        lanes, n, _ = request.actions.shape
        self.requests.append((lanes, n))
        self.physics_seconds += 1e-6
        if self._raising:
            self._raising(request.states)
        mass = np.array([dict(item.scales).get("object_mass", 1.0) for item in request.dynamics])[:, None]
        gain = np.array([dict(item.scales).get("actuator_gain", 1.0) for item in request.dynamics])[:, None]
        state, lags, states = request.states.copy(), [], []
        for k in range(n):
            push = 0.0 if request.pushes is None else request.pushes[:, k]
            self._step(state, request.actions[:, k].astype(np.float64), push, mass, gain)
            states.append(state.copy())
            lags.append(_norm(request.actions[:, k] - state[:, 1:3]))
        return self._read(np.stack(states, axis=1), np.stack(lags, axis=1))

    def _step(self, state, target, push, mass, gain):
        h = self.contract.physics_step_s
        for _ in range(self.contract.substeps):
            force = STIFFNESS * gain * (target - state[:, 1:3]) - DAMPING * state[:, 3:5] + push
            state[:, 3:5] += h * force / mass
            state[:, 1:3] += h * state[:, 3:5]
        state[:, 0] += self.contract.control_period_s

    def _read(self, states, lags):
        broken = np.isin(states[:, :, SCENE], self._diverging) & (states[:, :, 0] > 0.1 * self._after + 0.05)
        states[broken, 1:5] = np.nan
        distance = _norm(states[:, :, 1:3] - states[:, :, 5:7])
        closeness = 1.0 - distance
        progress = np.clip(closeness / SUCCESS, 0.0, 1.0)
        signals = np.stack([progress, closeness, distance, lags], axis=2).astype(np.float32)
        success = signals[:, :, 1] >= np.float32(SUCCESS)
        return Advanced(states, self.observe(states), signals, success & ~broken, broken)


class FakeExpert:
    """Goes to the goal that it reads off the state."""

    def __init__(self):
        self.contract = PolicyContract(method="expert", task="fake-v1", n_obs=1, chunk=8, width=16, privileged=True)
        self.card = {"method": "expert"}

    def plan(self, query):
        return Plan(np.repeat(query.states[:, None, 5:7], 8, axis=1).astype(np.float32), query.memory)


class FakeTask:
    """Keeps `harness.contract.task.Task`."""

    def __init__(self, contract=CONTRACT, make_engine=FakeEngine):
        self.contract, self._make_engine = contract, make_engine

    @property
    def demonstrations(self):
        return Path(os.environ.get(DEMONSTRATIONS, "fake-demonstrations"))

    def engine(self, threads):
        return self._make_engine(threads)

    def expert(self, threads):
        return FakeExpert()

    def render(self, states, camera, width, height, staging=None):
        frames = np.full((len(states), height, width, 3), 100, np.uint8)
        move = (0.0, 0.0) if staging is None else staging.move[:2]
        props = () if staging is None else staging.props
        for frame, state in zip(frames, states, strict=True):
            if os.environ.get(DEADLY) == str(int(state[SCENE])):
                os._exit(7)
            for colour, place in ((1.0, 1.0, 1.0), state[1:3]), *((prop.colour, prop.position[:2]) for prop in props):
                x, y = ((np.clip(np.subtract(place, move), -2, 2) + 2) / 4 * (width - 1, height - 1)).astype(int)
                frame[y, x] = np.multiply(colour, 255).astype(np.uint8)
        return frames

    def posed(self, observations):
        states = np.zeros((len(observations), 8))
        states[:, 1:7] = observations
        return states


task = FakeTask()
