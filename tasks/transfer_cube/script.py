"""From keyframes to a timed script of both arms, and its form in a policy's memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from jaxtyping import Float64

from harness.contract.fields import Array
from tasks.aloha.layout import HOME, control_to_action
from tasks.aloha.motion import Motion
from tasks.aloha.timeline import Timeline
from tasks.transfer_cube.contract import CONTRACT
from tasks.transfer_cube.poses import CubeOnTable, fetch, left_around, right_at_meeting, right_raised
from tasks.transfer_cube.style import DRAWS, Style

__all__ = ["SCRIPT_FLOATS", "Script", "write_hand_over", "write_transfer"]

_ACTION = 14
_LEFT, _LEFT_GRIPPER, _RIGHT, _RIGHT_GRIPPER = slice(0, 6), 6, slice(7, 13), 13
_OPEN, _CLOSED = 0.95, 0.1
_HOME_LEFT = control_to_action(HOME)[_LEFT].astype(np.float64)
_MOVES = 12
_HEADER = 7 + DRAWS
SCRIPT_FLOATS = _HEADER + _ACTION + _MOVES * (_ACTION + 2)
"""Length of a packed script."""


@dataclass(frozen=True)
class Script:
    """A timed plan for the rest of the episode.

    Attributes:
        cube: where it assumes the cube before the grasp.
        grasp: control step at which the right fingers start to close.
        meet: step at which the cube is at the meeting point and the left gripper short of it.
        end: step at which all movements have ended.
        draws: the uniform draws of the episode's style.
        motion: of both arms.
    """

    cube: CubeOnTable
    grasp: float
    meet: float
    end: float
    draws: Float64[Array, " draws"]
    motion: Motion

    def pack(self) -> Float64[Array, " floats"]:
        """One flat row; its first number is 1, since memory is zero before the first script."""
        cube = [self.cube.x, self.cube.y, self.cube.yaw]
        return np.concatenate([[1.0, *cube, self.grasp, self.meet, self.end], self.draws, self.motion.pack()])

    @classmethod
    def unpack(cls, row: Float64[Array, " floats"]) -> Self:
        """The inverse of `pack`."""
        _, x, y, yaw, grasp, meet, end = (float(value) for value in row[:7])
        motion = Motion.unpack(row[_HEADER:], _ACTION)
        return cls(CubeOnTable(x, y, yaw), grasp, meet, end, row[7:_HEADER], motion)


def write_transfer(
    step: int, hold: Float64[Array, " action"], cube: CubeOnTable, draws: Float64[Array, " draws"]
) -> Script:
    """Plan the whole transfer.

    Args:
        step: the control step at which the script starts.
        hold: the action held now, from which it departs.
        cube: where the cube lies.
        draws: the style of the episode.
    """
    style = Style.of(draws)
    place = np.array(style.meeting)
    timeline = Timeline(hold, style.tempo, _MOVES)
    grasp, up = _fetch(timeline, step, cube, style)
    there = timeline.move(_RIGHT, right_at_meeting(place), up - 7, 16)
    waiting, taking = left_around(place)
    home = timeline.move(_LEFT, _HOME_LEFT, step, 10)
    start = max(home, there - timeline.duration(_LEFT, waiting, 20))
    timeline.move(_LEFT_GRIPPER, _OPEN, start, 12)
    ready = timeline.move(_LEFT, waiting, start, 20)
    end = _take(timeline, ready - 5, taking)
    return Script(cube, grasp, ready - 2, end, draws, timeline.motion())


def write_hand_over(
    step: int,
    hold: Float64[Array, " action"],
    cube: Float64[Array, " 3"],
    draws: Float64[Array, " draws"],
    *,
    back: bool,
) -> Script:
    """Plan only how the left arm takes the cube from the right gripper.

    Args:
        step: the control step at which the script starts.
        hold: the action held now, from which it departs.
        cube: centre of the cube, metre, world.
        draws: the style of the episode.
        back: the left arm must open and back off first.
    """
    timeline = Timeline(hold, Style.of(draws).tempo, _MOVES)
    waiting, taking = left_around(cube)
    start: float = step
    if back:
        timeline.move(_LEFT_GRIPPER, _OPEN, step, 8)
        start = timeline.move(_LEFT, waiting, step, 12) - 3
    end = _take(timeline, start, taking)
    return Script(CubeOnTable(0, 0, 0), step, CONTRACT.horizon, end, draws, timeline.motion())


def _fetch(timeline: Timeline, step: float, cube: CubeOnTable, style: Style) -> tuple[float, float]:
    """The right arm grasps and lifts the cube; returns when its fingers start to close, and when the cube is up."""
    poses = fetch(cube, style)
    raised = right_raised(timeline.goal[_RIGHT])
    timeline.move(_RIGHT_GRIPPER, _OPEN, step, 12)
    if raised is not None:
        step = timeline.move(_RIGHT, raised, step, 8) - 3
    above = timeline.move(_RIGHT, poses.hover, step, 10)
    down = timeline.move(_RIGHT, poses.grasp, above - 6, 16)
    closed = timeline.move(_RIGHT_GRIPPER, _CLOSED, down - 2, 9)
    up = timeline.move(_RIGHT, poses.lift, closed - 1, 10)
    return down - 2, up


def _take(timeline: Timeline, start: float, taking: Float64[Array, " 6"]) -> float:
    """The left arm moves in and closes on the cube; returns when it has."""
    touching = timeline.move(_LEFT, taking, start, 12)
    return timeline.move(_LEFT_GRIPPER, _CLOSED, touching - 3, 9)
