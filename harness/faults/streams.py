"""Streams of frames or commands that lose or delay items, as source maps: entry t is the item arriving at step t."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Int32

from harness.contract.fields import Array

__all__ = ["bursts", "delayed", "held", "through"]


def bursts(
    probability: float, burst: int, active: slice, steps: int, rng: np.random.Generator
) -> Bool[Array, " steps"]:
    """Which items are lost, if bursts of `burst` items start independently at every active step.

    A burst starts with q = 1 - (1 - p)^(1 / burst), so that away from the edges of the window an item is lost with
    probability p: it survives if none of the last `burst` steps started one. Bursts may overlap, and end with the
    window. A larger p loses a superset of what a smaller one loses.
    """
    start = 1.0 - (1.0 - probability) ** (1.0 / burst)
    draws = rng.random(steps)
    starts = np.zeros(steps, bool)
    starts[active] = draws[active] < start
    lost = np.convolve(starts, np.ones(burst))[:steps] > 0
    lost[active.stop :] = False
    return lost


def held(lost: Bool[Array, " steps"], first: int) -> Int32[Array, " steps"]:
    """Repeat the last item that was not lost; `first` stands for what is there before any arrives."""
    own = np.where(lost, first, np.arange(len(lost)))
    return np.maximum.accumulate(own).astype(np.int32)


def delayed(delay: int, active: slice, steps: int, first: int) -> Int32[Array, " steps"]:
    """Items come `delay` steps late while active, in order: the stream stands still first and catches up afterwards."""
    own = np.arange(steps)
    own[active] -= delay
    return np.maximum.accumulate(np.maximum(own, first)).astype(np.int32)


def through(stream: Int32[Array, " steps"], later: Int32[Array, " steps"]) -> Int32[Array, " steps"]:
    """What arrives if `later` carries what `stream` delivers: stream[later[t]]; -1 stays -1."""
    return np.where(later < 0, later, stream[later]).astype(np.int32)
