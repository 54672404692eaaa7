"""Intervals for k successes of n."""

from __future__ import annotations

from dataclasses import dataclass

from statsmodels.stats.proportion import proportion_confint

__all__ = ["Proportion", "wilson"]


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

    Raises:
        ValueError: the counts are impossible.
    """
    if not 0 <= successes <= scored:
        raise ValueError(f"expected 0 <= successes <= scored, got {successes} of {scored}")
    if scored == 0:
        return Proportion(0, 0, float("nan"), float("nan"), float("nan"))
    low, high = proportion_confint(successes, scored, alpha=1 - confidence, method="wilson")
    return Proportion(successes, scored, successes / scored, float(low), float(high))
