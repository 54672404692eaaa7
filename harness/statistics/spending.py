"""Looking at a comparison a few planned times: group sequential bounds that spend alpha as information comes in.

Tighter than `sequential` when the looks are few, and tied to the looks one declared.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64
from numpy.typing import ArrayLike
from scipy import optimize, special, stats

from harness.statistics.inputs import Array, fraction, vector

__all__ = ["GroupSequentialBounds", "group_sequential_bounds"]

SMALLEST_STEP = 1e-3
NODES_PER_DEVIATION = 6  # of the narrowest kernel; from 4 on, bounds no longer change beyond 1e-12
FEWEST_NODES = 96
LARGEST_BOUND = 40.0  # no double is as small as the normal tail beyond


@dataclass(frozen=True)
class GroupSequentialBounds:
    """Bounds for |z| at each look.

    Attributes:
        fractions: share of the planned information at each look, such as discordant pairs seen over planned.
        bounds: reject at a look if |z| >= bound; infinite where nothing representable has been spent yet.
        spent: alpha spent up to each look, both sides together.
    """

    fractions: Float64[Array, " looks"]
    bounds: Float64[Array, " looks"]
    spent: Float64[Array, " looks"]


@dataclass(frozen=True)
class _Walk:
    """Brownian motion under the null hypothesis that has not left the bounds: quadrature nodes and their mass."""

    time: float
    positions: Float64[Array, " nodes"]
    mass: Float64[Array, " nodes"]


def group_sequential_bounds(fractions: ArrayLike, alpha: float = 0.05) -> GroupSequentialBounds:
    """Two-sided bounds by O'Brien-Fleming-type spending (Lan and DeMets 1983).

    Each side spends 2 - 2 Phi(z / sqrt(t)) by fraction t, z the upper alpha / 4 quantile, hence alpha / 2 at t = 1.
    The bounds follow from the density of the walk that has not stopped yet, carried from look to look (Armitage,
    McPherson and Rowe 1969) by Gauss-Legendre quadrature. Looks may be chosen as one goes, but not by the results.

    Args:
        fractions: increasing by at least 0.001 from look to look, in (0, 1]; the last need not be 1.
        alpha: two-sided level of all looks together, between 0 and 1.

    Raises:
        ValueError: the input is empty, holds NaN, or is outside its range.
    """
    times = vector(fractions, "fractions")
    steps = np.diff(times, prepend=0.0)
    # A step of exactly the smallest size may fall short of it by rounding.
    if steps.min() < SMALLEST_STEP * (1 - 1e-9) or times[-1] > 1:
        raise ValueError(f"expected fractions in (0, 1], each at least {SMALLEST_STEP} above the last, got {times}")
    quantile = stats.norm.isf(fraction(alpha, "alpha") / 4)
    side = 2 * stats.norm.sf(quantile / np.sqrt(times))
    walk = _Walk(0.0, np.zeros(1), np.ones(1))
    bounds = np.empty(len(times))
    for look, (time, spend) in enumerate(zip(times, np.diff(side, prepend=0.0), strict=True)):
        bounds[look] = _bound(walk, float(time), float(spend))
        if look + 1 < len(times):
            walk = _advanced(walk, float(time), float(bounds[look]), steps[look + 1])
    return GroupSequentialBounds(times, bounds, 2 * side)


def _bound(walk: _Walk, time: float, spend: float) -> float:
    """The z that the walk exceeds at `time` with probability `spend`."""
    scale = math.sqrt(time - walk.time)

    def excess(bound: float) -> float:
        return float(walk.mass @ stats.norm.sf((bound * math.sqrt(time) - walk.positions) / scale)) - spend

    if spend <= 0 or excess(LARGEST_BOUND) >= 0:
        return math.inf
    return float(optimize.brentq(excess, 0.0, LARGEST_BOUND, xtol=1e-12))


def _advanced(walk: _Walk, time: float, bound: float, next_step: float) -> _Walk:
    """The walk at `time`, less what left the bounds there; nodes are dense enough for the next step's kernel."""
    edge = min(bound, LARGEST_BOUND) * math.sqrt(time)
    narrowest = math.sqrt(min(time - walk.time, next_step))
    count = max(FEWEST_NODES, math.ceil(NODES_PER_DEVIATION * edge / narrowest))
    nodes, weights = special.roots_legendre(count)
    positions = edge * nodes
    density = stats.norm.pdf(positions[:, None], walk.positions[None], math.sqrt(time - walk.time)) @ walk.mass
    return _Walk(time, positions, edge * weights * density)
