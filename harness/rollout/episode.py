"""One rollout, before and after: what the engine is asked to run, and what it saw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from jaxtyping import Bool, Float32, Float64, Int32

from harness.contract.fields import Array
from harness.contract.task import Scene
from harness.faults.effects import Effects

__all__ = ["Assignment", "Beginning", "Rollout"]


@dataclass(frozen=True)
class Beginning:
    """How an episode begins if not with the reset of its scene: with the first `step` control steps of another one.

    Attributes:
        rollout: that other one, of the same scene and the same faults, longer than `step`.
        step: first control step that is run; whoever acted in `rollout` is relieved there.
    """

    rollout: Rollout
    step: int


@dataclass(frozen=True)
class Assignment:
    """One episode to run.

    Attributes:
        episode: id of the row that it will become.
        noise_key: parts of the random stream that feed the policy; the query step is appended (law 3).
        beginning: None for the reset of the scene.
    """

    episode: str
    scene: Scene
    effects: Effects
    noise_key: tuple[str | int, ...]
    beginning: Beginning | None = None


@dataclass(frozen=True)
class Rollout:
    """What happened, n control steps long; every array is the episode's own copy.

    Attributes:
        states: engine states at t = 0..n.
        measured: observations as measured at t = 0..n, before any fault.
        obs_id: measurement delivered at each step.
        plan_step: step of the query that gave the command (the newest one under ensembling); -1 for a held action.
        chunk_index: index of the command within that plan; -1 for a held action.
        commanded: what the policy asked for.
        applied: what reached the actuators.
        success: the task's predicate after each step.
        query_steps: steps at which the policy was queried.
        query_hashes: BLAKE2b-64 of the observation window that each query saw, with its pictures if it saw any.
        inference_ms: measured wall time of the batch that each query sat in. Never decides anything (law 6).
        diagnostics: per name, one row a query.
        diverged: the simulation broke down after the last step recorded.
        error: why the episode could not be run; the arrays are then empty (law 8).
        cameras: those whose pictures the policy read.
        unmoved: if the object was shifted, the state before that, in which its step was measured.
    """

    assignment: Assignment
    states: Float64[Array, "n_plus_1 state"]
    measured: Float32[Array, "n_plus_1 observation"]
    obs_id: Int32[Array, " n"]
    plan_step: Int32[Array, " n"]
    chunk_index: Int32[Array, " n"]
    commanded: Float32[Array, "n action"]
    applied: Float32[Array, "n action"]
    signals: Float32[Array, "n signal"]
    success: Bool[Array, " n"]
    query_steps: Int32[Array, " queries"]
    query_hashes: tuple[bytes, ...]
    inference_ms: Float32[Array, " queries"]
    diagnostics: Mapping[str, Float32[Array, "queries length"]]
    diverged: bool = False
    error: str = ""
    unmoved: Float64[Array, " state"] | None = None
    cameras: tuple[str, ...] = ()

    @property
    def steps(self) -> int:
        """Control steps that were run."""
        return len(self.applied)
