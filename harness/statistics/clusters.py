"""Scenes as clusters: what is shared within a scene (replicates, training seeds, conditions) is not counted twice.

The scene is the unit that is exchangeable under "no difference" and the unit that is resampled.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64
from numpy.typing import ArrayLike
from scipy import stats

from harness.seeding import generator
from harness.statistics.inputs import Array, fraction, positive, vector
from harness.statistics.intervals import Interval

__all__ = ["SignFlip", "cluster_bootstrap", "cluster_sign_flip", "clusters_needed"]

EXACT_CLUSTERS = 16
BLOCK_ITEMS = 1 << 20
ROUNDING = 1e-12  # relative: sums that differ by less are the same


@dataclass(frozen=True)
class SignFlip:
    """A sign-flip test of a mean difference.

    Attributes:
        difference: mean over all entries, in the entries' unit.
        p_value: two-sided.
        clusters: how many clusters can flip, that is, have a sum other than zero. With k of them no p-value is below
            2^(1 - k), so few scenes cannot show anything however many replicates they have.
        exact: whether all flips were enumerated.
    """

    difference: float
    p_value: float
    clusters: int
    exact: bool


def cluster_sign_flip(differences: ArrayLike, clusters: ArrayLike, seed: int, draws: int = 9999) -> SignFlip:
    """Test a zero mean difference by flipping the sign of whole clusters (Fisher 1935; clusters as in Winkler 2015).

    Under the null hypothesis, exchanging the two methods' names within a cluster changes nothing, so every pattern of
    signs is as likely as the observed one. Up to 16 clusters all patterns are enumerated; beyond, `draws` patterns are
    drawn and p = (b + 1) / (draws + 1) with b of them at least as extreme (Phipson and Smyth 2010), which keeps the
    test valid.

    Args:
        differences: first method minus second, one entry a pair of episodes.
        clusters: label of each entry's cluster (the scene), any type that sorts.
        seed: of the draws; not read when the test is exact.
        draws: patterns of signs to draw, at least 1.

    Raises:
        ValueError: the input is empty, holds NaN, or the two differ in length.
    """
    positive(draws, "draws")
    entries = vector(differences, "differences")
    sums, _ = _cluster_sums(entries, clusters)
    sizes, _ = _cluster_sums(np.abs(entries), clusters)
    sums = sums[np.abs(sums) > ROUNDING * sizes]
    total = float(sums.sum())
    # Patterns that tie with the observed one must count, whatever the order of summation rounds to.
    threshold = abs(total) - ROUNDING * float(np.abs(sums).sum())
    exact = len(sums) <= EXACT_CLUSTERS
    patterns = _all_patterns(len(sums)) if exact else _random_patterns(len(sums), seed, draws)
    extreme = sum(int((np.abs((2.0 * flips - 1.0) @ sums) >= threshold).sum()) for flips in patterns)
    p_value = extreme / 2 ** len(sums) if exact else (extreme + 1) / (draws + 1)
    return SignFlip(float(entries.mean()), p_value, len(sums), exact)


def cluster_bootstrap(
    values: ArrayLike, clusters: ArrayLike, seed: int, confidence: float = 0.95, draws: int = 9999
) -> Interval:
    """Percentile interval of the mean, resampling whole clusters (Efron 1979; Davison and Hinkley 1997, section 3.8).

    A resampled mean is the sum of the drawn clusters over their number of entries, so large clusters weigh more, as
    in the mean itself. With few clusters (below about 20) it is too narrow.

    Args:
        values: one entry an episode or a pair.
        clusters: label of each entry's cluster (the scene), any type that sorts.
        seed: of the draws.
        confidence: between 0 and 1.
        draws: resamples, at least 1.

    Raises:
        ValueError: the input is empty, holds NaN, the two differ in length, or there is only one cluster.
    """
    sums, sizes = _cluster_sums(vector(values, "values"), clusters)
    tail = (1 - fraction(confidence, "confidence")) / 2
    count = len(sums)
    if count < 2:
        raise ValueError("expected at least 2 clusters, got 1: nothing is known about the spread between clusters")
    rng = generator("statistics/cluster_bootstrap", seed)
    means = np.empty(positive(draws, "draws"))
    for block in _blocks(draws, count):
        picked = rng.integers(0, count, size=(block.stop - block.start, count))
        means[block] = sums[picked].sum(axis=1) / sizes[picked].sum(axis=1)
    low, high = np.quantile(means, [tail, 1 - tail])
    return Interval(float(sums.sum() / sizes.sum()), float(low), float(high))


def clusters_needed(
    values: ArrayLike, clusters: ArrayLike, margin: float, alpha: float = 0.05, power: float = 0.8
) -> int | None:
    """How many clusters of this kind show a mean of `margin` with probability `power`; None if they never vary.

    The normal approximation n = s^2 (z_alpha/2 + z_power)^2 / margin^2 (Chow et al. 2008, chapter 3), with the spread s
    of the cluster means seen so far. The mean itself is not read: what was seen is no plan for what matters.

    Args:
        values: one entry a pair of episodes.
        clusters: label of each entry's cluster; at least 2 different ones.
        margin: the smallest mean that matters, > 0.
        alpha: two-sided level, between 0 and 1.
        power: between 0 and 1.

    Raises:
        ValueError: there is one cluster only, or a number is outside its range.
    """
    if not margin > 0:
        raise ValueError(f"expected margin > 0, got {margin}")
    sums, sizes = _cluster_sums(vector(values, "values"), clusters)
    if len(sums) < 2:
        raise ValueError("one cluster does not tell how clusters vary")
    spread = float((sums / sizes.mean()).std(ddof=1))
    reach = stats.norm.isf(fraction(alpha, "alpha") / 2) + stats.norm.ppf(fraction(power, "power"))
    return math.ceil((spread * float(reach) / margin) ** 2) or None


def _cluster_sums(
    entries: Float64[Array, " entries"], clusters: ArrayLike
) -> tuple[Float64[Array, " clusters"], Float64[Array, " clusters"]]:
    """Sum and number of entries of each cluster, in the order of the sorted labels."""
    labels = np.asarray(clusters)
    if labels.shape != entries.shape:
        raise ValueError(f"expected one cluster label an entry, got {labels.shape} labels for {entries.shape} entries")
    if labels.dtype.kind == "f" and np.isnan(labels).any():
        raise ValueError("a cluster label is NaN: every entry belongs to a scene")
    _, index = np.unique(labels, return_inverse=True)
    return np.bincount(index, weights=entries), np.bincount(index).astype(np.float64)


def _all_patterns(count: int) -> Iterator[Array]:
    codes = np.arange(2**count)
    yield (codes[:, None] >> np.arange(count)) & 1


def _random_patterns(count: int, seed: int, draws: int) -> Iterator[Array]:
    rng = generator("statistics/cluster_sign_flip", seed)
    for block in _blocks(draws, count):
        yield rng.integers(0, 2, size=(block.stop - block.start, count), dtype=np.uint8)


def _blocks(draws: int, width: int) -> Iterator[slice]:
    """Slices over the draws, so that memory does not grow with draws x clusters."""
    rows = max(1, BLOCK_ITEMS // width)
    return (slice(start, min(start + rows, draws)) for start in range(0, draws, rows))
