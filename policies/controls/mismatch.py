"""`shuffled`: a trained policy fed the observations of another episode. What still succeeds did not need to look."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from jaxtyping import Float32, Float64, Int64

from harness.contract.fields import Array
from harness.contract.policy import Execution, NoiseSpec, Plan, Policy, PolicyContract, Query, Runtime
from harness.contract.task import Task
from harness.demonstrations import Demonstrations
from policies.controls.control import Control, wrapped

__all__ = ["ShuffledControl", "ShuffledPolicy"]


class ShuffledPolicy:
    """Feeds the wrapped policy the frames of one random demonstration, step for step.

    The episode is drawn at a lane's first query and kept in the first number of its memory, as its index plus one, so
    that the zeros of a fresh lane mean "not drawn yet". The other numbers, and all noise but the first, are the
    wrapped policy's.
    """

    def __init__(self, inner: Policy, demonstrations: Demonstrations) -> None:
        self._inner, self._episodes = inner, demonstrations.observations
        self.contract = _contract(inner.contract)
        self.card: Mapping[str, Any] = {**inner.card, "method": "shuffled", "inner": inner.contract.method}

    def plan(self, query: Query) -> Plan:
        """The wrapped policy's plan for the other episode. Raises ValueError without noise."""
        if query.noise is None:
            raise ValueError("shuffled needs the noise of its contract")
        noise = query.noise.reshape(len(query.noise), -1)
        episode = self._episode(query.memory[:, 0], noise[:, 0])
        spec = self._inner.contract.noise
        inner = replace(
            query,
            observations=self._frames(episode, query.steps),
            noise=None if spec is None else noise[:, 1:].reshape(-1, *spec.shape),
            memory=query.memory[:, 1:],
        )
        plan = self._inner.plan(inner)
        memory = np.concatenate([episode[:, None] + 1.0, plan.memory], axis=1)
        return Plan(plan.actions, memory, plan.diagnostics)

    def _episode(self, kept: Float64[Array, " W"], noise: Float32[Array, " W"]) -> Int64[Array, " W"]:
        drawn = np.minimum(self._uniform(noise) * len(self._episodes), len(self._episodes) - 1)
        return np.where(kept > 0, kept - 1, drawn).astype(np.int64)

    def _uniform(self, noise: Float32[Array, " W"]) -> Float64[Array, " W"]:
        if self.contract.noise is not None and self.contract.noise.kind == "normal":
            return np.array([0.5 * math.erfc(-float(value) / math.sqrt(2)) for value in noise])
        return noise.astype(np.float64)

    def _frames(self, episode: Int64[Array, " W"], steps: Int64[Array, " W"]) -> Float32[Array, "W n_obs observation"]:
        back = np.arange(1 - self.contract.n_obs, 1)
        rows = [self._episodes[e] for e in episode]
        return np.stack([row[np.clip(step + back, 0, len(row) - 1)] for row, step in zip(rows, steps, strict=True)])


def _contract(inner: PolicyContract) -> PolicyContract:
    count = 1 + (math.prod(inner.noise.shape) if inner.noise else 0)
    noise = NoiseSpec(shape=(count,), kind=inner.noise.kind if inner.noise else "uniform")
    changes = {"method": "shuffled", "noise": noise, "memory": inner.memory + 1, "privileged": True}
    return inner.model_copy(update=changes)


class ShuffledControl(Control):
    """Builds `ShuffledPolicy`."""

    name = "shuffled"
    needs_inner = True

    def build(
        self, task: Task, demonstrations: Callable[[], Demonstrations], runtime: Runtime, inner: Policy | None
    ) -> ShuffledPolicy:
        """The control for a task, around `inner`."""
        return ShuffledPolicy(wrapped(self, task, inner), demonstrations())

    def execution(self, policy: Policy) -> Execution:
        """That of the wrapped policy, from its card."""
        return Execution.model_validate(policy.card["execution"])
