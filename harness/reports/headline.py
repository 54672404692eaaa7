"""What a comparison found, in sentences: which policy is best, how sure, what broke, and what nobody may claim."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from harness.reports.comparison import Comparison
from harness.reports.findings import Findings, Since, Source
from harness.reports.methods import SEEDS
from harness.statistics.intervals import Interval

__all__ = ["Lead", "best", "broke", "caveats", "family", "lead", "needed", "warnings"]

NAMED = 6
"""Names in a sentence before the rest is only counted."""


def warnings(found: Findings) -> list[str]:
    """What makes the numbers no evidence."""
    return [f"INVALID: {_reasons(source)}. What follows ranks nothing." for source in found.invalid]


def _reasons(source: Source) -> str:
    out = ", ".join(
        f"{check.control} on {check.task}/{check.split} {check.successes}/{check.scored}, "
        f"band {check.low:.2f}-{check.high:.2f}"
        for check in source.out_of_band
    )
    return f"controls of {source.path} left their band ({out})"


@dataclass(frozen=True)
class Lead:
    """Who leads, and what is known about the rest.

    Attributes:
        settled: whether it is better than everybody else.
        relations: words ("better than", "not told apart from", ...) and the rivals of whom they are true; empty where
            the run is invalid or there is no rival.
        rivals: how many there are.
    """

    leader: str
    success: Interval
    settled: bool
    relations: tuple[tuple[str, str], ...]
    rivals: int


def lead(found: Findings) -> Lead | None:
    """Who leads; None where no episode is scored."""
    scored = [item for item in found.standings if item.success is not None]
    if not scored or scored[0].success is None:
        return None
    leader, success = scored[0].name, scored[0].success
    rivals = [item for item in found.overall if leader in (item.first, item.second)]
    if found.invalid or not rivals:
        return Lead(leader, success, False, (), len(rivals))
    texts: dict[Literal["better", "equivalent", "inconclusive", "worse"], str] = {
        "better": "better than",
        "equivalent": f"equivalent within {found.question.rules.margin:g} to",
        "inconclusive": "not told apart from",
        "worse": "on shared scenes worse than",
    }
    relations = tuple(
        (text, _named([_rival(item, leader) for item in rivals if _of_leader(item, leader) == kind]))
        for kind, text in texts.items()
        if any(_of_leader(item, leader) == kind for item in rivals)
    )
    settled = len(found.standings) == len(rivals) + 1 and all(_of_leader(item, leader) == "better" for item in rivals)
    return Lead(leader, success, settled, relations, len(rivals))


def best(found: Findings) -> str:
    """Who leads, and how sure."""
    first = lead(found)
    if first is None:
        return "best: unknown, no episode of a policy is scored"
    told = f"{first.leader}, success {first.success.estimate:.2f} ({first.success.low:.2f} to {first.success.high:.2f})"
    if found.invalid:
        return f"best: unknown, as the run is invalid; the highest is {told}"
    if not first.relations:
        return f"best: unknown, nobody to compare with {told}"
    said = "; ".join(f"{text} {names}" for text, names in first.relations)
    return f"best: {told}; {said}" if first.settled else f"best: not settled; {told} leads: {said}"


def _rival(item: Comparison, leader: str) -> str:
    rival = item.second if item.first == leader else item.first
    return f"{rival} ({needed(item)})" if item.verdict == "inconclusive" else rival


def _of_leader(item: Comparison, leader: str) -> str:
    turned = {"better": "worse", "worse": "better"}
    return item.verdict if item.first == leader else turned.get(item.verdict, item.verdict)


def broke(since: Since | None) -> str:
    """What got worse since the baseline."""
    if since is None:
        return "broke: unknown; name an earlier artifact with --baseline"
    start = f"broke since {since.baseline.name}: "
    if since.regressions:
        found = _named([f"{item.first} {item.scope} {item.interval.estimate:+.2f}" for item in since.regressions])
        return f"{start}{_count(len(since.regressions), 'significant regression')}: {found}"
    if not since.changes:
        return f"{start}unknown, no pair is scored"
    open_ = sum(item.verdict == "inconclusive" for item in since.changes)
    doubt = f"; {open_} of {len(since.changes)} inconclusive, so this is no proof that nothing did" if open_ else ""
    same = "" if since.flips else " (every scored episode ended as before)"
    return f"{start}nothing significantly{same}{doubt}"


def caveats(found: Findings) -> list[str]:
    """What the numbers do not say."""
    told = [
        f"Controls of {source.name} have no bands: nobody knows whether the run is valid."
        for source in found.sources
        if source.valid is None
    ]
    told += _seeds(found)
    if found.uneven:
        told.append("The policies met different parts of the panel; couples share only what both met.")
    for item in (*found.unjudged, *(found.since.unjudged if found.since else ())):
        told.append(
            f"Nothing can be said of {item.first} and {item.second}, {item.scope}: "
            f"{item.unscored} worlds with an error, {item.missing} met by one only."
        )
    if found.since is not None:
        told += [f"Only in {found.since.baseline.name}: {_named(found.since.gone)}."] if found.since.gone else []
        told += [f"Not in {found.since.baseline.name}: {_named(found.since.new)}."] if found.since.new else []
    return told


def _seeds(found: Findings) -> list[str]:
    fit = [name for name, count in found.seeds.items() if count >= SEEDS]
    few = [f"{name} ({count})" for name, count in found.seeds.items() if count < SEEDS]
    if not few:
        return []
    if not fit:
        return [f"No method has {SEEDS} training seeds: all of this speaks of these checkpoints, not of methods."]
    return [f"Fewer than {SEEDS} training seeds, so spoken of as checkpoints and not as methods: {_named(few)}."]


def family(items: Sequence[object], alpha: float) -> str:
    """What the p-values of one table were adjusted over."""
    return f"p adjusted by Holm over {_count(len(items), 'comparison')}, alpha {alpha:g}"


def needed(item: Comparison, *, brief: bool = False) -> str:
    """What an inconclusive comparison still needs; `brief` fits a column."""
    if item.needed is None:
        return f"+? {item.unit}" if brief else f"unknown how many more {item.unit}"
    if not item.needed:
        return f"{item.unit} suffice" if brief else f"{item.unit} suffice for the margin"
    return f"+{item.needed} {item.unit}" if brief else f"{item.needed} more {item.unit}"


def _count(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _named(names: Iterable[str]) -> str:
    known = list(names)
    more = f" and {len(known) - NAMED} more" if len(known) > NAMED else ""
    return ", ".join(known[:NAMED]) + more
