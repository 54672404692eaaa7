"""What optics and chips make of a picture: each an elementwise or local map of one picture, uint8 to uint8.

Every one is a pure function of the picture and of the step at which it was taken, so a picture that comes late, or
twice, is the same picture.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from jaxtyping import Float32, UInt8

from harness.contract.fields import Array
from harness.seeding import generator

__all__ = ["Black", "Blurred", "Covered", "Noisy", "PixelError", "Scaled"]

_FULL = np.float32(255)

Picture = UInt8[Array, "height width 3"]


class PixelError(Protocol):
    """One thing that happens to pictures."""

    def act(self, picture: Picture, camera: str, step: int) -> Picture:
        """What comes of a picture that a camera took at a step."""


def _whole(values: Float32[Array, "height width 3"]) -> Picture:
    return np.clip(np.rint(values), 0, _FULL).astype(np.uint8)


@dataclass(frozen=True)
class Scaled:
    """Red, green and blue are multiplied, and cut off at full scale."""

    gains: tuple[float, float, float]

    def act(self, picture: Picture, camera: str, step: int) -> Picture:
        """The product."""
        return _whole(picture.astype(np.float32) * np.array(self.gains, np.float32))


@dataclass(frozen=True)
class Noisy:
    """Gaussian noise of its own for every pixel, colour and step.

    Attributes:
        std: standard deviation, as a share of full scale.
        key: of the stream; camera and step are appended (law 3).
    """

    std: float
    key: int

    def act(self, picture: Picture, camera: str, step: int) -> Picture:
        """The sum."""
        noise = generator(self.key, camera, step).standard_normal(picture.shape, np.float32)
        return _whole(picture.astype(np.float32) + np.float32(255 * self.std) * noise)


@dataclass(frozen=True)
class Blurred:
    """A Gaussian blur of standard deviation `sigma`, pixel, cut off at three; the edge goes on beyond itself."""

    sigma: float

    def act(self, picture: Picture, camera: str, step: int) -> Picture:
        """Along one axis, then along the other."""
        reach = math.ceil(3 * self.sigma)
        taps = np.exp(-0.5 * (np.arange(-reach, reach + 1) / self.sigma) ** 2)
        weights = (taps / taps.sum()).astype(np.float32)
        values = picture.astype(np.float32)
        for axis in (0, 1):
            length = values.shape[axis]
            places = np.arange(length)
            shifted = (
                weight * values.take(np.clip(places + shift, 0, length - 1), axis)
                for shift, weight in zip(range(-reach, reach + 1), weights, strict=True)
            )
            values = np.asarray(sum(shifted), np.float32)
        return _whole(values)


@dataclass(frozen=True)
class Covered:
    """A grey rectangle; place and size are shares of the picture."""

    left: float
    top: float
    width: float
    height: float
    grey: int

    def act(self, picture: Picture, camera: str, step: int) -> Picture:
        """The picture with the rectangle over it, as far as it lies inside."""
        rows, columns, _ = picture.shape
        top, left = round(self.top * rows), round(self.left * columns)
        bottom, right = round((self.top + self.height) * rows), round((self.left + self.width) * columns)
        covered: Picture = picture.copy()
        covered[top:bottom, left:right] = self.grey
        return covered


@dataclass(frozen=True)
class Black:
    """No light."""

    def act(self, picture: Picture, camera: str, step: int) -> Picture:
        """Zeros."""
        return np.zeros_like(picture)
