"""Streams of frames or commands that lose or delay items, as source maps: entry t is the item arriving at step t."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Int32, Int64

from harness.contract.fields import Array

__all__ = ["bursts", "delayed", "doubled", "freshest", "held", "kept", "overtaken", "rerouted", "stretch", "through"]


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


def rerouted(
    link: Int32[Array, "steps width"] | None, width: int, source: Int32[Array, " steps"], columns: Int64[Array, " some"]
) -> Int32[Array, "steps width"]:
    """A link by component, None for one that changes nothing, with `source` behind it for some components."""
    own = np.arange(len(source), dtype=np.int32)
    routed = np.repeat(own[:, None], width, axis=1) if link is None else link.copy()
    for column in columns:
        routed[:, column] = through(routed[:, column], source)
    return routed


def stretch(active: slice, steps: int) -> Bool[Array, " steps"]:
    """One stretch of items is lost; item 0 never is."""
    lost = np.zeros(steps, bool)
    lost[active] = True
    lost[0] = False
    return lost


def freshest(late: Int64[Array, " steps"]) -> Int32[Array, " steps"]:
    """The newest item that has arrived, if item m arrives at m + late[m]; item 0 is on time."""
    steps = len(late)
    arrival = np.arange(steps) + late
    newest = np.zeros(steps, np.int64)
    in_time = arrival < steps
    np.maximum.at(newest, arrival[in_time], np.flatnonzero(in_time))
    return np.maximum.accumulate(newest).astype(np.int32)


def overtaken(late: Bool[Array, " steps"], delay: int, active: slice) -> Int32[Array, " steps"]:
    """The item that arrived last, if the late ones arrive `delay` steps after their turn; item 0 is never late.

    A late item comes after the one whose turn it is, and is shown. Those that would arrive after the window are lost.
    """
    source = np.arange(len(late), dtype=np.int32)
    for step in range(max(active.start, 1), active.stop if delay else active.start):
        back = step - delay
        if back > 0 and late[back]:
            source[step] = back
        elif late[step]:
            source[step] = source[step - 1]
    return source


def doubled(twice: Bool[Array, " steps"], most: int, stop: int) -> Int32[Array, " steps"]:
    """Items that wait behind copies: a step with a copy makes the stream one step later, up to `most`, then on time.

    From `stop` on the queue is empty.
    """
    source, lag = np.arange(len(twice), dtype=np.int32), 0
    for step in range(1, stop):
        lag = (lag + int(twice[step])) % (most + 1)
        source[step] -= lag
    return source


def kept(period: int, phase: int, active: slice, steps: int) -> Int32[Array, " steps"]:
    """One item in `period` is fetched while active, and kept until the next; `phase` says which."""
    own = np.arange(steps)
    own[active] -= (own[active] + phase) % max(period, 1)
    return np.maximum.accumulate(np.maximum(own, 0)).astype(np.int32)
