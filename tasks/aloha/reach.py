"""Rotations, bases and guesses of which tasks make keyframes for the arms."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from harness.contract.fields import Array

__all__ = ["AHEAD", "BASE", "DOWN", "above", "guess", "rotation_x", "rotation_y", "rotation_z", "waist"]

DOWN, AHEAD = (-0.3, 0.8, 0.0, 1.2), (-0.6, 1.1, 0.0, -0.5)
"""Guesses for shoulder, elbow, forearm roll and wrist angle when reaching down and when reaching ahead."""
BASE = {"left": np.array([-0.469, 0.5]), "right": np.array([0.469, 0.5])}
"""Bases of the arms, metre, world x and y."""


def guess(middle: tuple[float, ...], waist: float, wrist: float) -> Float64[Array, " 6"]:
    """Joint positions from which inverse kinematics starts."""
    return np.array([waist, *middle, wrist])


def waist(side: str, place: Float64[Array, " 3"]) -> float:
    """Waist angle at which an arm faces a place; the arms face each other."""
    ahead = 1.0 if side == "left" else -1.0
    x, y = ahead * (place[:2] - BASE[side])
    return float(np.arctan2(y, x))


def above(place: Float64[Array, " 3"], height: float) -> Float64[Array, " 3"]:
    """The place raised by a height, metre."""
    raised: Array = place + np.array([0.0, 0.0, height])
    return raised


def rotation_x(angle: float) -> Float64[Array, "3 3"]:
    """By an angle about x."""
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[1, 0, 0], [0, c, -s], [0, s, c]])


def rotation_y(angle: float) -> Float64[Array, "3 3"]:
    """By an angle about y."""
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])


def rotation_z(angle: float) -> Float64[Array, "3 3"]:
    """By an angle about z."""
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
