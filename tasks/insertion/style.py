"""How demonstrations differ from each other: what a person would choose, or fail to do exactly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from jaxtyping import Float

from harness.contract.fields import Array

__all__ = ["DRAWS", "Style"]

DRAWS = 14
"""Uniform draws in [0, 1) that make a style."""
_SHARED = 4


@dataclass(frozen=True)
class Style:
    """Choices of one arm in one episode; lengths in metre.

    Attributes:
        meeting: where the socket is held, world; of both arms.
        tempo: factor on all durations; of both arms.
        hover: height of the pinch point above the thing before the descent.
        lift: height to which the thing is lifted before it travels.
        grip: how far behind the thing's centre, seen from the other arm, it is grasped.
        slip_x, slip_y: error of the grasp, world.
    """

    meeting: tuple[float, float, float]
    tempo: float
    hover: float
    lift: float
    grip: float
    slip_x: float
    slip_y: float

    @classmethod
    def of(cls, draws: Float[Array, " draws"], side: str) -> Self:
        """The style that uniform draws stand for."""
        u = [float(value) for value in draws]
        own = u[_SHARED:][:5] if side == "left" else u[_SHARED:][5:]
        return cls(
            meeting=(_span(u[0], -0.085, -0.055), _span(u[1], 0.47, 0.53), _span(u[2], 0.14, 0.18)),
            tempo=_span(u[3], 0.9, 1.1),
            hover=_span(own[0], 0.06, 0.09),
            lift=_span(own[1], 0.08, 0.11),
            grip=_span(own[2], -0.002, 0.008),
            slip_x=_span(own[3], -0.002, 0.002),
            slip_y=_span(own[4], -0.002, 0.002),
        )


def _span(u: float, low: float, high: float) -> float:
    return low + u * (high - low)
