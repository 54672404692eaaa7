"""Keyframes of one arm: where it must be to grasp its thing, lift it, and hold it before the other's.

Both grippers point down all the time, their fingers across the long axis of what they hold. Peg and socket look the
same after half a turn, so every yaw is read within a quarter turn of zero.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from harness.contract.fields import Array
from tasks.aloha.kinematics import arm
from tasks.aloha.reach import DOWN, above, guess, rotation_y, rotation_z, waist
from tasks.insertion.layout import INSERTED, axis_of
from tasks.insertion.style import Style

__all__ = ["STANDOFF", "Fetch", "OnTable", "fetch", "raised", "ready"]

STANDOFF = 0.035
"""Gap between the peg's end and the socket's mouth when both arms are ready, metre."""
_GRASP_HEIGHT = {"right": 0.016, "left": 0.022}
"""Height of the pinch point: peg and socket at rest; the fingertips are 14 mm below it."""
_LOW_M, _RISE_M = 0.06, 0.08
"""Height of the pinch point below which a gripper rises before it travels, and by how much it rises."""
_MOUTH = 0.02
"""How deep the peg's end is inside the socket when it touches the pin, metre."""


@dataclass(frozen=True)
class OnTable:
    """Where a thing lies: centre (metre, world) and yaw in [-pi/2, pi/2)."""

    x: float
    y: float
    yaw: float

    @classmethod
    def of(cls, pose: Float64[Array, " 7"]) -> OnTable:
        """From position and quaternion."""
        along = axis_of(pose)
        yaw = float(np.arctan2(along[1], along[0]))
        return cls(float(pose[0]), float(pose[1]), (yaw + np.pi / 2) % np.pi - np.pi / 2)


@dataclass(frozen=True)
class Fetch:
    """Joint positions of an arm above its thing, around it, and with it lifted."""

    hover: Float64[Array, " 6"]
    grasp: Float64[Array, " 6"]
    lift: Float64[Array, " 6"]


def fetch(side: str, thing: OnTable, style: Style) -> Fetch:
    """The gripper points down at the far half of the thing."""
    back = _back(side) * style.grip
    place = np.array(
        [
            thing.x + back * np.cos(thing.yaw) + style.slip_x,
            thing.y + back * np.sin(thing.yaw) + style.slip_y,
            _GRASP_HEIGHT[side],
        ]
    )
    grasp = _down(side, place, thing.yaw)
    rotation = _pointing_down(side, thing.yaw)
    return Fetch(
        hover=arm(side).solve(above(place, style.hover), rotation, grasp),
        grasp=grasp,
        lift=arm(side).solve(above(place, style.lift), rotation, grasp),
    )


def ready(side: str, style: Style) -> Float64[Array, " 6"]:
    """The thing level along x: the socket at the meeting place, the peg a stand-off away from it."""
    place = np.array(style.meeting)
    if side == "right":
        place[0] += INSERTED + _MOUTH + STANDOFF
    place[0] += _back(side) * style.grip
    return _down(side, place, 0.0)


def raised(side: str, joints: Float64[Array, " 6"]) -> Float64[Array, " 6"] | None:
    """The gripper straight above where it is, or None if it is high enough to travel."""
    pinch, rotation = arm(side).pose(joints)
    if pinch[2] > _LOW_M:
        return None
    return arm(side).solve(above(pinch, _RISE_M), rotation, joints)


def _down(side: str, place: Float64[Array, " 3"], yaw: float) -> Float64[Array, " 6"]:
    turn = waist(side, place)
    return arm(side).solve(place, _pointing_down(side, yaw), guess(DOWN, turn, turn - yaw))


def _pointing_down(side: str, yaw: float) -> Float64[Array, "3 3"]:
    return rotation_z(yaw if side == "left" else yaw + np.pi) @ rotation_y(np.pi / 2)


def _back(side: str) -> float:
    """Sign along x of the direction away from the other arm."""
    return -1.0 if side == "left" else 1.0
