"""Where each policy stands: its success, the ranks that the comparisons leave open, and with whom it ties."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.reports.comparison import Comparison, Rules
from harness.reports.pairing import Entrant, Pairs, Scope, pair
from harness.statistics.clusters import cluster_bootstrap
from harness.statistics.intervals import Interval
from harness.statistics.multiplicity import RankInterval, compact_letter_display, rank_intervals
from harness.statistics.proportions import wilson

__all__ = ["Standing", "standings"]


@dataclass(frozen=True)
class Standing:
    """One entrant in a part of the panel.

    Attributes:
        success: with its interval; None where every episode ended in an error.
        scored, errors: episodes.
        rank: left open by the significant differences.
        letters: shared with those it ties with.
    """

    name: str
    success: Interval | None
    scored: int
    errors: int
    rank: RankInterval
    letters: str


def standings(entered: Sequence[Entrant], found: Sequence[Comparison], scope: Scope, rules: Rules) -> list[Standing]:
    """The entrants of one part of the panel, best first and those without a score last.

    Args:
        entered: who took part.
        found: comparisons of all couples, of which those of `scope` are read.
        scope: part of the panel.
        rules: level and seed.
    """
    alone = [(entrant, pair(entrant, entrant, scope)) for entrant in entered]
    met = [(entrant, pairs, _success(pairs, rules)) for entrant, pairs in alone if len(pairs) or pairs.unscored]
    if not met:
        return []
    met.sort(key=lambda item: (item[2] is None, -item[2].estimate if item[2] else 0.0, item[0].name))
    names = [entrant.name for entrant, *_ in met]
    better = np.zeros((len(names), len(names)), bool)
    for item in found:
        if item.scope == scope and item.verdict in ("better", "worse"):
            row, column = names.index(item.first), names.index(item.second)
            better[(row, column) if item.verdict == "better" else (column, row)] = True
    letters = compact_letter_display(names, better | better.T).letters
    return [
        Standing(entrant.name, success, len(pairs), pairs.unscored, rank, mark)
        for (entrant, pairs, success), rank, mark in zip(met, rank_intervals(better), letters, strict=True)
    ]


def _success(pairs: Pairs, rules: Rules) -> Interval | None:
    confidence = 1 - rules.alpha
    if not len(pairs):
        return None
    rate = float(pairs.first.mean())
    if pairs.independent or rate in (0.0, 1.0):
        # All or nothing: resampling would find no spread at all, and no more is known than of so many scenes.
        share = wilson(round(rate * pairs.scenes), pairs.scenes, confidence)
        return Interval(share.rate, share.low, share.high)
    if pairs.scenes == 1:
        return Interval(rate, 0.0, 1.0)
    return cluster_bootstrap(pairs.first.astype(np.float64), pairs.blocks(rules.seed), rules.seed, confidence)
