"""Which episodes get a page of their own: failures of the ranked policies, those that tell most first."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Int64

from harness.contract.fields import Array
from harness.reports.leaderboard.gathering import Actor, Field
from harness.reports.worlds import FAILURE

__all__ = ["Choice", "choose"]


@dataclass(frozen=True)
class Choice:
    """Episodes of one policy on one task.

    Attributes:
        rows: of the field, in the order of the pages.
        failures: how many there are in all.
    """

    actor: Actor
    task: str
    rows: tuple[int, ...]
    failures: int


def choose(field: Field, most: int, first: Collection[str]) -> list[Choice]:
    """At most so many failures a policy and task.

    Those that are named come first, then those that were explained, then the conditions take turns, by scene.

    Args:
        field: what was evaluated.
        most: pages a policy and task.
        first: episodes that come first: those that broke since the baseline.
    """
    explained = field.table["cause"].is_valid().to_numpy()
    named = pc.is_in(field.table["episode"], pa.array(sorted(first), pa.string())).to_numpy()
    chosen = []
    for index, actor in enumerate(field.policies):
        for number, task in enumerate(field.tasks):
            met = (field.actor == index) & (field.task == number)
            if met.any():
                rows = np.flatnonzero(met & (field.outcome == FAILURE))
                ordered = _ordered(field, rows, named[rows], explained[rows])
                chosen.append(Choice(actor, task, tuple(ordered[:most].tolist()), len(rows)))
    return chosen


def _ordered(field: Field, rows: Int64[Array, " rows"], named: Array, explained: Array) -> Int64[Array, " rows"]:
    condition, world = field.condition[rows], field.world[rows]
    turn = np.empty(len(rows), np.int64)
    for number in np.unique(condition):
        own = np.flatnonzero(condition == number)
        turn[own[np.argsort(world[own], kind="stable")]] = np.arange(len(own))
    order = np.lexsort((condition, turn, ~explained, ~named))
    found: Array = rows[order]
    return found
