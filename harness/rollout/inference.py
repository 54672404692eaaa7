"""Asking a policy: one padded batch of fixed width at a time (law 5), with noise that the harness draws (law 3)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from hashlib import blake2b

import numpy as np

from harness.contract.fields import Array, hidden
from harness.contract.policy import Plan, Policy, Query
from harness.contract.task import TaskContract
from harness.errors import PolicyOutputError, SamepanelError
from harness.rollout.channels import delivered_window
from harness.rollout.lanes import Lanes
from harness.rollout.sight import Artist, Sight
from harness.seeding import generator

__all__ = ["Inference"]


class Inference:
    """Queries a policy for any number of lanes.

    Attributes:
        sight: looks through the cameras that the policy reads.
        seconds: wall time spent inside the policy so far, for `bench`.
        queries: lanes queried so far, padding apart.
        batches: forward passes so far.
    """

    def __init__(self, policy: Policy, task: TaskContract, artist: Artist | None = None) -> None:
        self.policy, self.contract, self.task = policy, policy.contract, task
        self.sight = Sight(task, self.contract.cameras, self.contract.n_obs, artist)
        self.seconds, self.queries, self.batches = 0.0, 0, 0
        self._hidden = hidden(task.observation, self.contract.reads)

    def ask(self, lanes: Lanes, index: Array, images: Mapping[str, Array]) -> Array:
        """Plans of the lanes `index`, shape (active, chunk, action); memory and records of the lanes are updated.

        `images` are what the lanes see: `Seen.images`.
        """
        windows = delivered_window(lanes, index, self.contract.n_obs)
        windows[..., self._hidden] = 0
        actions = np.empty((len(index), self.contract.chunk, self.task.action_width), np.float32)
        for first in range(0, len(index), self.contract.width):
            part = slice(first, first + self.contract.width)
            shown = {name: pictures[part] for name, pictures in images.items()}
            plan = self._ask_batch(lanes, index[part], windows[part], shown)
            actions[part] = plan.actions[: len(index[part])]
        return actions

    def _ask_batch(self, lanes: Lanes, index: Array, windows: Array, images: Mapping[str, Array]) -> Plan:
        query = self._query(lanes, index, windows, images)
        started = time.perf_counter()
        plan = self._plan(query)
        elapsed = time.perf_counter() - started
        self.seconds += elapsed
        self.queries += len(index)
        self.batches += 1
        self._check(plan, lanes, index)
        lanes.memory[index] = plan.memory[: len(index)]
        for row, lane in enumerate(index):
            record = lanes.queries[lane]
            record.steps.append(int(lanes.t[lane]))
            record.hashes.append(_hash(windows[row], images, row))
            record.milliseconds.append(1e3 * elapsed)
            for name in self.contract.diagnostics:
                record.diagnostics.setdefault(name, []).append(np.array(plan.diagnostics[name][row], np.float32))
        return plan

    def _plan(self, query: Query) -> Plan:
        """A policy that raises stops the run in one line: unlike a simulator's, its fault is in every episode."""
        try:
            return self.policy.plan(query)
        except SamepanelError:
            raise
        except Exception as error:
            raise PolicyOutputError(
                f"policy {self.contract.method!r} on {self.contract.task}",
                expected="a plan",
                got=f"{type(error).__name__}: {error}",
                fix="repair the policy; finished episodes are kept, so run again after it",
            ) from error

    def _query(self, lanes: Lanes, index: Array, windows: Array, images: Mapping[str, Array]) -> Query:
        """Pad to the fixed width; padding rows repeat the first lane, so that no policy meets odd numbers."""
        width, filled = self.contract.width, len(index)
        rows = np.concatenate([np.arange(filled), np.zeros(width - filled, np.int64)])
        padded = index[rows]
        valid = np.arange(width) < filled
        privileged = self.contract.privileged
        scenes = [lanes.assignments[lane].scene if ok else None for lane, ok in zip(padded, valid, strict=True)]
        return Query(
            observations=windows[rows],
            noise=self._noise(lanes, index, width),
            states=lanes.states[padded, lanes.t[padded]] if privileged else None,
            scenes=tuple(scenes) if privileged else (),
            hold=lanes.hold[padded],
            steps=lanes.t[padded],
            memory=lanes.memory[padded],
            valid=valid,
            images={name: shown[rows] for name, shown in images.items()},
        )

    def _noise(self, lanes: Lanes, index: Array, width: int) -> Array | None:
        spec = self.contract.noise
        if spec is None:
            return None
        noise = np.zeros((width, *spec.shape), np.float32)
        for row, lane in enumerate(index):
            assignment = lanes.assignments[lane]
            assert assignment is not None, "an empty lane was queried"
            draw = generator(*assignment.noise_key, int(lanes.t[lane]))
            noise[row] = (
                draw.random(spec.shape, np.float32)
                if spec.kind == "uniform"
                else draw.standard_normal(spec.shape, np.float32)
            )
        return noise

    def _check(self, plan: Plan, lanes: Lanes, index: Array) -> None:
        """Law 12 at every query: shape, dtype, and finite numbers in the rows that count."""
        whose = f"policy {self.contract.method!r} on {self.contract.task}"
        shape = (self.contract.width, self.contract.chunk, self.task.action_width)
        if plan.actions.shape != shape or plan.actions.dtype != np.float32:
            raise PolicyOutputError(
                whose,
                expected=f"float32 actions of shape {shape} (width, chunk, action)",
                got=f"{plan.actions.dtype} of shape {plan.actions.shape}",
                fix="return what the policy's contract states, or change the contract",
            )
        if plan.memory.shape != (shape[0], self.contract.memory):
            raise PolicyOutputError(
                whose, expected=f"memory of shape {(shape[0], self.contract.memory)}", got=str(plan.memory.shape)
            )
        finite = np.isfinite(plan.actions[: len(index)]).all(axis=(1, 2))
        if not finite.all():
            lane = index[int(np.argmin(finite))]
            assignment = lanes.assignments[lane]
            scene = assignment.scene if assignment else None
            raise PolicyOutputError(
                whose,
                expected="finite actions",
                got=f"NaN or infinity at step {int(lanes.t[lane])} of {scene}",
                fix="check the checkpoint; finished episodes are kept, so run again after the repair",
            )


def _hash(window: Array, images: Mapping[str, Array], row: int) -> bytes:
    """Of all that a query saw."""
    seen = blake2b(window.tobytes(), digest_size=8)
    for name, shown in images.items():
        seen.update(name.encode() + shown[row].tobytes())
    return seen.digest()
