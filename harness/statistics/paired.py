"""Two methods on the same scenes, success or failure: the 2 x 2 table of pairs, its exact test and its interval.

A pair is one scene (with one replicate). Pairs must be independent of each other: where a scene is used more than once,
`clusters` is the place to look.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, stats

from harness.statistics.inputs import fraction, vector
from harness.statistics.intervals import Interval

__all__ = ["PairTable", "mcnemar_exact", "pair_table", "tango"]


@dataclass(frozen=True)
class PairTable:
    """Counts of pairs; the first digit is the first method's success, the second the second's.

    Raises:
        ValueError: a count is negative, or there is no pair.
    """

    n11: int
    n10: int
    n01: int
    n00: int

    def __post_init__(self) -> None:
        counts = (self.n11, self.n10, self.n01, self.n00)
        if min(counts) < 0:
            raise ValueError(f"expected counts of pairs >= 0, got {self}")
        if sum(counts) == 0:
            raise ValueError("the table of pairs is empty: there is nothing to compare")

    @property
    def pairs(self) -> int:
        """All pairs."""
        return self.n11 + self.n10 + self.n01 + self.n00

    @property
    def discordant(self) -> int:
        """Pairs in which exactly one of the two succeeded."""
        return self.n10 + self.n01

    @property
    def difference(self) -> float:
        """Success rate of the first minus that of the second, in [-1, 1]."""
        return (self.n10 - self.n01) / self.pairs

    @property
    def phi(self) -> float:
        """Correlation of the two outcomes over pairs (Yule 1912), in [-1, 1]; NaN if one of the two never varies.

        Zero means that sharing scenes bought nothing; the nearer to 1, the fewer pairs a comparison needs.
        """
        first, second = self.n11 + self.n10, self.n11 + self.n01
        spread = first * (self.pairs - first) * second * (self.pairs - second)
        if spread == 0:
            return float("nan")
        return (self.n11 * self.n00 - self.n10 * self.n01) / math.sqrt(spread)


def pair_table(first: ArrayLike, second: ArrayLike) -> PairTable:
    """Count pairs from two vectors of outcomes (0 or 1) in the same order of scenes.

    Raises:
        ValueError: they differ in length, are empty, or hold anything but 0 and 1.
    """
    ours, theirs = vector(first, "first"), vector(second, "second")
    if ours.shape != theirs.shape:
        raise ValueError(f"expected as many outcomes of the first as of the second, got {len(ours)} and {len(theirs)}")
    if not np.isin([ours, theirs], [0, 1]).all():
        raise ValueError("expected outcomes 0 (failure) or 1 (success)")
    cells = np.bincount((2 * ours + theirs).astype(int), minlength=4)
    return PairTable(n11=int(cells[3]), n10=int(cells[2]), n01=int(cells[1]), n00=int(cells[0]))


def mcnemar_exact(n10: int, n01: int) -> float:
    """Two-sided p-value of equal success rates, exact given the discordant pairs (McNemar 1947, binomial form).

    Twice the smaller tail of Binomial(n10 + n01, 1/2), at most 1; 1 when no pair is discordant.

    Args:
        n10: pairs that only the first solved.
        n01: pairs that only the second solved.

    Raises:
        ValueError: a count is negative.
    """
    if not min(n10, n01) >= 0:
        raise ValueError(f"expected counts of pairs >= 0, got n10 = {n10} and n01 = {n01}")
    return min(1.0, 2.0 * float(stats.binom.cdf(min(n10, n01), n10 + n01, 0.5)))


def tango(n11: int, n10: int, n01: int, n00: int, confidence: float = 0.95) -> Interval:
    """Score interval of the paired difference of success rates, p10 - p01 (Tango 1998).

    The ends are the differences that the score test just rejects; the nuisance rate is its constrained maximum
    likelihood estimate, in closed form.

    Raises:
        ValueError: a count is negative, there is no pair, or `confidence` is not between 0 and 1.
    """
    table = PairTable(n11, n10, n01, n00)
    z = float(stats.norm.ppf((1 + fraction(confidence, "confidence")) / 2))
    edge = z / math.hypot(1, z)
    estimate = table.difference
    low, high = -1.0, 1.0
    if estimate > -1:
        low = optimize.brentq(lambda difference: _bounded_score(table, difference) - edge, -1, estimate, xtol=1e-14)
    if estimate < 1:
        high = optimize.brentq(lambda difference: _bounded_score(table, difference) + edge, estimate, 1, xtol=1e-14)
    return Interval(estimate, low, high)


def _bounded_score(table: PairTable, difference: float) -> float:
    """Tango's score s as s / sqrt(1 + s^2): the same order, finite where the variance vanishes."""
    excess = table.n10 - table.n01 - table.pairs * difference
    rate = _constrained_p01(table, difference)
    variance = table.pairs * max(0.0, 2 * rate + difference * (1 - difference))
    return excess / math.sqrt(excess**2 + variance) if excess else 0.0


def _constrained_p01(table: PairTable, difference: float) -> float:
    """Maximum likelihood estimate of p01 given p10 - p01: the larger root of a q^2 + b q + c = 0."""
    a = 2 * table.pairs
    b = (2 * table.pairs - table.n10 + table.n01) * difference - table.discordant
    c = -table.n01 * difference * (1 - difference)
    return (math.sqrt(max(0.0, b * b - 4 * a * c)) - b) / (2 * a)
