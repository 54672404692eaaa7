"""What the front page shows, gathered: the page itself is in the templates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from harness.evidence.company import EXPERT
from harness.evidence.controls import ControlCheck
from harness.manifest.documents import NOMINAL
from harness.reports.comparison import Rules
from harness.reports.headline import best, broke, caveats, family, warnings
from harness.reports.leaderboard.answers import answer
from harness.reports.leaderboard.cards import cards
from harness.reports.leaderboard.cells import Rate, heat, rate_of
from harness.reports.leaderboard.choosing import Choice
from harness.reports.leaderboard.failures import causes, labels, tally
from harness.reports.leaderboard.gathering import Actor, Field
from harness.reports.leaderboard.ranking import Ranking
from harness.reports.leaderboard.robustness import families
from harness.reports.pairing import Scope
from harness.reports.tolerance import latency_ladder

__all__ = ["LOST_SHOWN", "LostTime", "PageOf", "front", "invalid", "level", "ordered"]

LOST_SHOWN = 40
"""Episodes that fail now and are listed on the front page."""


@dataclass(frozen=True)
class PageOf:
    """An episode that has a page."""

    row: int
    episode: str
    file: str
    actor: Actor
    task: str
    condition: str
    scene: int
    label: str
    cause: str | None


@dataclass(frozen=True)
class LostTime:
    """Success under nominal and under conditions whose faults cost time, ladders of latency apart."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Actor, str, tuple[Rate, ...]], ...]


@dataclass(frozen=True)
class Shown:
    """How many failures of one policy on one task have a page."""

    shown: int
    failures: int


def front(
    field: Field, ranking: Ranking, rules: Rules, choices: Sequence[Choice], pages: Sequence[PageOf]
) -> dict[str, Any]:
    """Everything that the templates of the front page name."""
    found, panel = ranking.found, field.artifacts[0].metadata["manifest"]["panel"]
    actors = {actor.name: actor for actor in field.actors}
    expert = list(field.experts)
    told = [(actor, cards(field, actor)) for actor in ordered(field, ranking)]
    labelled, caused = (tally(field, kinds(field), Scope(), field.policies) for kinds in (labels, causes))
    return {
        "actors": actors,
        "answers": answer(found),
        "caveats": _caveats(field, ranking),
        "caused": caused,
        "chosen": [Shown(len(choice.rows), choice.failures) for choice in choices if choice.failures],
        "claims": found.methods,
        "conditions": field.conditions,
        "controls": heat(field, ranking, _others(field)),
        "control_conditions": _met_by_controls(field),
        "couples": (*found.overall, *found.parts),
        "episodes": len(field.actor),
        "errors": field.errors,
        "failures": labelled,
        "families": [_drawn(item) for item in families(field, ranking, panel["conditions"])],
        "family_changes": _family(found.since.changes if found.since else (), rules),
        "family_claims": _family(found.methods, rules) + ".",
        "family_overall": _family(found.overall, rules),
        "files": [source.path.name for source in found.sources],
        "has_expert": bool(expert),
        "headline": [*warnings(found), best(found), broke(found.since)],
        "heat": heat(field, ranking, [*ordered(field, ranking), *expert]),
        "level": level(rules),
        "methods": [(name, next(actor for actor in field.policies if actor.method == name)) for name in field.methods],
        "ordered": ordered(field, ranking),
        "pages": pages,
        "policies": told,
        "probes": field.probes,
        "rules": rules,
        "standings": found.standings,
        "strips": _strips(field, panel["conditions"], ranking),
        "tasks": field.tasks,
        "tokens": [
            (actor, card) for actor, own in told for card in own if card.codes or card.rollout_error is not None
        ],
        "lost_time": _lost_time(field, ranking, panel["conditions"]),
        "unsolved": ranking.unsolved,
        **_since(ranking),
        **_validity(field, ranking),
    }


def ordered(field: Field, ranking: Ranking) -> list[Actor]:
    """The policies as they stand, those that are not ranked last."""
    names = [item.name for item in ranking.found.standings]
    return sorted(field.policies, key=lambda actor: names.index(actor.name) if actor.name in names else len(names))


def level(rules: Rules) -> str:
    """Of the intervals."""
    return f"{100 * (1 - rules.alpha):g} %"


def invalid(ranking: Ranking) -> list[str]:
    """Why the run ranks nothing: one text an artifact; empty if it is valid."""
    told = []
    for source in ranking.found.invalid:
        reasons = [
            f"{check.control} on {check.task}/{check.split} {check.successes} of {check.scored}, "
            f"band {check.low:.2f} to {check.high:.2f}"
            for check in source.out_of_band
        ]
        told.append(f"controls of {source.name} left their band ({', '.join(reasons) or 'as its metadata says'})")
    return told


def _caveats(field: Field, ranking: Ranking) -> list[str]:
    told = caveats(ranking.found)
    if ranking.unsolved:
        names = ", ".join(str(scope) for scope in ranking.unsolved)
        told.append(f"Not ranked on, since the expert fails more often than not: {names}.")
    if not field.expert.sum():
        told.append("No expert ran: nobody knows which cells can be solved.")
    if field.errors:
        told.append(f"{field.errors} episodes ended in an error; they are not scored.")
    return told


def _family(items: Sequence[object], rules: Rules) -> str:
    return family(items, rules.alpha)


def _drawn(item: Any) -> dict[str, Any]:
    """A family as the template draws it."""
    curves = [
        {"actor": curve.actor, "points": list(zip(curve.levels, curve.rates, strict=True))} for curve in item.curves
    ]
    known = [level for curve in item.curves for level in curve.levels]
    return {
        "name": item.name,
        "task": item.task,
        "first": min(known, default=0),
        "steps": max(1, max(known, default=1) - min(known, default=0)),
        "curves": curves,
    }


def _strips(field: Field, conditions: dict[str, Any], ranking: Ranking) -> list[int]:
    """Conditions beside nominal that are told one by one: those that are no level of a ladder."""
    laddered = {name for item in families(field, ranking, conditions) for name in item.conditions}
    return [
        index for index, name in enumerate(field.conditions) if name != NOMINAL and name not in laddered - {NOMINAL}
    ]


def _lost_time(field: Field, ranking: Ranking, conditions: dict[str, Any]) -> LostTime:
    told = latency_ladder(conditions)
    slow = [
        name
        for name in field.conditions
        if name not in told and any(str(fault["fault"]).startswith("timing.") for fault in conditions.get(name, ()))
    ]
    if not slow:
        return LostTime((), ())
    columns = (*(name for name in field.conditions if name == NOMINAL), *slow)
    rows = tuple(
        (actor, task, tuple(rate_of(field, ranking, actor, task, name) for name in columns))
        for actor in ordered(field, ranking)
        for task in field.tasks
    )
    return LostTime(columns, tuple(row for row in rows if any(rate.scored for rate in row[2])))


def _others(field: Field) -> list[Actor]:
    """Controls beside the expert, who stands by the policies."""
    return [actor for actor in field.actors if actor.control and actor.label != EXPERT]


def _met_by_controls(field: Field) -> list[str]:
    counts = field.outcomes[[field.actors.index(actor) for actor in _others(field)]].sum(axis=(0, 1, 3))
    return [name for index, name in enumerate(field.conditions) if counts[index]]


def _since(ranking: Ranking) -> dict[str, Any]:
    since = ranking.found.since
    lost = [flip for flip in since.flips if not flip.now] if since else []
    return {"since": since, "lost": lost[:LOST_SHOWN], "lost_total": len(lost)}


def _validity(field: Field, ranking: Ranking) -> dict[str, Any]:
    checks = [
        (name, ControlCheck(**check))
        for name, artifact in zip(field.files, field.artifacts, strict=True)
        for check in artifact.metadata["controls"]["checks"]
    ]
    told = invalid(ranking)
    unknown = any(source.valid is None for source in ranking.found.sources)
    return {
        "checks": checks,
        "invalid": told,
        "valid": not told,
        "validity": "invalid" if told else "unknown" if unknown else "valid",
    }
