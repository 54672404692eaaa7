"""Who is better, and how sure: pairs of policies by part of the panel, adjusted together, with ranks that tie.

Where every scene occurs once, the pairs are independent: exact McNemar test and Tango's interval. Where scenes recur,
over conditions or replicates, the scene is what is flipped and resampled; pooling its episodes in a McNemar test would
count them as if they were independent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal, get_args

import numpy as np

from harness.contract.fields import Array
from harness.errors import UnknownIdError
from harness.reports.pairing import Entrant, Pairs, Scope, World, pair
from harness.statistics.clusters import cluster_bootstrap, cluster_sign_flip, clusters_needed
from harness.statistics.hierarchy import MethodDifference, VarianceShares, method_difference, variance_shares
from harness.statistics.intervals import Interval
from harness.statistics.multiplicity import RankInterval, compact_letter_display, holm, rank_intervals
from harness.statistics.paired import PairTable, mcnemar_exact, pair_table, tango
from harness.statistics.power import pairs_needed
from harness.statistics.proportions import wilson
from harness.statistics.verdict import Verdict, verdict

__all__ = [
    "By",
    "Comparison",
    "MethodClaim",
    "Rules",
    "Standing",
    "changes",
    "compare",
    "methods",
    "scopes",
    "standings",
]

By = Literal["overall", "task", "condition", "cell"]
SEEDS = 3
"""Training seeds that a claim about a method needs (law 10)."""
UNKNOWN = Interval(0.0, -1.0, 1.0)


@dataclass(frozen=True)
class Rules:
    """How much evidence is asked for.

    Attributes:
        margin: the smallest difference of success rates that matters.
        alpha: level of a family of tests.
        seed: of the resampling.
    """

    margin: float = 0.05
    alpha: float = 0.05
    seed: int = 0


@dataclass(frozen=True)
class Comparison:
    """Two entrants on a part of the panel.

    Attributes:
        interval: of the difference of success rates, first minus second.
        procedure: what p and interval come from.
        p: two-sided, of no difference.
        p_adjusted: by Holm, in the family that was compared together.
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


@dataclass(frozen=True)
class Standing:
    """Where one entrant stands in a part of the panel: success, ranks left open, letters that it shares with ties."""

    name: str
    success: Interval
    scored: int
    errors: int
    rank: RankInterval
    letters: str


@dataclass(frozen=True)
class MethodClaim:
    """Two methods over their training seeds; `shares` are those of the first and of the second."""

    first: str
    second: str
    scope: Scope
    seeds: tuple[int, int]
    difference: MethodDifference
    shares: tuple[VarianceShares, VarianceShares]


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
    worlds = {world for entrant in entered for world in entrant.outcomes}
    makers: dict[By, Callable[[str, str], Scope]] = {
        "overall": lambda task, condition: Scope(),
        "task": lambda task, condition: Scope(task),
        "condition": lambda task, condition: Scope(None, condition),
        "cell": Scope,
    }
    cells = sorted({(f"{world.task}/{world.split}", world.condition) for world in worlds}, key=_nominal_first)
    return tuple(dict.fromkeys(makers[by](*cell) for cell in cells))


def _nominal_first(cell: tuple[str, str]) -> tuple[str, bool, str]:
    task, condition = cell
    return task, condition != "nominal", condition


def compare(couples: Iterable[tuple[Entrant, Entrant]], parts: Sequence[Scope], rules: Rules) -> tuple[Comparison, ...]:
    """Compare couples on parts of the panel; all of it is one family for Holm.

    Where no pair is scored, nothing is said.

    Args:
        couples: first and second.
        parts: of the panel.
        rules: margin, level and seed.
    """
    asked = [(one, other, scope, pair(one, other, scope)) for one, other in couples for scope in parts]
    asked = [item for item in asked if item[3].worlds]
    tests = [_test(pairs, rules) for *_, pairs in asked]
    adjusted = holm([p for p, _ in tests]).tolist() if tests else []
    return tuple(
        Comparison(
            first=one.name,
            second=other.name,
            scope=scope,
            table=pair_table(pairs.first, pairs.second),
            interval=interval,
            procedure="scenes flipped and resampled" if pairs.recurring else "exact McNemar, Tango",
            p=p,
            p_adjusted=p_adjusted,
            verdict=verdict(interval, rules.margin, p_adjusted, rules.alpha),
            scenes=pairs.scenes,
            missing=pairs.missing,
            unscored=pairs.unscored,
            needed=_needed(pairs, rules),
        )
        for (one, other, scope, pairs), (p, interval), p_adjusted in zip(asked, tests, adjusted, strict=True)
    )


def _test(pairs: Pairs, rules: Rules) -> tuple[float, Interval]:
    confidence = 1 - rules.alpha
    if not pairs.recurring:
        table = pair_table(pairs.first, pairs.second)
        return mcnemar_exact(table.n10, table.n01), tango(table.n11, table.n10, table.n01, table.n00, confidence)
    p = cluster_sign_flip(pairs.differences, pairs.cluster, rules.seed).p_value
    if pairs.scenes == 1:
        return p, Interval(float(pairs.differences.mean()), UNKNOWN.low, UNKNOWN.high)
    return p, cluster_bootstrap(pairs.differences, pairs.cluster, rules.seed, confidence)


def _needed(pairs: Pairs, rules: Rules) -> int | None:
    """At the discordance that was seen; the difference that was seen is not read."""
    if rules.margin <= 0 or pairs.scenes < 2:
        return None
    if pairs.recurring:
        wanted = clusters_needed(pairs.differences, pairs.cluster, rules.margin, rules.alpha)
        return None if wanted is None else max(0, wanted - pairs.scenes)
    discordance = float((pairs.first != pairs.second).mean())
    if discordance < rules.margin:
        return None
    wanted = pairs_needed(rules.margin, discordance, rules.alpha)
    return None if wanted is None else max(0, wanted - len(pairs.worlds))


def standings(entered: Sequence[Entrant], found: Sequence[Comparison], scope: Scope, rules: Rules) -> list[Standing]:
    """The entrants of one part of the panel, best first, from its comparisons of all couples."""
    names = [entrant.name for entrant in entered]
    better = np.zeros((len(names), len(names)), bool)
    for item in found:
        if item.scope == scope and item.verdict in ("better", "worse"):
            row, column = names.index(item.first), names.index(item.second)
            better[(row, column) if item.verdict == "better" else (column, row)] = True
    letters = compact_letter_display(names, better | better.T).letters
    ranks = rank_intervals(better)
    placed = [_standing(*entry, scope, rules) for entry in zip(entered, ranks, letters, strict=True)]
    known = [item for item in placed if item is not None]
    return sorted(known, key=lambda item: (-item.success.estimate, item.name))


def _standing(entrant: Entrant, rank: RankInterval, letters: str, scope: Scope, rules: Rules) -> Standing | None:
    alone = pair(entrant, entrant, scope)
    if not alone.worlds:
        return None
    if alone.recurring and alone.scenes > 1:
        success = cluster_bootstrap(alone.first.astype(float), alone.cluster, rules.seed, 1 - rules.alpha)
    elif alone.recurring:
        success = Interval(float(alone.first.mean()), 0.0, 1.0)
    else:
        share = wilson(int(alone.first.sum()), len(alone.worlds), 1 - rules.alpha)
        success = Interval(share.rate, share.low, share.high)
    return Standing(entrant.name, success, len(alone.worlds), alone.unscored, rank, letters)


def changes(
    before: Sequence[Entrant], now: Sequence[Entrant], parts: Sequence[Scope], rules: Rules
) -> tuple[Comparison, ...]:
    """What became of policies of the same label: now minus before, the worst first."""
    old = {entrant.label: entrant for entrant in before}
    couples = [(entrant, old[entrant.label]) for entrant in now if entrant.label in old]
    found = compare(couples, parts, rules)
    order = {"worse": 0, "inconclusive": 1, "equivalent": 1, "better": 2}
    return tuple(sorted(found, key=lambda item: (order[item.verdict], item.interval.estimate)))


def methods(entered: Sequence[Entrant], parts: Sequence[Scope]) -> tuple[MethodClaim, ...]:
    """Couples of methods of which either has the training seeds that a claim about it needs (law 10)."""
    groups: dict[str, list[Entrant]] = {}
    for entrant in entered:
        if entrant.training_seed is not None:
            groups.setdefault(entrant.method, []).append(entrant)
    fit = {name: group for name, group in groups.items() if len(group) >= SEEDS}
    claims = []
    for one, other in combinations(fit, 2):
        for scope in parts:
            tables = _by_seed_and_scene(fit[one], fit[other], scope)
            if min(tables[0].shape) >= 2:
                claims.append(
                    MethodClaim(
                        first=one,
                        second=other,
                        scope=scope,
                        seeds=(len(fit[one]), len(fit[other])),
                        difference=method_difference(*tables),
                        shares=(variance_shares(tables[0]), variance_shares(tables[1])),
                    )
                )
    return tuple(claims)


def _by_seed_and_scene(first: Sequence[Entrant], second: Sequence[Entrant], scope: Scope) -> tuple[Array, Array]:
    """Mean success by training seed and scene, over the worlds in which every one of them was scored."""
    worlds = set.intersection(
        *({world for world, success in one.outcomes.items() if success is not None} for one in (*first, *second))
    )
    scenes: dict[tuple[str, str, int], list[World]] = {}
    for world in sorted(worlds):
        if world in scope:
            scenes.setdefault((world.task, world.split, world.scene), []).append(world)

    def table(group: Sequence[Entrant]) -> Array:
        rates = [[np.mean([bool(one.outcomes[world]) for world in met]) for met in scenes.values()] for one in group]
        return np.array(rates, np.float64).reshape(len(group), len(scenes))

    return table(first), table(second)
