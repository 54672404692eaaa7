"""One number for many tasks, from a matrix of success rates (runs x tasks), as Agarwal et al. 2021 recommend.

A run is one training seed, an entry its success rate on one task. The functions accept any finite numbers, raw 0/1
outcomes too, but an interquartile mean of those is nearly always 0 or 1 and says nothing: average scenes first.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from harness.seeding import generator
from harness.statistics.inputs import Array, fraction, matrix, positive
from harness.statistics.intervals import Interval

__all__ = ["interquartile_mean", "probability_of_improvement", "stratified_bootstrap"]


def interquartile_mean(scores: ArrayLike) -> float:
    """Mean of the middle half of all entries, runs and tasks together (Agarwal et al. 2021).

    A quarter of the entries, rounded down, is left out at each end.

    Args:
        scores: (runs x tasks), in the scores' own unit, which is the result's unit too.

    Raises:
        ValueError: the matrix is empty, holds NaN, or is no matrix.
    """
    return float(stats.trim_mean(matrix(scores, "scores"), 0.25, axis=None))


def probability_of_improvement(first: ArrayLike, second: ArrayLike) -> float:
    """Probability that a run of the first beats a run of the second on a task drawn at random (Agarwal et al. 2021).

    Mean over tasks of U / (runs x runs) with the Mann-Whitney U (1947), in which a tie counts half. It says how often,
    not by how much.

    Args:
        first: (runs x tasks).
        second: (runs x tasks), the same tasks in the same order; the number of runs may differ.

    Raises:
        ValueError: a matrix is empty, holds NaN, or the numbers of tasks differ.
    """
    ours, theirs = matrix(first, "first"), matrix(second, "second")
    if ours.shape[1] != theirs.shape[1]:
        raise ValueError(
            f"expected the same tasks, got {ours.shape[1]} of the first and {theirs.shape[1]} of the second"
        )
    return float((1 + np.sign(ours[:, None] - theirs[None])).mean() / 2)


def stratified_bootstrap(
    statistic: Callable[..., float],
    *scores: ArrayLike,
    seed: int,
    confidence: float = 0.95,
    draws: int = 2000,
) -> Interval:
    """Percentile interval of a statistic, resampling runs within each task (Agarwal et al. 2021).

    Tasks are fixed, so the interval speaks of these tasks with other training seeds, and of no other task. With few
    runs (3 to 5) it is too narrow; report the number of runs beside it.

    Args:
        statistic: takes as many matrices as are given, such as `interquartile_mean` or `probability_of_improvement`.
        scores: one or more matrices (runs x tasks), resampled independently of each other.
        seed: of the draws.
        confidence: between 0 and 1.
        draws: resamples, at least 1.

    Raises:
        ValueError: no matrix is given, one is empty or holds NaN, or one has a single run.
    """
    tables = [matrix(table, "scores") for table in scores]
    tail = (1 - fraction(confidence, "confidence")) / 2
    if not tables:
        raise ValueError("expected at least one matrix of scores, got none")
    if min(len(table) for table in tables) < 2:
        raise ValueError("expected at least 2 runs, got 1: nothing is known about the spread between runs")
    rng = generator("statistics/stratified_bootstrap", seed)
    found = np.array(
        [statistic(*(_resampled(table, rng) for table in tables)) for _ in range(positive(draws, "draws"))]
    )
    low, high = np.quantile(found, [tail, 1 - tail])
    return Interval(float(statistic(*tables)), float(low), float(high))


def _resampled(table: Array, rng: np.random.Generator) -> Array:
    """Runs drawn with replacement, anew for each task."""
    runs, tasks = table.shape
    return np.take_along_axis(table, rng.integers(0, runs, size=(runs, tasks)), axis=0)
