"""The timed plan of one arm, from keyframes, and its form in a policy's memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from jaxtyping import Float64

from harness.contract.fields import Array
from tasks.aloha.motion import Motion
from tasks.aloha.timeline import Timeline
from tasks.insertion.poses import OnTable, fetch, raised, ready
from tasks.insertion.style import Style

__all__ = ["SCRIPT_FLOATS", "Script", "write_fetch"]

_ACTION = 7
_JOINTS, _GRIPPER = slice(0, 6), 6
_OPEN, _CLOSED = 0.95, 0.05
_MOVES = 8
_HEADER = 6
SCRIPT_FLOATS = _HEADER + _ACTION + _MOVES * (_ACTION + 2)
"""Length of a packed script."""


@dataclass(frozen=True)
class Script:
    """How an arm fetches its thing and brings it to where it is ready.

    Attributes:
        thing: where it assumes the thing before the grasp.
        grasp: control step at which the fingers start to close.
        held: step from which the thing is off the table.
        end: step at which all movements have ended.
        motion: of the arm.
    """

    thing: OnTable
    grasp: float
    held: float
    end: float
    motion: Motion

    def pack(self) -> Float64[Array, " floats"]:
        """One flat row."""
        thing = [self.thing.x, self.thing.y, self.thing.yaw]
        return np.concatenate([thing, [self.grasp, self.held, self.end], self.motion.pack()])

    @classmethod
    def unpack(cls, row: Float64[Array, " floats"]) -> Self:
        """The inverse of `pack`."""
        x, y, yaw, grasp, held, end = (float(value) for value in row[:_HEADER])
        return cls(OnTable(x, y, yaw), grasp, held, end, Motion.unpack(row[_HEADER:], _ACTION))


def write_fetch(side: str, step: int, hold: Float64[Array, " 7"], thing: OnTable, style: Style) -> Script:
    """Plan how an arm comes to hold its thing before the other arm's.

    Args:
        side: the arm.
        step: the control step at which the script starts.
        hold: the action held now, from which it departs.
        thing: where the thing lies.
        style: of the arm in this episode.
    """
    poses = fetch(side, thing, style)
    timeline = Timeline(hold, style.tempo, _MOVES)
    start: float = step
    up = raised(side, timeline.goal[_JOINTS])
    timeline.move(_GRIPPER, _OPEN, step, 8)
    if up is not None:
        start = timeline.move(_JOINTS, up, step, 10) - 2
    over = timeline.move(_JOINTS, poses.hover, start, 10)
    down = timeline.move(_JOINTS, poses.grasp, over - 5, 14)
    closed = timeline.move(_GRIPPER, _CLOSED, down, 9)
    lifted = timeline.move(_JOINTS, poses.lift, closed, 12)
    there = timeline.move(_JOINTS, ready(side, style), lifted - 4, 16)
    return Script(thing, down, lifted, there, timeline.motion())
