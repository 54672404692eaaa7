"""How a picture may differ from what the state alone would show. No implementation lives here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Prop", "Staging"]


@dataclass(frozen=True)
class Prop:
    """A thing that is seen and touches nothing.

    Attributes:
        shape: a sphere and a box of half-widths `size`, or an upright cylinder of radius and half-height `size[0]`.
        position: of its centre, metre, world.
        size: half-widths along the world's axes, metre.
        colour: red, green, blue in [0, 1].
    """

    shape: Literal["sphere", "box", "cylinder"]
    position: tuple[float, float, float]
    size: tuple[float, float, float]
    colour: tuple[float, float, float]


@dataclass(frozen=True)
class Staging:
    """A camera out of its place, and things that are no part of the task.

    Attributes:
        move: of the camera along its own axes (right, up, back), metre.
        turn: of the camera about its own axes, a rotation vector, radian.
        props: drawn into the scene.
    """

    move: tuple[float, float, float] = (0.0, 0.0, 0.0)
    turn: tuple[float, float, float] = (0.0, 0.0, 0.0)
    props: tuple[Prop, ...] = ()
