"""How policies failed: labels of all failures, and the causes of those that were explained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64

from harness.contract.fields import Array
from harness.evidence.labels import CATEGORIES
from harness.reports.leaderboard.gathering import Actor, Field
from harness.reports.pairing import Scope
from harness.reports.worlds import FAILURE

__all__ = ["Causes", "Tally", "TallyRow", "causes", "labels", "tally"]


@dataclass(frozen=True)
class TallyRow:
    """One policy: failures of each kind, and their share of all failures that are told of."""

    actor: Actor
    counts: tuple[int, ...]
    total: int

    @property
    def shares(self) -> tuple[float, ...]:
        """Of the row's total."""
        return tuple(count / self.total if self.total else 0.0 for count in self.counts)


@dataclass(frozen=True)
class Tally:
    """A table of policies x kinds; kinds that never occurred are left out."""

    kinds: tuple[str, ...]
    rows: tuple[TallyRow, ...]

    @property
    def total(self) -> int:
        """Of all rows."""
        return sum(row.total for row in self.rows)


@dataclass(frozen=True, eq=False)
class Causes:
    """Failures by cell and kind."""

    kinds: tuple[str, ...]
    counts: Int64[Array, "actors tasks conditions kinds"]


def labels(field: Field) -> Causes:
    """By label: what the trace shows."""
    return _of(field, "failure_category", CATEGORIES)


def causes(field: Field) -> Causes:
    """By cause: what re-simulation shows, of the failures that were explained; the most frequent first."""
    found = _of(field, "cause", ())
    totals = found.counts[: len(field.policies)].sum(axis=(0, 1, 2))
    order = sorted(range(len(found.kinds)), key=lambda index: (-int(totals[index]), found.kinds[index]))
    return Causes(tuple(found.kinds[index] for index in order), found.counts[..., order])


def _of(field: Field, column: str, known: Sequence[str]) -> Causes:
    codes, names = field.codes(column)
    kinds = [*known, *sorted(str(name) for name in names if name is not None and name not in (*known, "none"))]
    place = np.array([kinds.index(str(name)) if name in kinds else -1 for name in names], np.int64)
    kind = place[codes] if len(names) else np.full(len(field.actor), -1)
    told = (kind >= 0) & (field.outcome == FAILURE)
    return Causes(tuple(kinds), field.count(kind, max(1, len(kinds)), told)[..., : len(kinds)])


def tally(field: Field, found: Causes, scope: Scope, actors: Sequence[Actor]) -> Tally:
    """The policies' failures in a part of the panel; the kinds are those that occur anywhere."""
    own = found.counts[: len(field.policies)]
    used = np.flatnonzero(own.sum(axis=(0, 1, 2))).tolist()
    task, condition = field.inside(scope)
    inside = own[:, task, condition]
    counts = inside.sum(axis=tuple(range(1, inside.ndim - 1)))
    rows = [
        TallyRow(actor, tuple(int(counts[index, kind]) for kind in used), int(counts[index].sum()))
        for actor in actors
        for index in [field.actors.index(actor)]
    ]
    return Tally(tuple(found.kinds[kind] for kind in used), tuple(rows))
