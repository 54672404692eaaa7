"""How many pairs a comparison needs: exact power of the exact McNemar test.

The design has two numbers: `difference`, the true p10 - p01, and `discordance`, the true p10 + p01 (the share of scenes
that only one of the two solves). They are probabilities a pair; |difference| <= discordance.
"""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float64
from scipy import optimize, stats

from harness.statistics.inputs import Array, fraction, positive

__all__ = ["minimum_detectable_effect", "paired_power", "pairs_needed"]


def paired_power(pairs: int, difference: float, discordance: float, alpha: float = 0.05) -> float:
    """Probability that the two-sided exact McNemar test rejects at `alpha` (Duffy 1984).

    A sum over the number of discordant pairs, which is Binomial(pairs, discordance); given that number, n10 is
    Binomial with rate (1 + difference / discordance) / 2. Rejections in either direction count, so at a difference of
    zero it is the size of the test, which is below alpha.

    Args:
        pairs: at least 1.
        difference: in [-discordance, discordance].
        discordance: in [0, 1].
        alpha: level of the test, between 0 and 1.

    Raises:
        ValueError: a number is outside its range or NaN.
    """
    positive(pairs, "pairs")
    win = _win_rate(difference, discordance)
    weights = stats.binom.pmf(np.arange(pairs + 1), pairs, discordance)
    return min(1.0, float(weights @ _rejection(pairs, win, fraction(alpha, "alpha"))))


def minimum_detectable_effect(pairs: int, discordance: float, alpha: float = 0.05, power: float = 0.8) -> float:
    """The smallest difference that the test detects with probability `power`; infinite if there is none.

    Same test and source as `paired_power`. It is infinite when even discordant pairs that all go one way would be too
    few: such a comparison cannot show anything, and its silence is no evidence.

    Raises:
        ValueError: a number is outside its range or NaN.
    """
    fraction(power, "power")
    if paired_power(pairs, discordance, discordance, alpha) < power:
        return math.inf
    if paired_power(pairs, 0.0, discordance, alpha) >= power:
        return 0.0
    return float(
        optimize.brentq(lambda d: paired_power(pairs, d, discordance, alpha) - power, 0, discordance, xtol=1e-10)
    )


def pairs_needed(
    difference: float, discordance: float, alpha: float = 0.05, power: float = 0.8, limit: int = 10_000
) -> int | None:
    """The smallest number of pairs with which the test has at least `power`; None if it is above `limit`.

    Same test and source as `paired_power`. The test is discrete, so with slightly more pairs the power can dip below
    again. The distribution of discordant pairs is carried from n to n + 1 pairs, so all n are looked at.

    Raises:
        ValueError: a number is outside its range or NaN.
    """
    positive(limit, "limit")
    fraction(power, "power")
    rejection = _rejection(limit, _win_rate(difference, discordance), fraction(alpha, "alpha"))
    weights = np.zeros(limit + 1)
    weights[0] = 1.0
    for pairs in range(1, limit + 1):
        weights[1 : pairs + 1] = (1 - discordance) * weights[1 : pairs + 1] + discordance * weights[:pairs]
        weights[0] *= 1 - discordance
        if weights[: pairs + 1] @ rejection[: pairs + 1] >= power:
            return pairs
    return None


def _win_rate(difference: float, discordance: float) -> float:
    """Probability that a discordant pair is won by the first."""
    if not abs(difference) <= discordance <= 1:
        raise ValueError(f"expected |difference| <= discordance <= 1, got {difference} and {discordance}")
    return (1 + difference / discordance) / 2 if discordance else 0.5


def _rejection(most: int, win: float, alpha: float) -> Float64[Array, " discordant"]:
    """Probability of rejecting given 0, 1, ..., `most` discordant pairs."""
    discordant = np.arange(most + 1)
    critical = stats.binom.ppf(alpha / 2, discordant, 0.5)
    critical = np.where(2 * stats.binom.cdf(critical, discordant, 0.5) <= alpha, critical, critical - 1)
    tails = stats.binom.cdf(critical, discordant, win) + stats.binom.cdf(critical, discordant, 1 - win)
    return np.asarray(tails)
