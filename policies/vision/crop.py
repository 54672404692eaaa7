"""Squares cut out of pictures: at random places in training, from the middle when acting."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Int64, UInt8

from harness.contract.fields import Array

__all__ = ["cut", "middle", "places"]


def middle(pictures: UInt8[Array, "batch n_obs height width 3"], side: int) -> UInt8[Array, "batch n_obs side side 3"]:
    """The square in the middle; of an odd rest, the smaller half is above and to the left."""
    top, left = ((size - side) // 2 for size in pictures.shape[2:4])
    return np.ascontiguousarray(pictures[:, :, top : top + side, left : left + side])


def places(rows: int, height: int, width: int, side: int, generator: torch.Generator) -> Int64[Array, "rows 2"]:
    """Where random squares begin: top and left, uniform over all places inside the picture."""
    top = torch.randint(height - side + 1, (rows,), generator=generator)
    left = torch.randint(width - side + 1, (rows,), generator=generator)
    found: Array = torch.stack([top, left], -1).numpy()
    return found


def cut(
    pictures: UInt8[Array, "frames height width 3"],
    history: Int64[Array, "batch n_obs"],
    where: Int64[Array, "batch 2"],
    side: int,
) -> UInt8[Array, "batch n_obs side side 3"]:
    """A square out of each frame of each window; a window's frames share its place, so that what moves is seen to move.

    `pictures` may be a memory map: only the rows of the squares are read.
    """
    squares = np.empty((*history.shape, side, side, 3), np.uint8)
    for row, ((top, left), frames) in enumerate(zip(where, history, strict=True)):
        for slot, frame in enumerate(frames):
            squares[row, slot] = pictures[frame, top : top + side, left : left + side]
    return squares
