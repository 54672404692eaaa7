"""A task without a simulator that keeps its contract: a hand carries a block that it touches to a goal."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from fakes.task import fixed_camera

from harness.conformance import TaskBench
from harness.contract.fields import ActionField, ObservationField
from harness.contract.policy import Plan, PolicyContract
from harness.contract.task import Advanced, DatasetPromise, Range, Signal, TaskContract
from harness.demonstrations import write
from harness.executors.recording import record

HAND, BLOCK, SPEED = slice(0, 2), slice(2, 4), slice(4, 6)
GOAL = np.array([0.5, 0.0])


def field(kind, name, **more):
    return kind(
        name=name,
        size=2,
        unit="m",
        frame="world",
        low=(-2.0, -2.0),
        high=(2.0, 2.0),
        description=name,
        **more,
    )


def contract(**changes):
    def around(x):
        return {name: Range(low=at - 0.2, high=at + 0.2, unit="m") for name, at in (("x", x), ("y", 0.5))}

    values = {
        "id": "carry-v1",
        "description": "Carry a block to its goal.",
        "robot": "hand",
        "simulator": "none 1.0",
        "observation": (
            field(ObservationField, "hand", rate_hz=10, proprioceptive=True),
            field(ObservationField, "block", rate_hz=10, proprioceptive=False),
        ),
        "action": (field(ActionField, "target", mode="absolute position target", agent="hand"),),
        "control_period_s": 0.1,
        "physics_step_s": 0.1,
        "horizon": 60,
        "timing_budget_s": 0.1,
        "success": "the block is within 0.1 m of the goal",
        "success_signal": "progress",
        "success_threshold": 1.0,
        "object": "block",
        "dynamics": ("mass",),
        "resets": {"train": around(-0.5), "heldout": around(-0.5), "stress": around(-1.0)},
        "signals": (
            Signal(name="progress", unit="1", role="progress", description="share of the way"),
            Signal(name="contact", unit="1", role="contact", description="the hand touches the block"),
        ),
        "stages": ("done",),
        "cameras": (fixed_camera("top", 32, 32),),
        "dataset": DatasetPromise(operator="script", episodes=5, license="CC0-1.0", action_noise=(0.0, 0.0)),
        "license": "CC0-1.0",
    }
    return TaskContract(**{**values, **changes})


class CarryEngine:
    physics_seconds = 0.0

    def __init__(self, promise, threads):
        self.contract, self.threads = promise, threads

    def reset(self, scenes):
        states = np.zeros((len(scenes), 6))
        states[:, BLOCK] = [[scene.variables["x"], scene.variables["y"]] for scene in scenes]
        return states

    def observe(self, states):
        return states[..., :4].astype(np.float32)

    def rest(self, states):
        return states[:, HAND].astype(np.float32)

    def shift(self, states, offsets):
        moved = states.copy()
        moved[:, BLOCK] += offsets
        return moved

    def step(self, states, actions, pushes, masses):
        after = states.copy()
        stride = np.clip(actions - states[:, HAND], -0.1, 0.1)
        touched = self.touches(states)
        after[:, SPEED] = 0.5 * states[:, SPEED] + 0.01 * pushes / masses[:, None]
        after[:, HAND] += stride
        after[:, BLOCK] += 0.1 * after[:, SPEED] + np.where(touched[:, None], stride, 0.0)
        return after

    def touches(self, states):
        gap = states[..., HAND] - states[..., BLOCK]
        return np.hypot(gap[..., 0], gap[..., 1]) < 0.1

    def signals(self, states):
        gap = states[..., BLOCK] - GOAL
        far = np.maximum(np.hypot(gap[..., 0], gap[..., 1]) - 0.1, 0.0)
        return np.stack([np.maximum(1 - far, 0.0), self.touches(states)], axis=-1).astype(np.float32)

    def advance(self, request):
        masses = np.array([dict(item.scales).get("mass", 1.0) for item in request.dynamics])
        n = request.actions.shape[1]
        pushes = np.zeros((len(masses), n, 2)) if request.pushes is None else request.pushes
        path = [request.states]
        for k in range(n):
            path.append(self.step(path[-1], request.actions[:, k], pushes[:, k], masses))
        states = np.stack(path[1:], axis=1)
        signals, diverged = self.signals(states), ~np.isfinite(states).all(axis=2)
        return Advanced(states, self.observe(states), signals, (signals[..., 0] >= 1) & ~diverged, diverged)


class CarryExpert:
    card = {"method": "expert"}  # noqa: RUF012

    def __init__(self, task):
        self.contract = PolicyContract(method="expert", task=task, n_obs=1, chunk=2, width=8, privileged=True)

    def plan(self, query):
        states = query.states
        near = np.hypot(*(states[:, HAND] - states[:, BLOCK]).T) < 0.05
        target = np.where(near[:, None], GOAL, states[:, BLOCK])
        return Plan(np.repeat(target[:, None], 2, axis=1).astype(np.float32), query.memory)


@dataclass
class Carry:
    demonstrations: Path
    contract: TaskContract
    engine_type: type = CarryEngine

    def engine(self, threads):
        return self.engine_type(self.contract, threads)

    def expert(self, threads):
        return CarryExpert(self.contract.id)

    def render(self, states, camera, width, height):
        shade = np.arange(width) + 50 * (states[:, 2:3] + 2)
        return np.tile(shade[:, None, :, None], (1, height, 1, 3)).astype(np.uint8)

    def posed(self, observations):
        return np.concatenate([observations, np.zeros((len(observations), 2))], axis=1)


@pytest.fixture(scope="session")
def recorded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("carry") / "demonstrations"
    task = Carry(folder, contract())
    write(folder, task.contract, record(task, lanes=4, threads=1, progress=lambda done, total: None))
    return folder


@pytest.fixture
def carry(recorded):
    return Carry(recorded, contract())


@pytest.fixture
def bench_of(carry):
    """A bench of the task with another contract, or engine methods that get (what the good one does, engine, input)."""

    def replaced(name, method):
        good = getattr(CarryEngine, name)
        return lambda self, given: method(lambda *args: good(self, *(args or (given,))), self, given)

    def build(promise=None, **methods):
        carry.contract = contract(**(promise or {}))
        bodies = {name: replaced(name, method) for name, method in methods.items()}
        carry.engine_type = type("Changed", (CarryEngine,), bodies)
        return TaskBench(carry)

    return build
