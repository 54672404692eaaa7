"""Looking at a paired comparison after every scene: evidence that stays valid whenever one stops.

Only discordant pairs speak. Under "no difference" each is won by either method with probability 1/2, whatever came
before; a gambler who cannot lose money on average bets against that, and the capital is the evidence. Pairs come in the
order in which they were run and must be one a scene: replicates of a scene are no new evidence of that kind.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64
from numpy.typing import ArrayLike
from scipy.special import betaln, xlog1py, xlogy

from harness.statistics.inputs import Array, fraction, vector

__all__ = ["ConfidenceSequence", "EProcess", "confidence_sequence", "e_process"]

BISECTIONS = 60


@dataclass(frozen=True)
class EProcess:
    """Evidence against "no difference" after each pair.

    Attributes:
        log_e: natural logarithm of the capital, which starts at 1 (log 0); it may fall again.
        p: anytime p-value, min(1, 1 / largest capital so far). Under the null hypothesis the probability that it is
            ever at or below alpha is at most alpha, however often one looks.
    """

    log_e: Float64[Array, " pairs"]
    p: Float64[Array, " pairs"]


@dataclass(frozen=True)
class ConfidenceSequence:
    """Interval after each pair for theta, the probability that a discordant pair is won by the first method.

    Attributes:
        low: in [0, 1], never falls.
        high: in [0, 1], never rises. If the pairs contradict every single theta (as when theta changes half-way), both
            are NaN from there on.
    """

    low: Float64[Array, " pairs"]
    high: Float64[Array, " pairs"]


def e_process(differences: ArrayLike, prior: float = 1.0) -> EProcess:
    """Bet against theta = 1/2 with a beta-binomial mixture (Ville 1939; Robbins 1970; Ramdas et al. 2023).

    With k wins in d discordant pairs the capital is B(prior + k, prior + d - k) / B(prior, prior) * 2^d.

    Args:
        differences: first minus second outcome of each pair, each -1, 0 or 1, in the order of running.
        prior: both parameters of the Beta mixture, > 0; 1 is uniform. It must be fixed before the first pair.

    Raises:
        ValueError: there is no pair, an entry is NaN or none of -1, 0, 1, or the prior is not positive.
    """
    wins, discordant = _counts(differences)
    log_e = _log_capital(wins, discordant, np.full(len(wins), 0.5), prior)
    return EProcess(log_e, np.exp(-np.maximum.accumulate(np.maximum(log_e, 0.0))))


def confidence_sequence(differences: ArrayLike, confidence: float = 0.95, prior: float = 1.0) -> ConfidenceSequence:
    """All theta against which the same bet has never won 1 / (1 - confidence) (Robbins 1970).

    It covers theta at all times together with probability at least `confidence`, and excludes 1/2 exactly when the
    anytime p-value of `e_process` falls below 1 - confidence. Before the first discordant pair it is [0, 1].

    Args:
        differences: first minus second outcome of each pair, each -1, 0 or 1, in the order of running.
        confidence: between 0 and 1.
        prior: both parameters of the Beta mixture, > 0; 1 is uniform.

    Raises:
        ValueError: there is no pair, an entry is NaN or none of -1, 0, 1, or a number is outside its range.
    """
    wins, discordant = _counts(differences)
    limit = -np.log(1 - fraction(confidence, "confidence"))

    def outside(theta: Array) -> Array:
        return np.asarray(_log_capital(wins, discordant, theta, prior) > limit)

    share = np.divide(wins, discordant, out=np.full(len(wins), 0.5), where=discordant > 0)
    low = np.maximum.accumulate(_boundary(outside, np.zeros(len(wins)), share))
    high = np.minimum.accumulate(_boundary(outside, np.ones(len(wins)), share))
    empty = low > high
    return ConfidenceSequence(np.where(empty, np.nan, low), np.where(empty, np.nan, high))


def _counts(differences: ArrayLike) -> tuple[Float64[Array, " pairs"], Float64[Array, " pairs"]]:
    """Wins of the first and discordant pairs, so far, after each pair."""
    signs = vector(differences, "differences")
    if not np.isin(signs, [-1, 0, 1]).all():
        raise ValueError("expected differences of single outcomes, each -1, 0 or 1")
    return np.cumsum(signs == 1).astype(np.float64), np.cumsum(signs != 0).astype(np.float64)


def _log_capital(wins: Array, discordant: Array, theta: Array, prior: float) -> Array:
    """Logarithm of the mixture's likelihood over theta's."""
    if not 0 < prior < np.inf:
        raise ValueError(f"expected a finite prior > 0, got {prior}")
    losses = discordant - wins
    mixture = betaln(prior + wins, prior + losses) - betaln(prior, prior)
    return np.asarray(mixture - xlogy(wins, theta) - xlog1py(losses, -theta))


def _boundary(outside: Callable[[Array], Array], end: Array, share: Array) -> Array:
    """Where the capital crosses the limit between `end` (0 or 1) and the observed share, where it is smallest.

    Bisected from the outer side, so the interval is never too narrow; `end` itself where the limit is not crossed.
    """
    outer, inner = end.copy(), share.copy()
    for _ in range(BISECTIONS):
        middle = (outer + inner) / 2
        lost = outside(middle)
        outer, inner = np.where(lost, middle, outer), np.where(lost, inner, middle)
    return outer
