"""What a pool and its workers share: the memory in which episodes are recorded, and the words they exchange.

The memory has no name in any file system, so that it ends with the last process that maps it, however that ends.
"""

from __future__ import annotations

import mmap
import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float32, Float64, Int64

from harness.contract.fields import Array

__all__ = ["ENDED", "HEAD", "Answer", "Description", "Environment", "Layout", "Order", "Shared", "anonymous_file"]

REWARD, TERMINATED, TRUNCATED = range(3)
HEAD = 3
"""Numbers of a record before the observation: reward, terminated, truncated."""

ENDED = slice(TERMINATED, HEAD)


@dataclass(frozen=True)
class Environment:
    """Which environment it is, and what is recorded of it.

    Attributes:
        id: Gymnasium's, versioned, e.g. "gym_pusht/PushT-v0".
        module: imported first, so that the id is registered; "" for none.
        arguments: for `gymnasium.make`.
        info: entries of `info` that signals need, with their number of components. What `reset` leaves out is 0.
        time_limit_s: wall time that one reset or one step may take; then its worker is killed.
        start_limit_s: the same for making the environment.
    """

    id: str
    module: str
    arguments: Mapping[str, Any]
    info: Mapping[str, int]
    time_limit_s: float = 30.0
    start_limit_s: float = 120.0


@dataclass(frozen=True)
class Layout:
    """Sizes of the shared memory.

    Attributes:
        workers: processes.
        slots: episodes that are remembered; slot s belongs to worker s % workers.
        horizon: control steps of an episode.
        action: components of an action.
        record: numbers that describe one moment: the head, the observation, the recorded info.
    """

    workers: int
    slots: int
    horizon: int
    action: int
    record: int

    @property
    def bytes(self) -> int:
        """Of the whole memory."""
        actions, records = self.horizon * self.action, (self.horizon + 1) * self.record
        return 8 * (3 * self.workers + self.slots * records) + 4 * self.slots * actions


@dataclass(frozen=True)
class Shared:
    """Views into the memory.

    Attributes:
        beats: where each worker is: slot, step (-1 for the reset), and a count of resets and steps.
        records: record k is the moment after k steps.
        actions: action k leads from record k to record k + 1.
    """

    beats: Int64[Array, "workers 3"]
    records: Float64[Array, "slots moments record"]
    actions: Float32[Array, "slots steps action"]

    @classmethod
    def over(cls, descriptor: int, layout: Layout) -> Shared:
        """Map the file behind a descriptor; the mapping lives as long as the views do."""
        memory = mmap.mmap(descriptor, layout.bytes)
        beats = np.frombuffer(memory, np.int64, 3 * layout.workers)
        shape = (layout.slots, layout.horizon + 1, layout.record)
        records = np.frombuffer(memory, np.float64, int(np.prod(shape)), offset=beats.nbytes)
        actions = np.frombuffer(memory, np.float32, offset=beats.nbytes + records.nbytes)
        return cls(
            beats.reshape(layout.workers, 3),
            records.reshape(shape),
            actions.reshape(layout.slots, layout.horizon, layout.action),
        )


@dataclass(frozen=True)
class Order:
    """Bring the episode in a slot from moment `first` to moment `last`; with a seed, after a reset with it."""

    slot: int
    seed: int | None
    first: int
    last: int


@dataclass(frozen=True)
class Answer:
    """What came of an order: the error in a line, or "" if there was none."""

    slot: int
    error: str


@dataclass(frozen=True)
class Description:
    """What an environment says of itself: widths of its flat spaces, action bounds, and its own step limit, if any."""

    observation: int
    action: int
    low: tuple[float, ...]
    high: tuple[float, ...]
    steps: int | None


def anonymous_file(size: int) -> int:
    """A descriptor of so many zero bytes."""
    if sys.platform == "linux":
        descriptor = os.memfd_create("samepanel")
    else:
        with tempfile.TemporaryFile() as file:
            descriptor = os.dup(file.fileno())
    os.ftruncate(descriptor, size)
    return descriptor
