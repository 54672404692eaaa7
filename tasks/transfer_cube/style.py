"""How demonstrations differ from each other: what a person would choose, or fail to do exactly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from jaxtyping import Float

from harness.contract.fields import Array

__all__ = ["DRAWS", "Style"]

DRAWS = 9
"""Uniform draws in [0, 1) that make a style."""
_RARE = 0.06


@dataclass(frozen=True)
class Style:
    """Choices of one episode; lengths in metre.

    Attributes:
        meeting: where the cube changes hands, world.
        hover: height of the pinch point above the cube before the descent.
        lift: height to which the cube is lifted before it travels.
        tempo: factor on all durations.
        other_sides: grasp the pair of the cube's sides for which the wrist turns by a right angle more or less.
        slip_x, slip_y: error of the grasp, world.
    """

    meeting: tuple[float, float, float]
    hover: float
    lift: float
    tempo: float
    other_sides: bool
    slip_x: float
    slip_y: float

    @classmethod
    def of(cls, draws: Float[Array, " draws"]) -> Self:
        """The style that uniform draws stand for."""
        u = [float(value) for value in draws]
        return cls(
            meeting=(_span(u[0], -0.04, 0.04), _span(u[1], 0.46, 0.54), _span(u[2], 0.21, 0.29)),
            hover=_span(u[3], 0.07, 0.11),
            lift=_span(u[4], 0.08, 0.13),
            tempo=_span(u[5], 0.85, 1.15),
            other_sides=u[6] < _RARE,
            slip_x=_span(u[7], -0.003, 0.003),
            slip_y=_span(u[8], -0.003, 0.003),
        )


def _span(u: float, low: float, high: float) -> float:
    return low + u * (high - low)
