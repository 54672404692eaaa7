"""Smooth joint motion as a sum of overlapping minimum-jerk submovements, and its form in a policy's memory.

A submovement carries the arms from one keyframe to the next (Flash and Hogan 1985); the next one may start before the
last has ended, so the arms pass keyframes without stopping (superposition: Flash and Henis 1991).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from jaxtyping import Float64, Int64

from harness.contract.fields import Array

__all__ = ["Motion", "minimum_jerk"]


def minimum_jerk(fraction: Float64[Array, "*shape"]) -> Float64[Array, "*shape"]:
    """Travelled share of a minimum-jerk movement at a fraction of its duration, clipped to [0, 1]."""
    s: Array = np.clip(fraction, 0.0, 1.0)
    return s * s * s * (10.0 + s * (6.0 * s - 15.0))


@dataclass(frozen=True)
class Motion:
    """Where the joints are at every control step.

    Attributes:
        base: action from which the motion starts.
        starts, durations: of the submovements, in control steps.
        deltas: how far each submovement carries each action component.
    """

    base: Float64[Array, " action"]
    starts: Float64[Array, " moves"]
    durations: Float64[Array, " moves"]
    deltas: Float64[Array, "moves action"]

    def at(self, steps: Int64[Array, " n"]) -> Float64[Array, "n action"]:
        """Actions to reach at the end of these control steps."""
        share = minimum_jerk((steps[:, None] + 1.0 - self.starts) / self.durations)
        reached: Array = self.base + share @ self.deltas
        return reached

    def pack(self) -> Float64[Array, " floats"]:
        """One flat row."""
        return np.concatenate([self.base, self.starts, self.durations, self.deltas.ravel()])

    @classmethod
    def unpack(cls, row: Float64[Array, " floats"], action: int) -> Self:
        """The inverse of `pack`, for actions of that width."""
        moves = (len(row) - action) // (action + 2)
        starts, durations, deltas = np.split(row[action:], [moves, 2 * moves])
        return cls(row[:action], starts, durations, deltas.reshape(moves, action))
