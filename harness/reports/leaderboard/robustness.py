"""Success over severity, where conditions of the panel form a ladder: families of conditions, mild to severe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from harness.faults.catalogue import AnyFault
from harness.manifest.ladders import rungs
from harness.reports.leaderboard.cells import Rate, rate_of
from harness.reports.leaderboard.gathering import Actor, Field
from harness.reports.leaderboard.ranking import Ranking

__all__ = ["Curve", "Family", "families"]

NOMINAL = "nominal"
_FAULTS = TypeAdapter(tuple[AnyFault, ...])


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
    ladders: dict[str, dict[int, str]] = {}
    for name, rung in _rungs(conditions).items():
        if name in field.conditions:
            ladders.setdefault(rung[0], {})[rung[1]] = name
    return [
        _family(field, ranking, name, task, dict(sorted(levels.items())))
        for name, levels in sorted(ladders.items())
        for task in field.tasks
    ]


def _rungs(conditions: dict[str, Any]) -> dict[str, tuple[str, int]]:
    """Family and level by condition; none where a fault of an artifact is not in this catalogue."""
    try:
        faults = {name: _FAULTS.validate_python(items) for name, items in conditions.items()}
    except ValidationError:
        return {}
    return {name: (rung.family, rung.level) for name, rung in rungs(faults).items()}


def _family(field: Field, ranking: Ranking, name: str, task: str, levels: dict[int, str]) -> Family:
    ladder = ({0: NOMINAL} if NOMINAL in field.conditions else {}) | levels
    curves = []
    for actor in field.policies:
        rates = {level: rate_of(field, ranking, actor, task, condition) for level, condition in ladder.items()}
        known = {level: rate for level, rate in rates.items() if rate.scored}
        if known:
            curves.append(Curve(actor, tuple(known), tuple(known.values())))
    return Family(name, task, tuple(ladder.values()), tuple(curves))
