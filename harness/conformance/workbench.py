"""What the checks measure with: scenes, actions and queries of a task, and how a broken promise is reported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float32, Float64, Int64

from harness.contract.fields import Array, bounds
from harness.contract.policy import PolicyContract, Query
from harness.contract.scenes import draw_scene
from harness.contract.task import Advance, Advanced, Dynamics, Engine, Scene, Split, Task
from harness.errors import ContractError
from harness.seeding import generator

__all__ = ["TaskBench", "demand", "demand_array", "first_field", "query", "same", "start"]

LANES = 6
STEPS = 12
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

    As many scenes as the policy is wide; noise is drawn per scene and step.
    """
    frames = engine.observe(states)
    return Query(
        observations=np.repeat(frames[:, None], promise.n_obs, axis=1),
        noise=_noise(promise, scenes, steps),
        states=states.copy() if promise.privileged else None,
        scenes=tuple(scenes) if promise.privileged else (),
        hold=hold.copy(),
        steps=steps.copy(),
        memory=memory.copy(),
        valid=np.ones(len(scenes), bool),
    )


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
