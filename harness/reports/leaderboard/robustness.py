"""Success over severity, where conditions of the panel form a ladder: families of conditions, mild to severe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from harness.manifest.documents import NOMINAL
from harness.reports.families import ladders
from harness.reports.leaderboard.cells import Rate, rate_of
from harness.reports.leaderboard.gathering import Actor, Field
from harness.reports.leaderboard.ranking import Ranking

__all__ = ["Curve", "Family", "families"]


@dataclass(frozen=True)
class Curve:
    """One actor: its success at severity 0 (nominal) and at every level."""

    actor: Actor
    levels: tuple[int, ...]
    rates: tuple[Rate, ...]


@dataclass(frozen=True)
class Family:
    """One ladder on one task."""

    name: str
    task: str
    conditions: tuple[str, ...]
    curves: tuple[Curve, ...]


def families(field: Field, ranking: Ranking, conditions: dict[str, Any]) -> list[Family]:
    """Every ladder of the panel on every task.

    Args:
        field: what was evaluated.
        ranking: of it.
        conditions: of the panel, as documents.
    """
    return [
        _family(field, ranking, name, task, levels)
        for name, levels in ladders(conditions, field.conditions).items()
        for task in field.tasks
    ]


def _family(field: Field, ranking: Ranking, name: str, task: str, levels: dict[int, str]) -> Family:
    ladder = ({0: NOMINAL} if NOMINAL in field.conditions else {}) | levels
    curves = []
    for actor in field.policies:
        rates = {level: rate_of(field, ranking, actor, task, condition) for level, condition in ladder.items()}
        known = {level: rate for level, rate in rates.items() if rate.scored}
        if known:
            curves.append(Curve(actor, tuple(known), tuple(known.values())))
    return Family(name, task, tuple(ladder.values()), tuple(curves))
