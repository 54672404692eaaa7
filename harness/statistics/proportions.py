"""Intervals for k successes of n."""

from __future__ import annotations

from dataclasses import dataclass

from statsmodels.stats.proportion import proportion_confint

from harness.statistics.inputs import fraction

__all__ = ["Proportion", "clopper_pearson", "wilson"]


@dataclass(frozen=True)
class Proportion:
    """A success rate with its interval; all three are NaN when nothing was scored."""

    successes: int
    scored: int
    rate: float
    low: float
    high: float


def wilson(successes: int, scored: int, confidence: float = 0.95) -> Proportion:
    """Wilson's score interval (Wilson 1927), as computed by statsmodels.

    Its coverage is near `confidence` on average over rates, and can be below it for some.

    Raises:
        ValueError: the counts are impossible, or `confidence` is not between 0 and 1.
    """
    return _proportion(successes, scored, confidence, "wilson")


def clopper_pearson(successes: int, scored: int, confidence: float = 0.95) -> Proportion:
    """The exact interval (Clopper and Pearson 1934), as computed by statsmodels.

    It covers at least `confidence` for every rate, at the price of more width than Wilson's.

    Raises:
        ValueError: the counts are impossible, or `confidence` is not between 0 and 1.
    """
    return _proportion(successes, scored, confidence, "beta")


def _proportion(successes: int, scored: int, confidence: float, method: str) -> Proportion:
    if not 0 <= successes <= scored:
        raise ValueError(f"expected 0 <= successes <= scored, got {successes} of {scored}")
    alpha = 1 - fraction(confidence, "confidence")
    if scored == 0:
        return Proportion(0, 0, float("nan"), float("nan"), float("nan"))
    low, high = proportion_confint(successes, scored, alpha=alpha, method=method)
    return Proportion(successes, scored, successes / scored, float(low), float(high))
