"""The scripted expert of gym-pusht-v1: that of pusht-v1, which has the same block at 1 mm a pixel.

It plans on MuJoCo, whose contacts are others than pymunk's, so its forecasts are a little wrong; it looks again every
four steps. It cannot know the block's velocity, and there is none: the environment's damping stops everything at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from jaxtyping import Float32, Float64

from harness.contract.fields import Array
from harness.contract.policy import Plan, Query
from tasks.engines.gymnasium_states import observations
from tasks.gym_pusht.contract import CONTRACT, SIDE
from tasks.pusht import shape
from tasks.pusht.engine import PushTEngine
from tasks.pusht.expert import PushTExpert

__all__ = ["GymPushTExpert", "poses"]

METRE = 1000.0
"""Pixels in a metre."""


def poses(observed: Float64[Array, "... 5"]) -> Float64[Array, "... 3"]:
    """Centroid and angle of the block as pusht-v1 has them, metre and radian."""
    angle = np.array(observed[..., 4])
    return np.concatenate([shape.centroid_of(observed[..., 2:4] / METRE, angle), angle[..., None]], axis=-1)


class GymPushTExpert:
    """Keeps `harness.contract.policy.Policy`.

    Args:
        threads: native threads that simulate the candidates.
    """

    contract = PushTExpert.contract.model_copy(update={"task": CONTRACT.id})
    card: Mapping[str, Any] = {"method": "expert", "task": CONTRACT.id, "version": 1}

    def __init__(self, threads: int) -> None:
        self._inner, self._simulator = PushTExpert(threads), PushTEngine(threads).simulator

    def plan(self, query: Query) -> Plan:
        """The next targets of every valid row; the other rows hold."""
        assert query.states is not None, "the harness gives them to a privileged policy"
        seen = observations(query.states, CONTRACT.observation_width)
        pushers = np.ascontiguousarray(seen[:, :2]) / METRE
        states = self._simulator.pack(np.concatenate([poses(seen), pushers], axis=1), pushers)
        plan = self._inner.plan(replace(query, states=states, hold=(query.hold / METRE).astype(np.float32)))
        actions = np.where(query.valid[:, None, None], _pixels(plan.actions), query.hold[:, None])
        return Plan(actions.astype(np.float32), plan.memory)


def _pixels(targets: Float32[Array, "W chunk 2"]) -> Float64[Array, "W chunk 2"]:
    """Targets in pixels, inside the field."""
    return np.clip(targets.astype(np.float64) * METRE, 0.0, SIDE)
