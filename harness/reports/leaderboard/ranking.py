"""Who stands where, on all of the panel and on every part of it: the statistics of `samepanel compare` only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

from harness.artifact.reader import Artifact
from harness.reports.comparison import By, Comparison, Rules, compare, scopes
from harness.reports.findings import Findings, Question, Source, judge
from harness.reports.leaderboard.gathering import Field
from harness.reports.pairing import Entrant, Scope, leave_out
from harness.reports.standing import Standing, standings

__all__ = ["MOST_COUPLES", "Ranking", "rank"]

MOST_COUPLES = 1200
"""Comparisons up to which a way to divide the panel is judged couple by couple; beyond, it shows success only."""


@dataclass(frozen=True)
class Ranking:
    """The answers.

    Attributes:
        found: what `compare` finds, overall, by task, and since the baseline.
        standings: by part of the panel; the whole is `Scope()`.
        couples: of all policies, by part of the panel; a part that was not judged has none.
        unsolved: cells that nobody is ranked on, since the expert does not solve them.
    """

    found: Findings
    standings: dict[Scope, list[Standing]]
    couples: dict[Scope, tuple[Comparison, ...]]
    unsolved: tuple[Scope, ...]


def rank(field: Field, artifacts: Sequence[Artifact], baseline: Artifact | None, rules: Rules) -> Ranking:
    """Compare all couples on all parts of the panel.

    Raises:
        PanelMismatchError, UnknownIdError, ArtifactError: see `judge`.
    """
    unsolved = tuple(
        Scope(task, condition)
        for row, task in enumerate(field.tasks)
        for column, condition in enumerate(field.conditions)
        if field.unsolved[row, column]
    )
    met = field.entrants
    many = len(met) * (len(met) - 1) // 2 * len(field.tasks) > MOST_COUPLES
    question = Question(by="overall" if many else "task", rules=rules, without=unsolved)
    found = judge(met, artifacts, baseline, question)
    entered = [leave_out(entrant, unsolved) for entrant in met]
    order = [item.name for item in found.standings]
    entered.sort(key=lambda entrant: order.index(entrant.name) if entrant.name in order else len(order))
    couples: dict[Scope, tuple[Comparison, ...]] = {Scope(): found.overall, **_by_scope(found.parts)}
    parts = [Scope(), *scopes(entered, "task")]
    ways: tuple[By, ...] = ("condition", "cell")
    for by in ways:
        divided = scopes(entered, by)
        couples |= _by_scope(_judge(entered, divided, replace(rules, plan=False)))
        parts += divided
    return Ranking(
        found=_without_folders(found),
        standings={scope: standings(entered, couples.get(scope, ()), scope, rules) for scope in dict.fromkeys(parts)},
        couples=couples,
        unsolved=unsolved,
    )


def _judge(entered: Sequence[Entrant], parts: Sequence[Scope], rules: Rules) -> tuple[Comparison, ...]:
    """One family for Holm, as `compare --by` makes it."""
    couples = list(combinations(entered, 2))
    return compare(couples, parts, rules) if len(couples) * len(parts) <= MOST_COUPLES else ()


def _by_scope(found: Sequence[Comparison]) -> dict[Scope, tuple[Comparison, ...]]:
    return {
        scope: tuple(item for item in found if item.scope == scope)
        for scope in dict.fromkeys(item.scope for item in found)
    }


def _without_folders(found: Findings) -> Findings:
    """With the names of files only: a page must not depend on where they lay."""
    since = found.since
    if since is not None:
        moved = tuple(replace(flip, path=Path(flip.path.name)) for flip in since.flips)
        since = replace(since, baseline=_moved(since.baseline), flips=moved)
    return replace(found, sources=tuple(map(_moved, found.sources)), since=since)


def _moved(source: Source) -> Source:
    return replace(source, path=Path(source.path.name))
