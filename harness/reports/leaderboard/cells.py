"""The cells of a site's tables: a text, how strongly it is tinted, and what a reader may know beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.reports.leaderboard.gathering import Actor, Field
from harness.reports.leaderboard.ranking import Ranking
from harness.reports.pairing import Scope
from harness.reports.worlds import ERROR, FAILURE, SUCCESS
from harness.statistics.intervals import Interval

__all__ = ["Heat", "HeatRow", "Rate", "heat", "rate_of"]


@dataclass(frozen=True)
class Rate:
    """Success of one actor in one cell.

    Attributes:
        interval: of the success; None where nobody is ranked on the cell, or for a control.
        unsolved: whether the expert does not solve the cell.
    """

    condition: str
    successes: int
    scored: int
    errors: int
    interval: Interval | None
    unsolved: bool

    @property
    def rate(self) -> float | None:
        """None where no episode is scored."""
        return self.successes / self.scored if self.scored else None

    @property
    def note(self) -> str:
        """What the number stands on."""
        parts = [f"{self.successes} of {self.scored} episodes"]
        if self.interval is not None:
            parts.append(f"{self.interval.low:.2f} to {self.interval.high:.2f}")
        if self.errors:
            parts.append(f"{self.errors} errors")
        if self.unsolved:
            parts.append("not ranked on: the expert does not solve it")
        return ", ".join(parts)


@dataclass(frozen=True)
class HeatRow:
    """One actor on one task, over all conditions."""

    actor: Actor
    rates: tuple[Rate, ...]


@dataclass(frozen=True)
class Heat:
    """Success on one task, by actor and condition."""

    task: str
    rows: tuple[HeatRow, ...]


def heat(field: Field, ranking: Ranking, actors: Sequence[Actor]) -> list[Heat]:
    """One table a task; an actor that never met the task is left out of it."""
    tables = []
    for task in field.tasks:
        rows = [
            HeatRow(actor, tuple(rate_of(field, ranking, actor, task, condition) for condition in field.conditions))
            for actor in actors
        ]
        tables.append(Heat(task, tuple(row for row in rows if any(rate.scored + rate.errors for rate in row.rates))))
    return tables


def rate_of(field: Field, ranking: Ranking, actor: Actor, task: str, condition: str) -> Rate:
    """Success of one actor in one cell, with the interval that the ranking of the cell has."""
    row, column = field.tasks.index(task), field.conditions.index(condition)
    counts = field.outcomes[field.actors.index(actor), row, column]
    found = ranking.standings.get(Scope(task, condition), [])
    interval = next((item.success for item in found if item.name == actor.name), None)
    scored = int(counts[SUCCESS] + counts[FAILURE])
    return Rate(
        condition, int(counts[SUCCESS]), scored, int(counts[ERROR]), interval, bool(field.unsolved[row, column])
    )
