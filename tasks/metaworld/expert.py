"""The scripted expert of a task: Meta-World's own policy for the environment, which acts on the newest observation."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float64
from metaworld.policies import ENV_POLICY_MAP

from harness.contract.fields import Array
from harness.contract.policy import Plan, PolicyContract, Query
from tasks.engines.gymnasium_states import observations
from tasks.metaworld.table import NUMBERS, Row

__all__ = ["MetaWorldExpert", "whole"]


def whole(row: Row, observed: Float64[Array, "... component"]) -> Float64[Array, "... 39"]:
    """Meta-World's observation again, zero where the task does not show it."""
    seen = np.zeros((*observed.shape[:-1], NUMBERS))
    seen[..., list(row.components)] = observed
    return seen


class MetaWorldExpert:
    """Keeps `harness.contract.policy.Policy`.

    Args:
        row: of the environment.
    """

    def __init__(self, row: Row) -> None:
        made: Any = ENV_POLICY_MAP[row.environment]
        self._row, self._policy = row, made()
        self.contract = PolicyContract(method="expert", task=row.id, n_obs=1, chunk=1, width=32, privileged=True)
        self.card: Mapping[str, Any] = {"method": "expert", "task": row.id, "version": 1}

    def plan(self, query: Query) -> Plan:
        """The next action of every valid row; the other rows hold."""
        assert query.states is not None, "the harness gives them to a privileged policy"
        seen = whole(self._row, observations(query.states, len(self._row.components)))
        actions = query.hold.copy()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that large commands are clipped, which they are meant to be
            for lane in np.flatnonzero(query.valid):
                actions[lane] = np.clip(self._policy.get_action(seen[lane]), -1.0, 1.0)
        return Plan(actions[:, None], query.memory)
