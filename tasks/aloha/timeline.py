"""From keyframes to a motion: submovements in the order in which they are asked for."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from harness.contract.fields import Array
from tasks.aloha.motion import Motion

__all__ = ["Timeline"]

_RADIANS_PER_STEP = 0.06
"""Mean joint speed of a movement at tempo 1, rad per control step of 0.04 s (the peak is 1.875 times that)."""


class Timeline:
    """Collects submovements; remembers where each joint will be after those so far.

    Args:
        base: the action from which the motion departs.
        tempo: factor on all durations.
        moves: submovements that a motion holds; unused ones go nowhere, so that a packed motion has one length.
    """

    def __init__(self, base: Float64[Array, " action"], tempo: float, moves: int) -> None:
        self._base, self._tempo, self._most = base, tempo, moves
        self.goal = base.copy()
        self._moves: list[tuple[float, float, Float64[Array, " action"]]] = []

    def duration(self, part: slice | int, target: Array | float, shortest: float) -> float:
        """Control steps that a movement takes from where the joints will be."""
        farthest = float(np.max(np.abs(np.asarray(target) - self.goal[part])))
        return max(shortest, farthest / _RADIANS_PER_STEP) * self._tempo

    def move(self, part: slice | int, target: Array | float, start: float, shortest: float) -> float:
        """Add a movement of some components; returns the step at which it ends."""
        duration = self.duration(part, target, shortest)
        delta = np.zeros(len(self._base))
        delta[part] = target - self.goal[part]
        self.goal[part] = target
        self._moves.append((start, duration, delta))
        return start + duration

    def motion(self) -> Motion:
        """The motion."""
        idle = [(0.0, 1.0, np.zeros(len(self._base)))] * (self._most - len(self._moves))
        starts, durations, deltas = zip(*self._moves, *idle, strict=True)
        return Motion(self._base, np.array(starts), np.array(durations), np.array(deltas))
