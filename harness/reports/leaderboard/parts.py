"""Tables that are told by part of the panel: their rows, ready for a page, for every task and condition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from jinja2 import Environment

from harness.reports.comparison import Comparison, Rules
from harness.reports.leaderboard.failures import causes, labels, tally
from harness.reports.leaderboard.gathering import Actor, Field
from harness.reports.leaderboard.ranking import Ranking
from harness.reports.leaderboard.timing import Measures, entries
from harness.reports.pairing import Scope

__all__ = ["NO_EVIDENCE", "PairCell", "matrix", "parts"]

NO_EVIDENCE = "no evidence"
"""The verdict of an invalid run."""
MOST_PARTS = 600
"""Parts up to which single cells can be filtered; beyond, only a task or a condition."""
_MISSING = "Not told for this part: choose fewer filters, or ask `samepanel compare --by cell`."


@dataclass(frozen=True)
class PairCell:
    """Row against column; `verdict` is empty where no pair is scored."""

    difference: float
    verdict: str


def matrix(
    ordered: Sequence[Actor], couples: Sequence[Comparison], *, valid: bool = True
) -> list[tuple[Actor, list[PairCell | None]]]:
    """All against all; None on the diagonal. An invalid run gives differences and no verdicts."""
    turned = {"better": "worse", "worse": "better"}
    known: dict[tuple[str, str], PairCell] = {}
    for item in couples:
        said = item.verdict if valid else NO_EVIDENCE
        known[item.first, item.second] = PairCell(item.interval.estimate, said)
        known[item.second, item.first] = PairCell(-item.interval.estimate, turned.get(said, said))
    return [
        (row, [None if row is column else known.get((row.name, column.name), PairCell(0.0, "")) for column in ordered])
        for row in ordered
    ]


def parts(
    templates: Environment,
    field: Field,
    ranking: Ranking,
    ordered: Sequence[Actor],
    measures: Measures,
    rules: Rules,
) -> dict[str, dict[str, str]]:
    """Rows as HTML by table and part; the key of a part is `task|condition`, either empty for all."""
    rows = templates.get_template("rows.html.j2").module
    actors = {actor.name: actor for actor in field.actors}
    labelled, caused = labels(field), causes(field)
    valid, judged = not ranking.found.invalid, len(field.policies) == 1
    found: dict[str, dict[str, str]] = {name: {} for name in ("ranking", "failures", "causes", "timing", "pairs")}
    for scope in _scopes(field):
        key = f"{scope.task or ''}|{scope.condition or ''}"
        couples = ranking.couples.get(scope, ())
        standings = ranking.standings.get(scope, [])
        known = bool(couples) or judged
        found["ranking"][key] = str(rows.ranking(standings, actors, valid, known))  # type: ignore[attr-defined]
        found["failures"][key] = str(rows.tally(tally(field, labelled, scope, ordered)))  # type: ignore[attr-defined]
        found["causes"][key] = str(rows.tally(tally(field, caused, scope, ordered)))  # type: ignore[attr-defined]
        found["timing"][key] = str(rows.timing(entries(field, measures, scope, ordered, rules)))  # type: ignore[attr-defined]
        found["pairs"][key] = str(rows.pairs(matrix(ordered, couples, valid=valid)))  # type: ignore[attr-defined]
    for table in found.values():
        table["missing"] = str(rows.missing(9, _MISSING))  # type: ignore[attr-defined]
    return found


def _scopes(field: Field) -> list[Scope]:
    tasks: list[str | None] = [None, *field.tasks]
    conditions: list[str | None] = [None, *field.conditions]
    every = [Scope(task, condition) for task, condition in product(tasks, conditions)]
    if len(every) <= MOST_PARTS:
        return every
    return [scope for scope in every if scope.task is None or scope.condition is None]
