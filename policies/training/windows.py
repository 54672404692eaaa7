"""Which frames make up a training example, as index arrays over all demonstrations laid end to end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int64

from harness.contract.fields import Array

__all__ = ["Windows", "windows"]


@dataclass(frozen=True)
class Windows:
    """One window a frame; window i acts at frame i.

    Attributes:
        history: frames observed, newest last; before the episode's start its first frame is repeated.
        future: frames whose actions make up the chunk; after the episode's end its last frame is repeated.
        padded: whether an entry of `future` lies after the episode's end.
    """

    history: Int64[Array, "frames n_obs"]
    future: Int64[Array, "frames chunk"]
    padded: Bool[Array, "frames chunk"]


def windows(lengths: Sequence[int], n_obs: int, chunk: int) -> Windows:
    """Windows of episodes of the given lengths, in frames. Raises ValueError if there is none or one is empty."""
    if not lengths or min(lengths) < 1:
        raise ValueError(f"expected episodes of at least one frame, got lengths {list(lengths)}")
    counts = np.asarray(lengths, np.int64)
    ends = np.cumsum(counts)
    first = np.repeat(ends - counts, counts)[:, None]
    last = np.repeat(ends, counts)[:, None] - 1
    frame = np.arange(ends[-1])[:, None]
    future = frame + np.arange(chunk)
    return Windows(
        history=np.maximum(frame + np.arange(1 - n_obs, 1), first),
        future=np.minimum(future, last),
        padded=future > last,
    )
