"""Geometry of the site's drawings: scales, ticks and paths. What they look like is in the templates and the style."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["Axis", "Span", "axis_of", "path", "spans", "stairs"]


@dataclass(frozen=True)
class Axis:
    """A linear scale from values to pixels.

    Attributes:
        low, high: values at the ends; different from each other.
        start, stop: where the ends are drawn. On a vertical axis `start` is the lower end and the larger number.
    """

    low: float
    high: float
    start: float
    stop: float

    def __call__(self, value: float) -> float:
        """Where a value is drawn, to a tenth of a pixel."""
        share = (value - self.low) / (self.high - self.low)
        return round(self.start + share * (self.stop - self.start), 1)

    def ticks(self, wanted: int = 4) -> list[tuple[float, str]]:
        """About so many round values on the axis, two at least, each with where it is drawn and how it is written."""
        step = self._step(wanted)
        while self._last(step) <= self._first(step):
            step = self._step(wanted := 2 * wanted)
        places = max(0, -math.floor(math.log10(step) + 1e-9))
        values = [k * step for k in range(self._first(step), self._last(step) + 1)]
        return [(self(value), f"{value:.{places}f}".replace("-", "\N{MINUS SIGN}")) for value in values]

    def _step(self, wanted: int) -> float:
        rough = (self.high - self.low) / max(1, wanted)
        power = 10.0 ** math.floor(math.log10(rough))
        return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))

    def _first(self, step: float) -> int:
        return math.ceil(self.low / step - 1e-9)

    def _last(self, step: float) -> int:
        return math.floor(self.high / step + 1e-9)


@dataclass(frozen=True)
class Span:
    """Where a band begins, and how long it is, in pixels."""

    start: float
    length: float


def axis_of(values: ArrayLike, start: float, stop: float, *, least: float = 1e-6) -> Axis:
    """An axis on which finite values of some find room, with a little air; at least `least` long."""
    known = np.asarray(values, float).ravel()
    known = known[np.isfinite(known)]
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    if high - low < least:
        low, high = low - least / 2, high + least / 2
    air = 0.06 * (high - low)
    return Axis(low - air, high + air, start, stop)


def path(x: Axis, y: Axis, across: ArrayLike, up: ArrayLike) -> str:
    """A polyline as the attribute `d`; broken where a value is not finite."""
    parts, pen = [], "M"
    for a, b in _points(across, up):
        if not math.isfinite(b):
            pen = "M"
            continue
        parts.append(f"{pen}{x(a):g} {y(b):g}")
        pen = "L"
    return "".join(parts)


def stairs(x: Axis, y: Axis, across: ArrayLike, up: ArrayLike) -> str:
    """A value held until the next one, as the attribute `d`."""
    parts = []
    for index, (a, b) in enumerate(_points(across, up)):
        parts.append(f"M{x(a):g} {y(b):g}" if index == 0 else f"H{x(a):g}V{y(b):g}")
    return "".join(parts)


def spans(x: Axis, on: ArrayLike, period: float) -> list[Span]:
    """Where a flag is up, as bands; entry k covers [k, k + 1) periods."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], np.asarray(on, int), [0]])))
    pairs = edges.reshape(-1, 2) * period
    return [Span(x(first), round(x(last) - x(first), 1)) for first, last in pairs]


def _points(across: ArrayLike, up: ArrayLike) -> Iterator[tuple[float, float]]:
    return zip(np.asarray(across, float).tolist(), np.asarray(up, float).tolist(), strict=True)
