"""Methods, not checkpoints: training seeds are a sample too, crossed with scenes that all of them share."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64
from numpy.typing import ArrayLike
from scipy import stats

from harness.statistics.inputs import Array, fraction, matrix
from harness.statistics.intervals import Interval

__all__ = ["MethodDifference", "VarianceShares", "method_difference", "variance_shares"]


@dataclass(frozen=True)
class VarianceShares:
    """Where the spread of a scene's success comes from; the shares add up to 1, or are NaN where nothing varies.

    Attributes:
        training_seed: which checkpoint acts.
        scene: which scene it meets.
        rest: what a checkpoint makes of a scene of its own; with the policy noise where that is not known apart.
        policy_noise: the same checkpoint in the same scene again; None without replicates.
    """

    training_seed: float
    scene: float
    rest: float
    policy_noise: float | None = None


@dataclass(frozen=True)
class MethodDifference:
    """Difference of two methods' success rates over training runs and scenes that were not seen.

    Attributes:
        interval: of first minus second.
        p_value: two-sided, of no difference.
        freedom: degrees of freedom of the t distribution; few seeds make few.
    """

    interval: Interval
    p_value: float
    freedom: float


@dataclass(frozen=True)
class _MeanSquares:
    """Of a table of training seeds (rows) x scenes (columns) with one entry each."""

    seeds: float
    scenes: float
    rest: float


def variance_shares(rates: ArrayLike, noise: float | None = None) -> VarianceShares:
    """Split the variance of one method's outcomes by its components in the crossed random-effects model.

    Method of moments from the mean squares (Cornfield and Tukey 1956); a component that comes out negative is zero.

    Args:
        rates: training seeds x scenes, mean success of each, no NaN; at least 2 x 2.
        noise: mean variance that policy noise gives an entry, from replicates; it is taken out of `rest`.

    Raises:
        ValueError: the table is smaller, or holds NaN, or the noise is negative.
    """
    table = _table(rates)
    if noise is not None and not noise >= 0:
        raise ValueError(f"expected a variance of the policy noise >= 0, got {noise}")
    seeds, scenes = table.shape
    squares = _mean_squares(table)
    repeated = min(noise or 0.0, squares.rest)
    parts = np.array(
        [
            max(squares.seeds - squares.rest, 0) / scenes,
            max(squares.scenes - squares.rest, 0) / seeds,
            squares.rest - repeated,
            repeated,
        ]
    )
    total = parts.sum()
    seed, scene, rest, repeats = (parts / total if total else np.full(4, np.nan)).tolist()
    return VarianceShares(seed, scene, rest, None if noise is None else repeats)


def method_difference(first: ArrayLike, second: ArrayLike, confidence: float = 0.95) -> MethodDifference:
    """Compare two methods, each trained with some seeds, on the same scenes.

    The variance of the difference has a part of either method's seeds and one of the shared scenes; the residual, which
    is in all of them, is taken off so that it counts once. The interval is Student's, with Satterthwaite's (1946)
    degrees of freedom. Seeds and scenes are random samples in it, so it speaks of the methods; with three seeds it is
    wide, as it should be.

    Where no entry differs from another of its table, that is no proof that none ever will: the variance is then the one
    that a single entry turning out otherwise would have, at the rate 1 / (entries + 2) (Laplace's rule).

    Args:
        first: training seeds x scenes, mean success of each.
        second: the same of the other method, on the same scenes in the same order.
        confidence: between 0 and 1.

    Raises:
        ValueError: a table is smaller than 2 x 2 or holds NaN, or the scenes differ in number.
    """
    fraction(confidence, "confidence")
    tables = _table(first), _table(second)
    scenes = tables[0].shape[1]
    if tables[1].shape[1] != scenes:
        raise ValueError(f"expected the same scenes, got {scenes} and {tables[1].shape[1]}")
    estimate = float(tables[0].mean() - tables[1].mean())
    by_scene = tables[0].mean(axis=0) - tables[1].mean(axis=0)
    parts, freedoms, twice = [float(by_scene.var(ddof=1)) / scenes], [scenes - 1], 0.0
    for table in tables:
        squares = _mean_squares(table)
        parts.append(squares.seeds / table.size)
        freedoms.append(len(table) - 1)
        twice += squares.rest / table.size
    variance = max(sum(parts) - twice, *parts)
    if variance == 0:
        parts = [0.0, *(_unseen(table.size) for table in tables)]
        variance = sum(parts)
    freedom = sum(parts) ** 2 / sum(part**2 / df for part, df in zip(parts, freedoms, strict=True))
    error = math.sqrt(variance)
    reach = float(stats.t.ppf(0.5 + confidence / 2, freedom)) * error
    p_value = float(2 * stats.t.sf(abs(estimate) / error, freedom))
    return MethodDifference(Interval(estimate, estimate - reach, estimate + reach), p_value, freedom)


def _unseen(entries: int) -> float:
    """Variance of the mean of so many entries that were all the same."""
    rate = 1 / (entries + 2)
    return rate * (1 - rate) / entries


def _mean_squares(table: Float64[Array, "seeds scenes"]) -> _MeanSquares:
    seeds, scenes = table.shape
    mean, by_seed, by_scene = table.mean(), table.mean(axis=1), table.mean(axis=0)
    residual = table - by_seed[:, None] - by_scene[None] + mean
    return _MeanSquares(
        scenes * float(by_seed.var(ddof=1)),
        seeds * float(by_scene.var(ddof=1)),
        float((residual**2).sum()) / ((seeds - 1) * (scenes - 1)),
    )


def _table(rates: ArrayLike) -> Float64[Array, "seeds scenes"]:
    table = matrix(rates, "success by training seed and scene")
    if min(table.shape) < 2:
        raise ValueError(f"expected at least 2 training seeds x 2 scenes, got shape {table.shape}")
    return table
