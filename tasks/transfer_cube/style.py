"""How demonstrations differ from each other: what a person would choose or fail to do exactly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from jaxtyping import Float

from harness.contract.fields import Array

__all__ = ["DRAWS", "Style"]

DRAWS = 10
"""Uniform draws in [0, 1) that make a style."""
_RARE = 0.06


@dataclass(frozen=True)
class Style:
    """Choices of one episode; lengths in metre, angles in radian.

    Attributes:
        meeting: where the cube changes hands, world.
        hover: height of the pinch point above the cube before the descent.
        lift: height of the cube at which the arm turns towards the meeting point.
        tempo: factor on all durations.
        other_faces: the cube is symmetric, so that either pair of its sides will do for the grasp; now and then it is the
            pair for which the wrist turns by a right angle more or less.
        slip_x, slip_y: error of the grasp, world.
    """

    meeting: tuple[float, float, float]
    hover: float
    lift: float
    tempo: float
    other_faces: bool
    slip_x: float
    slip_y: float

    @classmethod
    def of(cls, draws: Float[Array, " draws"]) -> Self:
        """The style that uniform draws stand for."""
        u = [float(value) for value in draws]
        return cls(
            meeting=(_span(u[0], -0.03, 0.03), _span(u[1], 0.47, 0.53), _span(u[2], 0.22, 0.28)),
            hover=_span(u[3], 0.07, 0.11),
            lift=_span(u[4], 0.08, 0.13),
            tempo=_span(u[5], 0.85, 1.15),
            other_faces=u[6] < _RARE,
            slip_x=_span(u[7], -0.002, 0.002),
            slip_y=_span(u[8], -0.002, 0.002),
        )


def _span(u: float, low: float, high: float) -> float:
    return low + u * (high - low)
