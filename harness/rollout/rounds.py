"""The step loop, in rounds: predict for all lanes, advance them natively, retire the finished, refill.

A round takes every running lane from one query to the next. Within it nothing is Python per step and lane: a chunk
fixes the commands until the next query, faults are arrays, and the simulator takes all steps of all lanes in one
call. Lanes whose rounds differ in length (latency, a shift of the object, the horizon) are advanced in groups of equal
length.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import islice

import numpy as np

from harness.contract.fields import Array
from harness.contract.policy import Execution, Policy
from harness.contract.task import Advance, Advanced, Engine
from harness.errors import SamepanelError
from harness.rollout.channels import applied_actions
from harness.rollout.chunks import commands, store_plans
from harness.rollout.episode import Assignment, Rollout
from harness.rollout.inference import Inference
from harness.rollout.lanes import Lanes
from harness.rollout.sight import Artist, Seen

__all__ = ["Clock", "rollouts"]

RETRIES = 2


@dataclass
class Clock:
    """Wall time of the rollout phase, by what it was spent on (law 6: measured, never decisive)."""

    total_s: float = 0.0
    physics_s: float = 0.0
    inference_s: float = 0.0
    pictures_s: float = 0.0
    steps: int = 0
    queries: int = 0
    batches: int = 0
    pictures: int = 0

    @property
    def worked_s(self) -> float:
        """What was spent on physics, forward passes and pictures."""
        return self.physics_s + self.inference_s + self.pictures_s

    @property
    def efficiency(self) -> float:
        """(native physics + forward passes + pictures) / wall time; above 1 where they overlap."""
        return self.worked_s / self.total_s if self.total_s else float("nan")


def rollouts(
    engine: Engine,
    policy: Policy,
    execution: Execution,
    assignments: Iterable[Assignment],
    *,
    lanes: int,
    clock: Clock | None = None,
    artist: Artist | None = None,
    every_step: bool = False,
) -> Iterator[Rollout]:
    """Run every assignment, in any order of completion.

    Where the forward pass of the policy leaves the processor free (`PolicyContract.offloaded`), the lanes are two
    halves that take turns: while one is asked, the other is advanced in a thread beside it.

    Args:
        engine: the simulator of the task.
        policy: who acts.
        execution: how its chunks are executed.
        assignments: what to run; taken one by one as lanes become free.
        lanes: how many episodes run side by side. Changes the speed, never a bit of the result.
        clock: where time is booked.
        artist: who draws what the cameras of the policy see; None will do for a policy without any.
        every_step: draw every frame of the policy's cameras, seen or not; for `bench`, which says what that costs.
    """
    clock = clock if clock is not None else Clock()
    queue, inference = iter(assignments), Inference(policy, engine.contract, artist)
    halved = policy.contract.offloaded and lanes > 1 and not every_step
    parts = [
        _Rounds(
            engine, inference, execution, Lanes(count, engine, policy.contract, execution), clock, queue, every_step
        )
        for count in ([lanes - lanes // 2, lanes // 2] if halved else [lanes])
    ]
    meter = _Meter(clock, engine, inference)
    for done in _alternately(*parts) if halved else _alone(*parts):
        yield from done
        meter.read()


def _alone(rounds: _Rounds) -> Iterator[list[Rollout]]:
    yield rounds.refill()
    while rounds.busy:
        rounds.ask()
        yield rounds.advance()


def _alternately(asked: _Rounds, resting: _Rounds) -> Iterator[list[Rollout]]:
    """One half is advanced in a thread, which alone touches the engine, while the other half's plans are made here."""
    yield asked.refill() + resting.refill()
    asked.ask()
    with ThreadPoolExecutor(1) as beside:
        while asked.busy or resting.busy:
            advanced = beside.submit(asked.advance)
            resting.ask()
            yield advanced.result()
            asked, resting = resting, asked


class _Meter:
    """Books on a clock what has passed since it was last read, with what the caller did with the rollouts."""

    def __init__(self, clock: Clock, engine: Engine, inference: Inference) -> None:
        self._clock, self._engine, self._inference = clock, engine, inference
        self._last = self._now()

    def read(self) -> None:
        now = self._now()
        wall, physics, inference, queries, batches, sight, drawn = (
            new - old for new, old in zip(now, self._last, strict=True)
        )
        self._last = now
        self._clock.total_s += wall
        self._clock.physics_s += physics
        self._clock.inference_s += inference
        self._clock.queries += int(queries)
        self._clock.batches += int(batches)
        self._clock.pictures_s += sight
        self._clock.pictures += int(drawn)

    def _now(self) -> tuple[float, ...]:
        asked, sight = self._inference, self._inference.sight
        spent = (time.perf_counter(), self._engine.physics_seconds, asked.seconds)
        return *spent, asked.queries, asked.batches, sight.seconds, sight.drawn


def _admit(lanes: Lanes, fresh: list[Assignment]) -> list[Rollout]:
    """Put episodes into free lanes; a scene that makes the simulator raise costs only its own episode (law 8)."""
    try:
        lanes.admit(fresh)
        return []
    except SamepanelError:
        raise
    except Exception:  # a plug-in may raise anything
        return [rollout for assignment in fresh for rollout in _admit_alone(lanes, assignment)]


def _admit_alone(lanes: Lanes, assignment: Assignment) -> list[Rollout]:
    error = ""
    for _ in range(RETRIES):
        try:
            lanes.admit([assignment])
            return []
        except Exception as failure:
            error = _crash(failure)
    return [lanes.refuse(assignment, error)]


def _crash(failure: Exception) -> str:
    return f"simulator: {type(failure).__name__}: {failure}"


class _Rounds:
    """One policy on one task, in some lanes that are always asked and advanced together."""

    def __init__(
        self,
        engine: Engine,
        inference: Inference,
        execution: Execution,
        lanes: Lanes,
        clock: Clock,
        queue: Iterator[Assignment],
        every_step: bool,
    ) -> None:
        self.engine, self.inference, self.execution, self.lanes, self.clock = engine, inference, execution, lanes, clock
        self._queue, self._every_step = queue, every_step
        self._target = lanes.t.copy()
        self._lost: list[Rollout] = []

    @property
    def busy(self) -> bool:
        """Whether an episode is running, or one is still to be told of."""
        return bool(self._lost or self.lanes.active.any())

    def refill(self) -> list[Rollout]:
        """Put episodes into free lanes; returns those that could not start."""
        refused: list[Rollout] = []
        while fresh := list(islice(self._queue, int((~self.lanes.active).sum()))):
            refused += _admit(self.lanes, fresh)
        return refused

    def ask(self) -> None:
        """Make plans for all active lanes, and the commands until the next query."""
        lanes = self.lanes
        index = np.flatnonzero(lanes.active)
        if not len(index):
            return
        seen = self.inference.sight.look(lanes, index)
        if seen.lost:
            self._lost += [lanes.retire(lane, error=error) for lane, error in seen.lost.items()]
            seeing = lanes.active[index]
            index, seen = index[seeing], Seen(seen.rows(seeing), {})
            if not len(index):
                return
        latency = lanes.latency[index, lanes.t[index]]
        store_plans(lanes, index, self.inference.ask(lanes, index, seen.images), latency)
        length = np.minimum(latency + self.execution.execute, lanes.horizon - lanes.t[index])
        self._command(index, length)
        self._target[index] = lanes.t[index] + length

    def advance(self) -> list[Rollout]:
        """Advance all active lanes to their next query and refill the free ones; returns the episodes that ended."""
        lanes = self.lanes
        done, self._lost = self._lost, []
        index = np.flatnonzero(lanes.active)
        while len(index):
            done += self._segment(index, self._target[index])
            index = index[lanes.active[index] & (lanes.t[index] < self._target[index])]
        return done + self.refill()

    def _command(self, index: Array, length: Array) -> None:
        """Write the commands and the applied actions of the whole round; both are known now."""
        lanes = self.lanes
        steps = lanes.t[index, None] + np.arange(length.max())
        inside = steps < (lanes.t[index] + length)[:, None]
        steps = np.minimum(steps, lanes.horizon - 1)
        made = commands(lanes, index, steps, self.execution.ensemble)
        row, column = np.nonzero(inside)
        at = (index[row], steps[row, column])
        lanes.commanded[at] = made.actions[row, column]
        lanes.plan_step[at], lanes.chunk_index[at] = made.plan_step[row, column], made.chunk_index[row, column]
        lanes.applied[at] = applied_actions(lanes, index, steps)[row, column]
        lanes.hold[index] = made.actions[np.arange(len(index)), length - 1]

    def _segment(self, index: Array, target: Array) -> list[Rollout]:
        """Advance each lane to its target, or to the step before which its object is shifted."""
        lanes = self.lanes
        shifted = index[lanes.shift_step[index] == lanes.t[index]]
        done = self._guarded(shifted, self._shift) if len(shifted) else []
        index, target = index[lanes.active[index]], target[lanes.active[index]]
        now = lanes.t[index]
        cut = (lanes.shift_step[index] > now) & (lanes.shift_step[index] < target)
        length = np.where(cut, lanes.shift_step[index], target) - now
        for n in np.unique(length):
            done += self._guarded(index[length == n], partial(self._advance, n=int(n)))
        return done

    def _guarded(self, index: Array, work: Callable[[Array], list[Rollout]]) -> list[Rollout]:
        """Work on lanes; a simulator that raises costs only the lanes that make it raise (law 8)."""
        try:
            return work(index)
        except SamepanelError:
            raise
        except Exception:  # a plug-in may raise anything
            return [rollout for lane in index for rollout in self._retried(np.array([lane]), work)]

    def _retried(self, index: Array, work: Callable[[Array], list[Rollout]]) -> list[Rollout]:
        error = ""
        for _ in range(RETRIES):
            try:
                return work(index)
            except Exception as failure:
                error = _crash(failure)
        return [self.lanes.retire(int(index[0]), error=error)]

    def _shift(self, index: Array) -> list[Rollout]:
        """Move the objects of lanes whose shift is due; no episode ends by it."""
        lanes, at = self.lanes, self.lanes.t[index]
        for lane, state in zip(index, lanes.states[index, at], strict=True):
            lanes.unmoved[lane] = state
        lanes.states[index, at] = self.engine.shift(lanes.states[index, at], lanes.shift[index])
        return []

    def _advance(self, index: Array, n: int) -> list[Rollout]:
        """Advance lanes n steps."""
        return self._read(index, self.engine.advance(self._request(index, n)))

    def _ends(self, index: Array, steps: Array) -> Array:
        """Where the contract ends an episode: at the termination threshold, or some steps after the first success."""
        contract, lanes = self.engine.contract, self.lanes
        level = contract.termination_threshold
        level = contract.success_threshold if level is None else level
        signal = [item.name for item in contract.signals].index(contract.success_signal)
        so_far = np.logical_or.accumulate(lanes.success[index], axis=1)
        settled = np.take_along_axis(so_far, np.maximum(steps - contract.settle_steps, 0), axis=1)
        settled &= steps >= contract.settle_steps
        return np.asarray((lanes.signals[index[:, None], steps, signal] >= np.float32(level)) | settled)

    def _request(self, index: Array, n: int) -> Advance:
        lanes = self.lanes
        steps = lanes.t[index, None] + np.arange(n)
        rows = index[:, None]
        pushes = lanes.push[rows, steps] if lanes.pushed[index].any() else None
        return Advance(
            states=lanes.states[index, lanes.t[index]],
            actions=lanes.applied[rows, steps],
            pushes=pushes,
            dynamics=[lanes.dynamics[lane] for lane in index],
        )

    def _read(self, index: Array, moved: Advanced) -> list[Rollout]:
        """Store what happened up to each lane's end, and retire the lanes that ended."""
        lanes = self.lanes
        n = moved.success.shape[1]
        steps = lanes.t[index, None] + np.arange(n)
        rows = index[:, None]
        lanes.states[rows, steps + 1] = moved.states
        lanes.measured[rows, steps + 1] = moved.observations
        lanes.signals[rows, steps] = moved.signals
        lanes.success[rows, steps] = moved.success & ~moved.diverged & ~lanes.missed[rows, steps]
        ends = self._ends(index, steps) | moved.diverged
        ended = ends.any(axis=1)
        first = np.argmax(ends, axis=1)
        broken = ended & moved.diverged[np.arange(len(index)), first]
        used = np.where(ended, first + np.where(broken, 0, 1), n)
        lanes.t[index] += used
        if self._every_step:
            self.inference.sight.watch(lanes, index, lanes.t[index] - used)
        self.clock.steps += int(used.sum())
        over = ended | (lanes.t[index] >= lanes.horizon)
        return [lanes.retire(int(index[k]), diverged=bool(broken[k])) for k in np.flatnonzero(over)]
