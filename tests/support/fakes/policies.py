"""Policies for fake-v1: good, noisy, chunked, with memory, and faulty in one way each."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np

from harness.contract.policy import NoiseSpec, Plan, PolicyContract

ACTION = 2


class Steady:
    """Walks from the last position that it saw to the goal that it saw, `chunk` steps ahead.

    Args:
        sigma: standard deviation of the harness's noise in the actions; 0 draws none.
    """

    def __init__(self, *, chunk=4, n_obs=2, width=4, sigma=0.0, memory=0, diagnostics=None, task="fake-v1"):
        self.sigma = sigma
        self.contract = PolicyContract(
            method="fake",
            task=task,
            n_obs=n_obs,
            chunk=chunk,
            width=width,
            noise=NoiseSpec(shape=(chunk, ACTION), kind="normal") if sigma else None,
            memory=memory,
            diagnostics=diagnostics or {},
        )
        self.card = {"weights": f"steady-{sigma}", "execution": {"execute": 2, "ensemble": None}}

    def plan(self, query):
        return Plan(self.actions(query), query.memory, self.diagnose(query))

    def actions(self, query):
        seen = query.observations
        position, goal = seen[:, -1, 0:2], seen[:, 0, 4:6]
        share = 0.5 + 0.5 * (np.arange(self.contract.chunk, dtype=np.float32) + 1) / self.contract.chunk
        actions = position[:, None] + share[None, :, None].astype(np.float32) * (goal - position)[:, None]
        if self.sigma:
            actions = actions + np.float32(self.sigma) * query.noise
        return actions.astype(np.float32)

    def diagnose(self, query):
        return {
            name: np.stack([query.observations[:, -1, 0] + k for k in range(length)], axis=1).astype(np.float32)
            for name, length in self.contract.diagnostics.items()
        }


class Forgetful(Steady):
    """Has memory: leans to one side the more, the more often it has been asked in this episode."""

    def __init__(self, **settings):
        super().__init__(**{"memory": 2, **settings})

    def plan(self, query):
        memory = query.memory.copy()
        memory[:, 0] += 1
        memory[:, 1] = 0.5 * memory[:, 1] + query.observations[:, -1, 0]
        lean = (0.002 * memory[:, 0] + 0.05 * memory[:, 1]).astype(np.float32)
        return Plan(self.actions(query) + lean[:, None, None], memory, self.diagnose(query))


class Still(Steady):
    """Stays where it started, and fails."""

    def actions(self, query):
        return np.repeat(query.observations[:, -1:, 0:2], self.contract.chunk, axis=1)


class Gregarious(Steady):
    """Breaks law 5: its plan depends on its neighbours in the batch."""

    def actions(self, query):
        return super().actions(query) + np.float32(0.1) * query.observations[:, -1:, :2].mean(axis=0, keepdims=True)


class Slow(Steady):
    """Takes its time, on the wall."""

    def actions(self, query):
        time.sleep(0.002)
        return super().actions(query)


class Misshapen(Steady):
    """One action short."""

    def actions(self, query):
        return super().actions(query)[:, :-1]


class DoublePrecision(Steady):
    """Wrong dtype."""

    def actions(self, query):
        return super().actions(query).astype(np.float64)


class NotANumber(Steady):
    """NaN from a control step on, in rows that count."""

    def __init__(self, *, since=0, **settings):
        super().__init__(**settings)
        self.since = since

    def actions(self, query):
        late = query.steps >= self.since
        return np.where(late[:, None, None], np.float32(np.nan), super().actions(query))


class PaddingNotANumber(Steady):
    """NaN in padding only, where it does no harm."""

    def actions(self, query):
        return np.where(query.valid[:, None, None], super().actions(query), np.float32(np.nan))


class Raising(Steady):
    """Raises."""

    def actions(self, query):
        raise RuntimeError("no idea what to do")


class MemoryMisshapen(Steady):
    """Returns more memory than it promised."""

    def plan(self, query):
        plan = super().plan(query)
        return replace(plan, memory=np.zeros((len(plan.actions), 3)))


class WithoutDiagnostics(Steady):
    """Promises a diagnostic and returns none."""

    def __init__(self, **settings):
        super().__init__(**{"diagnostics": {"tokens": 2}, **settings})

    def diagnose(self, query):
        return {}


class Spy(Steady):
    """Keeps every query."""

    def __init__(self, **settings):
        super().__init__(**settings)
        self.queries = []

    def plan(self, query):
        self.queries.append(query)
        return super().plan(query)


class Looking(Steady):
    """Reads off the oldest and the newest picture where the cart is, and goes on to the goal that it is told."""

    def __init__(self, *, camera="top", **settings):
        super().__init__(**settings)
        self.contract = self.contract.model_copy(update={"cameras": (camera,), "reads": ("goal",)})
        self.queries = []

    def actions(self, query):
        self.queries.append(query)
        shown = query.images[self.contract.cameras[0]].astype(np.float64).sum(axis=4)
        _, _, height, width = shown.shape
        bright = shown - shown.min(axis=(2, 3), keepdims=True)
        total = np.maximum(bright.sum(axis=(2, 3)), 1)
        x = (bright.sum(axis=2) * np.arange(width)).sum(axis=2) / total / (width - 1) * 4 - 2
        y = (bright.sum(axis=3) * np.arange(height)).sum(axis=2) / total / (height - 1) * 4 - 2
        place = np.stack([x, y], axis=2)
        ahead = place[:, -1] + 0.1 * (place[:, -1] - place[:, 0])
        goal = query.observations[:, -1, 4:6]
        share = 0.5 + 0.5 * (np.arange(self.contract.chunk) + 1) / self.contract.chunk
        return (ahead[:, None] + share[None, :, None] * (goal - ahead)[:, None]).astype(np.float32)


KINDS = {
    "looking": Looking,
    "steady": Steady,
    "forgetful": Forgetful,
    "still": Still,
    "slow": Slow,
    "misshapen": Misshapen,
    "double": DoublePrecision,
    "nan": NotANumber,
    "raising": Raising,
    "memory": MemoryMisshapen,
    "undiagnosed": WithoutDiagnostics,
}
