"""What the checks measure with: scenes, actions and queries of a task, and how a broken promise is reported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float32, Float64, Int64, UInt8

from harness.contract.fields import Array, bounds, hidden
from harness.contract.policy import PolicyContract, Query
from harness.contract.scenes import draw_scene
from harness.contract.task import Advance, Advanced, Dynamics, Engine, Scene, Split, Task, TaskContract
from harness.errors import ContractError
from harness.seeding import generator

__all__ = ["EXPERT_SCENES", "TaskBench", "demand", "demand_array", "first_field", "query", "same", "start"]

LANES = 6
STEPS = 12
EXPERT_SCENES = 4
_STRIDE = 0.05
"""Standard deviation of one step of a wandering command, as a share of the action's range."""


def demand(holds: object, whose: str, *, expected: str, got: str = "", fix: str = "") -> None:
    """Raise ContractError unless it holds."""
    if not holds:
        raise ContractError(whose, expected=expected, got=got, fix=fix)


def demand_array(value: Any, whose: str, *, shape: tuple[int, ...], dtype: type, finite: bool = True) -> None:
    """Raise ContractError unless `value` is an array of this shape and dtype, finite if asked."""
    demand(isinstance(value, np.ndarray), whose, expected="a numpy array", got=type(value).__name__)
    demand(
        value.shape == shape and value.dtype == np.dtype(dtype),
        whose,
        expected=f"{np.dtype(dtype)} of shape {shape}",
        got=f"{value.dtype} of shape {value.shape}",
        fix="return what the protocol in harness.contract states",
    )
    demand(not finite or np.isfinite(value).all(), whose, expected="finite numbers", got="NaN or infinity")


def same(first: Array, second: Array) -> bool:
    """Whether two arrays hold the same numbers, NaN included."""
    return np.array_equal(first, second, equal_nan=first.dtype.kind == "f")


def first_field(first: Advanced, second: Advanced) -> str:
    """The first field in which two results differ, or nothing."""
    names = (field.name for field in fields(Advanced))
    return next((name for name in names if not same(getattr(first, name), getattr(second, name))), "")


class TaskBench:
    """A task on the bench: its engines and some inputs, made once.

    Args:
        task: under test.
        seed: of the scenes and actions.
    """

    def __init__(self, task: Task, seed: int = 0) -> None:
        self.task, self.seed, self.contract = task, seed, task.contract
        self.whose = f"task {self.contract.id!r}"

    @cached_property
    def engine(self) -> Engine:
        """An engine with one thread."""
        return self.task.engine(1)

    @cached_property
    def threaded(self) -> Engine:
        """An engine with two threads."""
        return self.task.engine(2)

    @cached_property
    def solved(self) -> Advanced:
        """The expert at work, whole chunks open loop, until every lane has succeeded or the horizon is over."""
        return _expert_rollout(self)

    def moments(self, count: int) -> Float64[Array, "count state"]:
        """States of an episode of the expert, its first and its last among them; one that succeeds, if any does."""
        lane = int(np.argmax(self.solved.success.any(axis=1)))
        path = self.solved.states[lane]
        return np.ascontiguousarray(path[np.linspace(0, len(path) - 1, count).astype(int)])

    def scenes(self, count: int, split: Split = "heldout") -> list[Scene]:
        """The first scenes of a split."""
        return [draw_scene(self.contract, self.seed, split, index) for index in range(count)]

    def states(self, count: int, split: Split = "heldout") -> Float64[Array, "count state"]:
        """Their states at reset."""
        return self.engine.reset(self.scenes(count, split))

    def wandering(self) -> Advance:
        """Commands that walk at random from the rest action, a few lanes and steps of them, inside the bounds."""
        states = self.states(LANES)
        low, high = bounds(self.contract.action)
        stride = generator(self.seed, self.contract.id, "conformance/actions").standard_normal(
            (LANES, STEPS, self.contract.action_width), np.float32
        )
        walk = self.engine.rest(states)[:, None] + np.cumsum(_STRIDE * (high - low) * stride, axis=1)
        actions = np.clip(walk, low, high).astype(np.float32)
        return Advance(states, actions, None, [Dynamics()] * LANES)


def start(
    engine: Engine, scenes: Sequence[Scene]
) -> tuple[Float64[Array, "lanes state"], Float32[Array, "lanes action"]]:
    """States and held actions at the start of scenes."""
    states = engine.reset(scenes)
    return states, engine.rest(states)


def query(
    promise: PolicyContract,
    engine: Engine,
    scenes: Sequence[Scene],
    states: Float64[Array, "W state"],
    hold: Float32[Array, "W action"],
    memory: Float64[Array, "W memory"],
    steps: Int64[Array, " W"],
) -> Query:
    """The query that the harness would make, but that the newest frame stands for the older ones too; all rows valid.

    As many scenes as the policy is wide; noise is drawn per scene and step, and so are pictures: a policy is a pure
    function of whatever it is shown.
    """
    frames = engine.observe(states)
    frames[:, hidden(engine.contract.observation, promise.reads)] = 0
    return Query(
        observations=np.repeat(frames[:, None], promise.n_obs, axis=1),
        noise=_noise(promise, scenes, steps),
        states=states.copy() if promise.privileged else None,
        scenes=tuple(scenes) if promise.privileged else (),
        hold=hold.copy(),
        steps=steps.copy(),
        memory=memory.copy(),
        valid=np.ones(len(scenes), bool),
        images=_images(promise, engine.contract, scenes, steps),
    )


def _images(
    promise: PolicyContract, task: TaskContract, scenes: Sequence[Scene], steps: Int64[Array, " W"]
) -> dict[str, UInt8[Array, "W n_obs height width 3"]]:
    drawn = {}
    for camera in task.cameras:
        if camera.name in promise.cameras:
            shape = (promise.n_obs, camera.height, camera.width, 3)
            streams = [
                generator(scene.task, scene.split, scene.index, int(step), "conformance/images", camera.name)
                for scene, step in zip(scenes, steps, strict=True)
            ]
            drawn[camera.name] = np.stack([stream.integers(0, 256, shape, np.uint8) for stream in streams])
    return drawn


def _noise(
    promise: PolicyContract, scenes: Sequence[Scene], steps: Int64[Array, " W"]
) -> Float32[Array, "W ..."] | None:
    spec = promise.noise
    if spec is None:
        return None
    streams = [
        generator(scene.task, scene.split, scene.index, int(step), "conformance/noise")
        for scene, step in zip(scenes, steps, strict=True)
    ]
    if spec.kind == "uniform":
        return np.stack([stream.random(spec.shape, np.float32) for stream in streams])
    return np.stack([stream.standard_normal(spec.shape, np.float32) for stream in streams])


def _expert_rollout(bench: TaskBench) -> Advanced:
    expert, engine, contract = bench.task.expert(1), bench.engine, bench.contract
    promise = expert.contract
    scenes = [bench.scenes(EXPERT_SCENES)[row % EXPERT_SCENES] for row in range(promise.width)]
    states, hold = start(engine, scenes)
    memory, step, parts = np.zeros((promise.width, promise.memory)), 0, list[Advanced]()
    low, high = bounds(contract.action)
    while step < contract.horizon and not _all_solved(parts):
        asked = query(promise, engine, scenes, states, hold, memory, np.full(promise.width, step, np.int64))
        asked.valid[EXPERT_SCENES:] = False
        plan = expert.plan(asked)
        actions = np.clip(plan.actions[:, : contract.horizon - step], low, high)
        moved = engine.advance(Advance(states, actions, None, [Dynamics()] * promise.width))
        states, hold, memory = np.ascontiguousarray(moved.states[:, -1]), actions[:, -1], plan.memory
        step += actions.shape[1]
        parts.append(moved)
    return _joined(parts)


def _all_solved(parts: list[Advanced]) -> bool:
    lanes: Array = np.zeros(EXPERT_SCENES, bool)
    for part in parts:
        lanes |= part.success[:EXPERT_SCENES].any(axis=1)
    return bool(lanes.all())


def _joined(parts: list[Advanced]) -> Advanced:
    """One result of the expert's own lanes; padding is left out."""
    names = ("states", "observations", "signals", "success", "diverged")
    return Advanced(**{n: np.concatenate([getattr(p, n)[:EXPERT_SCENES] for p in parts], axis=1) for n in names})
