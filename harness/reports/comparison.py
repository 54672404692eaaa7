"""Who is better, and how sure: couples of policies on parts of the panel, adjusted together.

Where every scene occurs once, the pairs are independent: exact McNemar test and Tango's interval. Where scenes recur,
over conditions or replicates, the scene is what is flipped and resampled; pooling its episodes in a McNemar test would
count them as if they were independent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from harness.errors import UnknownIdError
from harness.manifest.documents import NOMINAL
from harness.reports.pairing import Entrant, Pairs, Scope, pair
from harness.reports.worlds import ABSENT, Met
from harness.statistics.clusters import cluster_bootstrap, cluster_sign_flip, clusters_needed
from harness.statistics.intervals import Interval
from harness.statistics.multiplicity import holm
from harness.statistics.paired import PairTable, mcnemar_exact, pair_table, tango
from harness.statistics.power import pairs_needed
from harness.statistics.proportions import clopper_pearson
from harness.statistics.verdict import Verdict, verdict

__all__ = [
    "By",
    "Comparison",
    "Rules",
    "Unjudged",
    "by_name",
    "changes",
    "compare",
    "couples_since",
    "scopes",
    "unjudged",
]

By = Literal["overall", "task", "condition", "cell"]
PLANNED = 10_000
"""Pairs up to which a plan is looked for."""


@dataclass(frozen=True)
class Rules:
    """How much evidence is asked for.

    Attributes:
        margin: the smallest difference of success rates that matters.
        alpha: level of a family of tests.
        seed: of the resampling.
        plan: whether it is told how many more pairs or scenes would be needed, which costs time.
    """

    margin: float = 0.05
    alpha: float = 0.05
    seed: int = 0
    plan: bool = True


@dataclass(frozen=True)
class Comparison:
    """Two entrants on a part of the panel.

    Attributes:
        interval: of the difference of success rates, first minus second; not adjusted.
        procedure: what p and interval come from.
        p: two-sided, of no difference.
        p_adjusted: by Holm, in the family that was compared together.
        scenes: different ones among the pairs.
        missing: worlds that only one of the two met.
        unscored: worlds in which one of the two ended in an error.
        needed: pairs (or scenes, where they recur) more that would show a difference as large as the margin with
            probability 0.8; 0 if there are enough, None if what was seen does not tell.
    """

    first: str
    second: str
    scope: Scope
    table: PairTable
    interval: Interval
    procedure: Literal["exact McNemar, Tango", "scenes flipped and resampled"]
    p: float
    p_adjusted: float
    verdict: Verdict
    scenes: int
    missing: int
    unscored: int
    needed: int | None

    @property
    def unit(self) -> Literal["pairs", "scenes"]:
        """What `needed` counts."""
        return "pairs" if self.procedure.startswith("exact") else "scenes"


@dataclass(frozen=True)
class Unjudged:
    """A couple that shares no scored episode in a part of the panel that one of them met."""

    first: str
    second: str
    scope: Scope
    missing: int
    unscored: int


def by_name(name: str) -> By:
    """A way to divide the panel, by its name.

    Raises:
        UnknownIdError: there is none of that name.
    """
    for known in get_args(By):
        if name == known:
            return known  # type: ignore[no-any-return]  # get_args knows no types
    raise UnknownIdError.of("division of the panel", name, get_args(By))


def scopes(entered: Sequence[Entrant], by: By) -> tuple[Scope, ...]:
    """Parts of the panel that somebody was evaluated on; `nominal` before other conditions."""
    makers: dict[By, Callable[[str, str], Scope]] = {
        "overall": lambda task, condition: Scope(),
        "task": lambda task, condition: Scope(task),
        "condition": lambda task, condition: Scope(None, condition),
        "cell": Scope,
    }
    cells = sorted({cell for entrant in entered for cell in _cells(entrant)}, key=_nominal_first)
    return tuple(dict.fromkeys(makers[by](*cell) for cell in cells))


def _cells(entrant: Entrant) -> list[tuple[str, str]]:
    """Task/split and condition of what it met."""
    met = Met.of(entrant.outcomes)
    worlds, width = met.worlds, len(met.worlds.conditions)
    counts = np.bincount((worlds.task * width + worlds.condition)[met.outcome != ABSENT])
    cells = (divmod(int(number), width) for number in np.flatnonzero(counts))
    return [("/".join(worlds.tasks[task]), worlds.conditions[condition]) for task, condition in cells]


def _nominal_first(cell: tuple[str, str]) -> tuple[str, bool, str]:
    task, condition = cell
    return task, condition != NOMINAL, condition


def compare(couples: Iterable[tuple[Entrant, Entrant]], parts: Sequence[Scope], rules: Rules) -> tuple[Comparison, ...]:
    """Compare couples on parts of the panel, part by part; all of it is one family for Holm.

    Couples without a scored pair are left to `unjudged`.

    Args:
        couples: first and second.
        parts: of the panel.
        rules: margin, level and seed.
    """
    asked = [item for item in _asked(couples, parts) if len(item[3])]
    tests = [_test(pairs, rules) for *_, pairs in asked]
    adjusted = holm([p for p, _ in tests]).tolist() if tests else []
    return tuple(
        Comparison(
            first=one.name,
            second=other.name,
            scope=scope,
            table=pair_table(pairs.first, pairs.second),
            interval=interval,
            procedure="exact McNemar, Tango" if pairs.independent else "scenes flipped and resampled",
            p=p,
            p_adjusted=p_adjusted,
            verdict=verdict(interval, rules.margin, p_adjusted, rules.alpha),
            scenes=pairs.scenes,
            missing=pairs.missing,
            unscored=pairs.unscored,
            needed=_needed(pairs, rules, len(asked)),
        )
        for (one, other, scope, pairs), (p, interval), p_adjusted in zip(asked, tests, adjusted, strict=True)
    )


def unjudged(couples: Iterable[tuple[Entrant, Entrant]], parts: Sequence[Scope]) -> tuple[Unjudged, ...]:
    """What `compare` can say nothing about: no pair is scored, though there are episodes."""
    return tuple(
        Unjudged(one.name, other.name, scope, pairs.missing, pairs.unscored)
        for one, other, scope, pairs in _asked(couples, parts)
        if not len(pairs) and pairs.missing + pairs.unscored
    )


def _asked(
    couples: Iterable[tuple[Entrant, Entrant]], parts: Sequence[Scope]
) -> list[tuple[Entrant, Entrant, Scope, Pairs]]:
    known = list(couples)
    return [(one, other, scope, pair(one, other, scope)) for scope in parts for one, other in known]


def _test(pairs: Pairs, rules: Rules) -> tuple[float, Interval]:
    confidence = 1 - rules.alpha
    if pairs.independent:
        table = pair_table(pairs.first, pairs.second)
        return mcnemar_exact(table.n10, table.n01), tango(table.n11, table.n10, table.n01, table.n00, confidence)
    blocks = pairs.blocks(rules.seed)
    flipped = cluster_sign_flip(pairs.differences, blocks, rules.seed)
    if pairs.scenes == 1:
        return flipped.p_value, Interval(flipped.difference, -1.0, 1.0)
    found = cluster_bootstrap(pairs.differences, blocks, rules.seed, confidence)
    if 2.0 ** (1 - flipped.clusters) <= rules.alpha:
        return flipped.p_value, found
    # So few scenes tell the two apart that resampling them knows no spread (none at all: an interval of width 0).
    # The difference cannot exceed the share of such scenes, and for that there is an exact bound.
    reach = clopper_pearson(flipped.clusters, pairs.scenes, confidence).high
    return flipped.p_value, Interval(found.estimate, min(found.low, -reach), max(found.high, reach))


def _needed(pairs: Pairs, rules: Rules, family: int) -> int | None:
    """At the spread that was seen; the difference that was seen is not read.

    The level is the one that the first step of Holm asks for in a family of that size, so the plan is on the safe side.
    Where less spread was seen than a difference as large as the margin must have, that is what is planned with.
    """
    if not rules.plan or rules.margin <= 0 or pairs.scenes < 2:
        return None
    alpha = rules.alpha / family
    if pairs.independent:
        discordance = max(float((pairs.first != pairs.second).mean()), rules.margin)
        wanted = pairs_needed(rules.margin, discordance, alpha, limit=PLANNED)
        return None if wanted is None else max(0, wanted - len(pairs))
    wanted = clusters_needed(pairs.differences, pairs.cluster, rules.margin, alpha)
    least = pairs_needed(rules.margin, rules.margin, alpha, limit=PLANNED) if wanted is None else wanted
    return None if least is None else max(0, least - pairs.scenes)


def changes(
    before: Sequence[Entrant], now: Sequence[Entrant], parts: Sequence[Scope], rules: Rules
) -> tuple[Comparison, ...]:
    """What became of policies of the same label: now minus before, the worst first."""
    found = compare(couples_since(before, now), parts, rules)
    order = {"worse": 0, "inconclusive": 1, "equivalent": 1, "better": 2}
    return tuple(sorted(found, key=lambda item: (order[item.verdict], item.interval.estimate)))


def couples_since(before: Sequence[Entrant], now: Sequence[Entrant]) -> list[tuple[Entrant, Entrant]]:
    """Policies of the same label: now, and before."""
    old = {entrant.label: entrant for entrant in before}
    return [(entrant, old[entrant.label]) for entrant in now if entrant.label in old]
