"""Keyframes: where the arms must be to grasp, lift, carry and take the cube, by inverse kinematics."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from harness.contract.fields import Array
from tasks.aloha.kinematics import arm
from tasks.aloha.reach import AHEAD, BASE, DOWN, above, guess, rotation_x, rotation_y, rotation_z, waist
from tasks.transfer_cube.layout import REST_HEIGHT
from tasks.transfer_cube.style import Style

__all__ = ["CubeOnTable", "Fetch", "fetch", "left_around", "right_at_meeting", "right_raised"]

_APPROACH_M = 0.09
"""Distance from which the left gripper approaches the cube."""
_LOW_M, _RISE_M = 0.07, 0.08
"""Height of the pinch point below which the right gripper rises before it travels, and by how much it rises."""
_RETRACT_M = 0.03
"""How far the right arm draws the cube towards its base while lifting it; eases the reach to far cubes."""


@dataclass(frozen=True)
class CubeOnTable:
    """Where the cube lies: centre (metre, world) and yaw in [-pi/4, pi/4), the cube being symmetric."""

    x: float
    y: float
    yaw: float


@dataclass(frozen=True)
class Fetch:
    """Joint positions of the right arm above the cube, around it, and with it lifted."""

    hover: Float64[Array, " 6"]
    grasp: Float64[Array, " 6"]
    lift: Float64[Array, " 6"]


def fetch(cube: CubeOnTable, style: Style) -> Fetch:
    """The gripper points down, its fingers parallel to two sides of the cube."""
    place = np.array([cube.x + style.slip_x, cube.y + style.slip_y, REST_HEIGHT])
    turn = waist("right", place)
    wrist = turn - cube.yaw
    if style.other_sides:
        wrist -= np.copysign(np.pi / 2, wrist)
    start = guess(DOWN, turn, wrist)
    rotation = rotation_z(turn - wrist + np.pi) @ rotation_y(np.pi / 2)
    grasp = arm("right").solve(place, rotation, start)
    return Fetch(
        hover=arm("right").solve(above(place, style.hover), rotation, grasp),
        grasp=grasp,
        lift=arm("right").solve(above(_retracted(place), style.lift), rotation, grasp),
    )


def right_raised(joints: Float64[Array, " 6"]) -> Float64[Array, " 6"] | None:
    """The right gripper straight above where it is, or None if it is high enough to travel."""
    pinch, rotation = arm("right").pose(joints)
    if pinch[2] > _LOW_M:
        return None
    return arm("right").solve(above(pinch, _RISE_M), rotation, joints)


def right_at_meeting(place: Float64[Array, " 3"]) -> Float64[Array, " 6"]:
    """The right gripper is level and points to the left arm; its fingers close sideways."""
    return arm("right").solve(place, rotation_z(np.pi), guess(AHEAD, waist("right", place), 0.0))


def left_around(cube: Float64[Array, " 3"]) -> tuple[Float64[Array, " 6"], Float64[Array, " 6"]]:
    """The left arm short of the cube, and around it: level, its fingers above and below the cube."""
    rotation = rotation_x(np.pi / 2)
    taking = arm("left").solve(cube, rotation, guess(AHEAD, waist("left", cube), np.pi / 2))
    return arm("left").solve(cube - np.array([_APPROACH_M, 0, 0]), rotation, taking), taking


def _retracted(place: Float64[Array, " 3"]) -> Float64[Array, " 3"]:
    """A place drawn towards the right base at the same height."""
    inwards = np.append(BASE["right"] - place[:2], 0.0)
    drawn: Array = place + _RETRACT_M * inwards / np.linalg.norm(inwards)
    return drawn
