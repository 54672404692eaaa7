"""How evenly episodes spread over the modes of a task: its ways, orders, sides."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from harness.statistics.inputs import vector

__all__ = ["Spread", "spread"]


@dataclass(frozen=True)
class Spread:
    """The entropy of a sample of modes.

    Attributes:
        episodes: size of the sample.
        used: modes that occur in it.
        bits: plug-in entropy of their frequencies. From few episodes it is low by about (used - 1) / (2 episodes) nats.
        normalised: entropy over that of an even spread over all modes that there are: 0 for one mode, 1 for all alike
            (Jia et al. 2024, D3IL, where it is called behaviour entropy).
    """

    episodes: int
    used: int
    bits: float
    normalised: float


def spread(modes: ArrayLike, kinds: int) -> Spread:
    """The spread of one sample.

    Args:
        modes: the mode of each episode, by any number.
        kinds: modes that there are, at least 2.

    Raises:
        ValueError: no episode, NaN, fewer than two kinds, or more modes than kinds.
    """
    found = vector(modes, "modes")
    _, counts = np.unique(found, return_counts=True)
    if kinds < 2 or len(counts) > kinds:
        raise ValueError(f"expected kinds >= 2 and at least the {len(counts)} modes that occur, got {kinds}")
    share = counts / counts.sum()
    bits = float(-(share * np.log2(share)).sum()) + 0.0
    return Spread(len(found), len(counts), bits, bits / float(np.log2(kinds)))
