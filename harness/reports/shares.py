"""A share of episodes with its interval, where the scene is the unit; arrays in."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Int64

from harness.contract.fields import Array
from harness.reports.pairing import BLOCKS, FEW_SCENES
from harness.seeding import generator
from harness.statistics.clusters import cluster_bootstrap
from harness.statistics.intervals import Interval
from harness.statistics.proportions import wilson

__all__ = ["DRAWS", "share"]

DRAWS = 1999
"""Resamples of an interval."""


def share(
    values: Bool[Array, " items"], scenes: Int64[Array, " items"], seed: int = 0, confidence: float = 0.95
) -> Interval | None:
    """Share of true values; None where there is none to tell.

    Where no scene occurs twice the interval is Wilson's; elsewhere scenes are resampled. Values that are all equal have
    the interval of Wilson for so many scenes, as resampling would find no spread; a scene alone tells nothing.

    Args:
        values: one entry an episode, or a fault of one.
        scenes: number of the scene of each.
        seed: of the resampling.
        confidence: between 0 and 1.
    """
    if not len(values):
        return None
    _, cluster = np.unique(scenes, return_inverse=True)
    count, rate = int(cluster.max()) + 1, float(values.mean())
    if count == len(values) or rate in (0.0, 1.0):
        found = wilson(round(rate * count), count, confidence)
        return Interval(found.rate, found.low, found.high)
    if count == 1:
        return Interval(rate, 0.0, 1.0)
    if count > FEW_SCENES:
        cluster = (generator("reports/shares", seed).permutation(count) % BLOCKS)[cluster]
    return cluster_bootstrap(values.astype(np.float64), cluster, seed, confidence, DRAWS)
