"""How a discrete policy's codes change over an episode, and which of them go with failure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64
from scipy.stats import fisher_exact

from harness.contract.fields import Array
from harness.statistics.multiplicity import holm

__all__ = ["QUARTERS", "Suspect", "Switching", "suspects", "switching"]

QUARTERS = 4


@dataclass(frozen=True)
class Switching:
    """One layer of codes.

    Attributes:
        layer: counted from 1.
        rate: share of queries at which the code differs from that of the query before; None without such a pair.
        quarters: the same in each quarter of an episode's queries.
    """

    layer: int
    rate: float | None
    quarters: tuple[float | None, ...]


@dataclass(frozen=True)
class Suspect:
    """A code of one layer in failed and solved episodes.

    Attributes:
        layer: counted from 1.
        failed, solved: episodes in which it was chosen at least once within the queries that are read.
        failed_of, solved_of: all of them.
        p: one-sided, of Fisher's exact test that failed episodes choose it no more often.
        p_adjusted: by Holm, over all layers and codes that occur.
    """

    layer: int
    code: int
    failed: int
    solved: int
    failed_of: int
    solved_of: int
    p: float
    p_adjusted: float


def switching(episodes: Sequence[Int64[Array, "queries layers"]]) -> tuple[Switching, ...]:
    """One entry a layer, over all consecutive queries of all episodes; empty without a query.

    Args:
        episodes: the codes of every query, all with the same layers.
    """
    known = [codes for codes in episodes if len(codes)]
    if not known:
        return ()
    changed = np.concatenate([codes[1:] != codes[:-1] for codes in known])
    # Of n - 1 changes the k-th lies in quarter 4 k / (n - 1).
    quarter = np.concatenate([np.arange(len(codes) - 1) * QUARTERS // max(len(codes) - 1, 1) for codes in known])
    return tuple(
        Switching(layer + 1, _mean(own), tuple(_mean(own[quarter == number]) for number in range(QUARTERS)))
        for layer, own in enumerate(changed.T)
    )


def suspects(episodes: Sequence[Int64[Array, "queries layers"]], solved: Sequence[bool]) -> tuple[Suspect, ...]:
    """Every code that occurs, the most suspicious first; empty where nothing failed or nothing was solved.

    Episodes are the units, as queries of one episode are no independent evidence. A failed episode runs to the horizon
    and so has more queries to meet a code in: only as many queries are read of each as the shortest episode has.

    Args:
        episodes: the codes of every query, all with the same layers; one episode a scene.
        solved: whether each succeeded.
    """
    pairs = [(codes, won) for codes, won in zip(episodes, solved, strict=True) if len(codes)]
    won = np.array([item for _, item in pairs], bool)
    if won.all() or not won.any():
        return ()
    shortest = min(len(codes) for codes, _ in pairs)
    read = np.stack([codes[:shortest] for codes, _ in pairs])
    found = [
        _counted(layer, int(code), (read[:, :, layer] == code).any(axis=1), won)
        for layer in range(read.shape[2])
        for code in np.unique(read[:, :, layer])
    ]
    adjusted = holm([item.p for item in found])
    told = [Suspect(**vars(item) | {"p_adjusted": float(p)}) for item, p in zip(found, adjusted, strict=True)]
    return tuple(sorted(told, key=lambda item: (item.p, item.layer, item.code)))


def _counted(layer: int, code: int, chosen: Array, won: Array) -> Suspect:
    failed, solved = int(chosen[~won].sum()), int(chosen[won].sum())
    failed_of, solved_of = int((~won).sum()), int(won.sum())
    table = [[failed, failed_of - failed], [solved, solved_of - solved]]
    p = float(fisher_exact(table, alternative="greater").pvalue)
    return Suspect(layer + 1, code, failed, solved, failed_of, solved_of, p, p)


def _mean(values: Array) -> float | None:
    return float(values.mean()) if len(values) else None
