"""How the right arm leads the peg into the socket, by feedback from where both are."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from harness.contract.fields import Array
from tasks.aloha.kinematics import arm
from tasks.aloha.layout import RIGHT_JOINTS
from tasks.aloha.motion import minimum_jerk
from tasks.insertion.layout import HALF_LENGTH, INSERTED, PEG_POSE, SOCKET_POSE, axis_of

__all__ = ["guided"]

_AHEAD_M = 0.022
"""How far the peg's goal is ahead of the peg while it is in line, metre."""
_WAIT_M = 0.13
"""Distance of the centres at which the peg waits until it is in line; its end is then before the socket's mouth."""
_IN_LINE_M, _IN_LINE_RAD = 0.0055, 0.15
_GAIN, _LEAD_RAD = 0.7, 0.25
"""The command moves by this share of what is left, and leads where the arm should be by no more than so much."""
_STEPS = 6
"""Duration of a correction, control steps."""


def guided(hold: Float64[Array, " 7"], qpos: Float64[Array, " 30"], chunk: int) -> Float64[Array, "chunk 7"]:
    """The right arm's next actions; the gripper stays as it is."""
    joints = qpos[RIGHT_JOINTS]
    wanted = _joints_for(joints, qpos[PEG_POSE], *_goal(qpos[PEG_POSE], qpos[SOCKET_POSE]))
    command = np.clip(hold[:6] + _GAIN * (wanted - joints), wanted - _LEAD_RAD, wanted + _LEAD_RAD)
    actions = np.tile(hold, (chunk, 1))
    share = minimum_jerk(np.arange(1, chunk + 1) / _STEPS)
    actions[:, :6] += share[:, None] * (command - hold[:6])
    return actions


def _goal(
    peg: Float64[Array, " 7"], socket: Float64[Array, " 7"]
) -> tuple[Float64[Array, " 3"], Float64[Array, " 3"], Float64[Array, " 3"]]:
    """Where the peg's centre should be, and from where to where its axis should turn."""
    axis = _outwards(axis_of(socket))
    along = _outwards(axis_of(peg))
    gap = peg[:3] - socket[:3]
    far = float(gap @ axis)
    aside = np.linalg.norm(gap - far * axis - (HALF_LENGTH * (along - axis)))
    in_line = aside < _IN_LINE_M and np.arccos(np.clip(along @ axis, -1, 1)) < _IN_LINE_RAD
    ahead = max(far - _AHEAD_M, INSERTED - 0.01) if in_line or far < _WAIT_M - 0.01 else max(far, _WAIT_M)
    return socket[:3] + ahead * axis, along, axis


def _outwards(axis: Float64[Array, " 3"]) -> Float64[Array, " 3"]:
    """The axis or its negative, whichever points to the right arm."""
    return axis if axis[0] > 0 else -axis


def _joints_for(
    joints: Float64[Array, " 6"],
    peg: Float64[Array, " 7"],
    place: Float64[Array, " 3"],
    along: Float64[Array, " 3"],
    axis: Float64[Array, " 3"],
) -> Float64[Array, " 6"]:
    """Joint positions that carry the held peg to a place, its axis turned from `along` to `axis`."""
    pinch, rotation = arm("right").pose(joints)
    turn = _turning(along, axis)
    return arm("right").solve(place + turn @ (pinch - peg[:3]), turn @ rotation, joints)


def _turning(one: Float64[Array, " 3"], other: Float64[Array, " 3"]) -> Float64[Array, "3 3"]:
    """The smallest rotation that carries one unit vector to another, not its opposite (Rodrigues)."""
    x, y, z = np.cross(one, other)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    turned: Array = np.eye(3) + cross + cross @ cross / (1 + one @ other)
    return turned
