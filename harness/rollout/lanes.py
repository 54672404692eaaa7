"""The memory of the running episodes: one row a lane, sized once, written in place."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from harness.contract.fields import Array
from harness.contract.policy import Execution, PolicyContract
from harness.contract.task import Dynamics, Engine
from harness.rollout.episode import Assignment, Beginning, Rollout

__all__ = ["Lanes", "Queries"]


@dataclass
class Queries:
    """What one episode's inferences left behind, in order."""

    steps: list[int] = field(default_factory=list)
    hashes: list[bytes] = field(default_factory=list)
    milliseconds: list[float] = field(default_factory=list)
    diagnostics: dict[str, list[Array]] = field(default_factory=dict)


class Lanes:
    """Arrays with lanes first, then time.

    Attributes:
        t: next control step of each lane.
        active: whether a lane holds an unfinished episode.
        plans, plan_start, plan_query: a ring of the plans that may still cover a step; start -1 marks an empty slot.
        unmoved: of each lane whose object was shifted, the state before that, in which its step was measured.
        pictures: of each lane, what its last query saw, by camera and the step of the measurement.
    """

    def __init__(self, count: int, engine: Engine, policy: PolicyContract, execution: Execution) -> None:
        contract = engine.contract
        steps, observation, action = contract.horizon, contract.observation_width, contract.action_width
        self.count, self.horizon = count, steps
        self._engine, self._cameras = engine, policy.cameras
        self.active = np.zeros(count, bool)
        self.t = np.zeros(count, np.int64)
        self.assignments: list[Assignment | None] = [None] * count
        self.queries = [Queries() for _ in range(count)]

        self.states = np.zeros((count, steps + 1, 0))
        self.measured = np.zeros((count, steps + 1, observation), np.float32)
        self.signals = np.zeros((count, steps, len(contract.signals)), np.float32)
        self.success = np.zeros((count, steps), bool)
        self.missed = np.zeros((count, steps), bool)
        self.commanded = np.zeros((count, steps, action), np.float32)
        self.applied = np.zeros((count, steps, action), np.float32)
        self.plan_step = np.zeros((count, steps), np.int32)
        self.chunk_index = np.zeros((count, steps), np.int32)

        self.rest = np.zeros((count, action), np.float32)
        self.hold = np.zeros((count, action), np.float32)
        self.memory = np.zeros((count, policy.memory))
        ring = 2 if execution.ensemble is None else max(2, -(-policy.chunk // execution.execute))
        self.plans = np.zeros((count, ring, policy.chunk, action), np.float32)
        self.plan_start = np.full((count, ring), -1, np.int64)
        self.plan_query = np.full((count, ring), -1, np.int64)

        self.source = np.zeros((count, steps), np.int32)
        self.offset = np.zeros((count, steps, observation), np.float32)
        self.action_source = np.zeros((count, steps), np.int32)
        self.action_offset = np.zeros((count, steps, action), np.float32)
        self.action_low = np.zeros((count, steps, action), np.float32)
        self.action_high = np.zeros((count, steps, action), np.float32)
        self.latency = np.zeros((count, steps), np.int64)
        self.push = np.zeros((count, steps, 2))
        self.pushed = np.zeros(count, bool)
        self.shift_step = np.full(count, -1, np.int64)
        self.shift = np.zeros((count, 2))
        self.dynamics = [Dynamics()] * count
        self.unmoved: list[Array | None] = [None] * count
        self.pictures: list[dict[tuple[str, int], Array]] = [{} for _ in range(count)]

    def admit(self, assignments: list[Assignment]) -> None:
        """Put episodes into free lanes. Nothing of a lane's former episode survives."""
        if not assignments:
            return
        free = np.flatnonzero(~self.active)[: len(assignments)]
        states = self._engine.reset([assignment.scene for assignment in assignments])
        if self.states.shape[2] != states.shape[1]:
            self.states = np.zeros((self.count, self.horizon + 1, states.shape[1]))
        self.states[free, 0] = states
        self.measured[free, 0] = self._engine.observe(states)
        self.rest[free] = self.hold[free] = self._engine.rest(states)
        self.t[free], self.active[free], self.memory[free] = 0, True, 0.0
        self.plan_start[free] = self.plan_query[free] = -1
        self.success[free] = False
        for lane, assignment in zip(free, assignments, strict=True):
            self._install(int(lane), assignment)
            if assignment.beginning is not None:
                self._begin(int(lane), assignment.beginning)

    def _install(self, lane: int, assignment: Assignment) -> None:
        """Copy the realised faults of an episode into its lane."""
        effects = assignment.effects
        self.assignments[lane], self.queries[lane] = assignment, Queries()
        self.source[lane], self.offset[lane] = effects.observation_source, effects.observation_offset
        self.action_source[lane], self.action_offset[lane] = effects.action_source, effects.action_offset
        self.action_low[lane], self.action_high[lane] = effects.action_low, effects.action_high
        self.latency[lane], self.dynamics[lane] = effects.latency, effects.dynamics
        self.missed[lane] = False if effects.missed is None else effects.missed
        self.push[lane], self.pushed[lane] = effects.push, bool(effects.push.any())
        self.shift_step[lane], self.shift[lane] = effects.shift_step, effects.shift
        self.unmoved[lane], self.pictures[lane] = None, {}

    def _begin(self, lane: int, beginning: Beginning) -> None:
        """Copy what has happened before the first step that is run; a shift of the object may be a part of it."""
        past, t = beginning.rollout, beginning.step
        self.t[lane] = t
        self.states[lane, : t + 1], self.measured[lane, : t + 1] = past.states[: t + 1], past.measured[: t + 1]
        self.signals[lane, :t], self.success[lane, :t] = past.signals[:t], past.success[:t]
        self.commanded[lane, :t], self.applied[lane, :t] = past.commanded[:t], past.applied[:t]
        self.plan_step[lane, :t], self.chunk_index[lane, :t] = past.plan_step[:t], past.chunk_index[:t]
        if t > 0:
            self.hold[lane] = past.commanded[t - 1]
        if self.shift_step[lane] <= t:
            self.shift_step[lane], self.unmoved[lane] = -1, past.unmoved

    def state_measured(self, lane: int, step: int) -> Array:
        """The state that measurement `step` of a lane is of: a shift of the object comes after it."""
        assignment, unmoved = self.assignments[lane], self.unmoved[lane]
        if assignment is not None and unmoved is not None and assignment.effects.shift_step == step:
            return unmoved
        state: Array = self.states[lane, step]
        return state

    def refuse(self, assignment: Assignment, error: str) -> Rollout:
        """What is left of an episode that could not even start: no state, and nothing of the lane's former episode."""
        lane = int(np.argmin(self.active))
        self._install(lane, assignment)
        nothing = self.retire(lane, error=error)
        return replace(nothing, states=nothing.states[:0], measured=nothing.measured[:0])

    def retire(self, lane: int, *, diverged: bool = False, error: str = "") -> Rollout:
        """Take the finished episode out of its lane; the arrays are copies, so the lane may be reused at once."""
        assignment, queries = self.assignments[lane], self.queries[lane]
        assert assignment is not None, "an empty lane cannot retire"
        n = 0 if error else int(self.t[lane])
        self.active[lane], self.assignments[lane] = False, None
        asked = sum(step < n for step in queries.steps)
        return Rollout(
            assignment=assignment,
            states=self.states[lane, : n + 1].copy(),
            measured=self.measured[lane, : n + 1].copy(),
            obs_id=self.source[lane, :n].copy(),
            plan_step=self.plan_step[lane, :n].copy(),
            chunk_index=self.chunk_index[lane, :n].copy(),
            commanded=self.commanded[lane, :n].copy(),
            applied=self.applied[lane, :n].copy(),
            signals=self.signals[lane, :n].copy(),
            success=self.success[lane, :n].copy(),
            query_steps=np.array(queries.steps[:asked], np.int32),
            query_hashes=tuple(queries.hashes[:asked]),
            inference_ms=np.array(queries.milliseconds[:asked], np.float32),
            diagnostics={name: np.array(rows[:asked], np.float32) for name, rows in queries.diagnostics.items()},
            diverged=diverged,
            error=error,
            unmoved=self.unmoved[lane],
            cameras=self._cameras,
        )
