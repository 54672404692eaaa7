"""Methods against methods: over training seeds and scenes, and only where there are seeds enough (law 10)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from harness.contract.fields import Array
from harness.reports.comparison import Rules
from harness.reports.pairing import Entrant, Scope, World
from harness.statistics.hierarchy import MethodDifference, VarianceShares, method_difference, variance_shares
from harness.statistics.multiplicity import holm
from harness.statistics.verdict import Verdict, verdict

__all__ = ["SEEDS", "MethodClaim", "methods", "trained"]

SEEDS = 3
"""Training seeds that a claim about a method needs."""

type Cells = dict[str, list[World]]


@dataclass(frozen=True)
class MethodClaim:
    """Two methods over their training seeds.

    Attributes:
        seeds: training seeds of the first and of the second.
        scenes: that all of their checkpoints were scored on.
        p_adjusted: by Holm, over all claims about methods together.
        shares: of the variance, of the first and of the second.
    """

    first: str
    second: str
    scope: Scope
    seeds: tuple[int, int]
    scenes: int
    difference: MethodDifference
    p_adjusted: float
    verdict: Verdict
    shares: tuple[VarianceShares, VarianceShares]


@dataclass(frozen=True)
class _Couple:
    """Two methods on a part of the panel: mean success and noise by training seed and scene."""

    names: tuple[str, str]
    scope: Scope
    rates: tuple[Array, Array]
    noise: tuple[float | None, float | None]


def trained(entered: Sequence[Entrant]) -> dict[str, list[Entrant]]:
    """Checkpoints by method; a method of another artifact is another one, since its recipe may be.

    The artifact's name stands in front where several hold a method of that name.
    """
    files = {name: {one.file for one in entered if one.method == name} for name in {one.method for one in entered}}
    found: dict[str, list[Entrant]] = {}
    for one in entered:
        if one.training_seed is not None:
            name = f"{one.file}:{one.method}" if len(files[one.method]) > 1 else one.method
            found.setdefault(name, []).append(one)
    return found


def methods(entered: Sequence[Entrant], parts: Sequence[Scope], rules: Rules) -> tuple[MethodClaim, ...]:
    """Couples of methods of which either has the training seeds that a claim about it needs; one family for Holm."""
    fit = {name: group for name, group in trained(entered).items() if len(group) >= SEEDS}
    asked = [_couple(fit, names, scope) for scope in parts for names in combinations(fit, 2)]
    asked = [item for item in asked if min(item.rates[0].shape) >= 2]
    found = [method_difference(*item.rates, 1 - rules.alpha) for item in asked]
    adjusted = holm([item.p_value for item in found]).tolist() if found else []
    return tuple(
        MethodClaim(
            *item.names,
            scope=item.scope,
            seeds=(len(item.rates[0]), len(item.rates[1])),
            scenes=item.rates[0].shape[1],
            difference=difference,
            p_adjusted=p_adjusted,
            verdict=verdict(difference.interval, rules.margin, p_adjusted, rules.alpha),
            shares=(variance_shares(item.rates[0], item.noise[0]), variance_shares(item.rates[1], item.noise[1])),
        )
        for item, difference, p_adjusted in zip(asked, found, adjusted, strict=True)
    )


def _couple(fit: dict[str, list[Entrant]], names: tuple[str, str], scope: Scope) -> _Couple:
    """Over the worlds in which every checkpoint of both was scored."""
    first, second = (fit[name] for name in names)
    worlds = set.intersection(
        *({world for world, success in one.outcomes.items() if success is not None} for one in (*first, *second))
    )
    scenes: dict[tuple[str, str, int], list[World]] = {}
    for world in sorted(worlds):
        if world in scope:
            scenes.setdefault((world.task, world.split, world.scene), []).append(world)
    met = list(scenes.values())
    return _Couple(names, scope, (_rates(first, met), _rates(second, met)), (_noise(first, met), _noise(second, met)))


def _rates(group: Sequence[Entrant], scenes: Sequence[Sequence[World]]) -> Array:
    """Mean success, training seeds x scenes."""
    rates = [[np.mean([bool(one.outcomes[world]) for world in met]) for met in scenes] for one in group]
    return np.array(rates, np.float64).reshape(len(group), len(scenes))


def _noise(group: Sequence[Entrant], scenes: Sequence[Sequence[World]]) -> float | None:
    """Mean variance that policy noise gives an entry of `_rates`; None without replicates everywhere."""
    found = []
    for met in scenes:
        cells: Cells = {}
        for world in met:
            cells.setdefault(world.condition, []).append(world)
        if min(map(len, cells.values())) < 2:
            return None
        for one in group:
            outcomes = [np.array([bool(one.outcomes[world]) for world in cell], float) for cell in cells.values()]
            found.append(sum(len(item) * float(item.var(ddof=1)) for item in outcomes) / len(met) ** 2)
    return float(np.mean(found)) if found else None
