"""From the pose of the cube to joint keyframes, and from keyframes to a timed script."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from jaxtyping import Float64

from harness.contract.fields import Array
from tasks.transfer_cube.kinematics import arm
from tasks.transfer_cube.layout import HOME, REST_HEIGHT, control_to_action
from tasks.transfer_cube.motion import Motion
from tasks.transfer_cube.style import DRAWS, Style

__all__ = ["SCRIPT_FLOATS", "CubeOnTable", "Script", "write_script"]

_ACTION = 14
_LEFT, _LEFT_GRIPPER, _RIGHT, _RIGHT_GRIPPER = slice(0, 6), 6, slice(7, 13), 13
_OPEN, _CLOSED = 0.95, 0.1
_RADIANS_PER_STEP = 0.05
"""Mean joint speed of a movement at tempo 1, rad per control step of 0.04 s (the peak is 1.875 times that)."""
_BACK_OFF = 0.09
"""Distance from which the left gripper approaches the cube, metre."""
_DOWN_GUESS = np.array([0.0, -0.3, 0.8, 0.0, 1.2, 0.0])
_AHEAD_GUESS = np.array([0.0, -0.6, 1.1, 0.0, -0.5, 0.0])
_BASE_X = {"left": -0.469, "right": 0.469}
_BASE_Y = 0.5
_MOVES = 11
_HEADER = 1 + 3 + 3 + DRAWS
SCRIPT_FLOATS = _HEADER + _ACTION + _MOVES * (_ACTION + 2)
"""Length of a packed script."""


@dataclass(frozen=True)
class CubeOnTable:
    """Where the cube lies: centre (metre, world) and yaw in [-pi/4, pi/4), the cube being symmetric."""

    x: float
    y: float
    yaw: float


@dataclass(frozen=True)
class Script:
    """A timed plan of the whole transfer, from the step at which it was written.

    Attributes:
        cube: where it assumes the cube.
        grasp, lifted, end: control steps at which the right fingers start to close, at which the cube must hang in
            the right gripper, and at which all movements have ended.
        draws: the uniform draws of the episode's style.
    """

    cube: CubeOnTable
    grasp: float
    lifted: float
    end: float
    draws: Float64[Array, " draws"]
    motion: Motion

    def pack(self) -> Float64[Array, " floats"]:
        """One flat row; its first number is 1, since memory is zero before the first script."""
        head = [1.0, self.cube.x, self.cube.y, self.cube.yaw, self.grasp, self.lifted, self.end]
        return np.concatenate([head, self.draws, self.motion.pack()])

    @classmethod
    def unpack(cls, row: Float64[Array, " floats"]) -> Self:
        """The inverse of `pack`."""
        _, x, y, yaw, grasp, lifted, end = (float(value) for value in row[:7])
        motion = Motion.unpack(row[_HEADER:], _ACTION)
        return cls(CubeOnTable(x, y, yaw), grasp, lifted, end, row[7:_HEADER], motion)


class _Timeline:
    """Collects submovements; remembers where each joint will be after those so far."""

    def __init__(self, base: Float64[Array, " action"], tempo: float) -> None:
        self._base, self._tempo = base, tempo
        self._goal = base.copy()
        self._moves: list[tuple[float, float, Float64[Array, " action"]]] = []

    def duration(self, part: slice | int, target: Array | float, shortest: float) -> float:
        """Control steps that a movement takes from where the joints will be."""
        farthest = float(np.max(np.abs(np.asarray(target) - self._goal[part])))
        return max(shortest, farthest / _RADIANS_PER_STEP) * self._tempo

    def move(self, part: slice | int, target: Array | float, start: float, shortest: float) -> float:
        """Add a movement of some components; returns the step at which it ends."""
        duration = self.duration(part, target, shortest)
        delta = np.zeros(_ACTION)
        delta[part] = target - self._goal[part]
        self._goal[part] = target
        self._moves.append((start, duration, delta))
        return start + duration

    def motion(self) -> Motion:
        """The motion; unused submovements go nowhere."""
        idle = [(0.0, 1.0, np.zeros(_ACTION))] * (_MOVES - len(self._moves))
        starts, durations, deltas = zip(*self._moves, *idle, strict=True)
        return Motion(self._base, np.array(starts), np.array(durations), np.array(deltas))


def write_script(
    step: int, hold: Float64[Array, " action"], cube: CubeOnTable, draws: Float64[Array, " draws"]
) -> Script:
    """Plan the whole transfer from now on.

    Args:
        step: the control step at which the script starts.
        hold: the action held now, from which it departs.
        cube: where the cube lies.
        draws: the style of the episode.
    """
    style = Style.of(draws)
    timeline = _Timeline(hold, style.tempo)
    grasp, lifted, there = _fetch(timeline, step, cube, style)
    end = _hand_over(timeline, step, there, style)
    return Script(cube, grasp, lifted, end, draws, timeline.motion())


def _fetch(timeline: _Timeline, step: float, cube: CubeOnTable, style: Style) -> tuple[float, float, float]:
    """The right arm takes the cube to the meeting point; returns when it closes, has lifted, and is there."""
    hover, grasp, lift = _over_cube(cube, style)
    timeline.move(_RIGHT_GRIPPER, _OPEN, step, 12)
    above = timeline.move(_RIGHT, hover, step, 10)
    down = timeline.move(_RIGHT, grasp, above - 6, 16)
    closed = timeline.move(_RIGHT_GRIPPER, _CLOSED, down - 2, 9)
    up = timeline.move(_RIGHT, lift, closed - 1, 10)
    there = timeline.move(_RIGHT, _right_at_meeting(style), up - 7, 16)
    return down - 2, up + 2, there


def _hand_over(timeline: _Timeline, step: float, there: float, style: Style) -> float:
    """The left arm comes to the meeting point and closes on the cube; returns when it has."""
    waiting, taking = _left_at_meeting(style)
    home = timeline.move(_LEFT, control_to_action(HOME)[:6].astype(np.float64), step, 10)
    start = max(home, there - timeline.duration(_LEFT, waiting, 20))
    timeline.move(_LEFT_GRIPPER, _OPEN, start, 12)
    ready = timeline.move(_LEFT, waiting, start, 20)
    touching = timeline.move(_LEFT, taking, ready - 5, 12)
    return timeline.move(_LEFT_GRIPPER, _CLOSED, touching - 3, 9)


def _over_cube(cube: CubeOnTable, style: Style) -> tuple[Array, Array, Array]:
    """Right arm above the cube, at it, and with it lifted; the gripper points down, its fingers parallel to two faces."""
    place = np.array([cube.x + style.slip_x, cube.y + style.slip_y, REST_HEIGHT])
    guess = _DOWN_GUESS.copy()
    guess[0] = _waist("right", place)
    guess[5] = guess[0] - cube.yaw
    if style.other_faces:
        guess[5] -= np.copysign(np.pi / 2, guess[5])
    rotation = _rotation_z(guess[0] - guess[5] + np.pi) @ _rotation_y(np.pi / 2)
    hover = arm("right").solve(place + [0, 0, style.hover], rotation, guess)
    grasp = arm("right").solve(place, rotation, hover)
    return hover, grasp, arm("right").solve(place + [0, 0, style.lift], rotation, grasp)


def _right_at_meeting(style: Style) -> Float64[Array, " 6"]:
    """Right arm at the meeting point: the gripper is level and points to the left arm, its fingers close sideways."""
    place = np.array(style.meeting)
    guess = _AHEAD_GUESS.copy()
    guess[0] = _waist("right", place)
    return arm("right").solve(place, _rotation_z(np.pi), guess)


def _left_at_meeting(style: Style) -> tuple[Array, Array]:
    """Left arm short of the cube, and around it: level, facing the right gripper, its fingers close from above and below."""
    place = np.array(style.meeting)
    rotation = _rotation_x(np.pi / 2)
    guess = _AHEAD_GUESS.copy()
    guess[0], guess[5] = _waist("left", place), np.pi / 2
    taking = arm("left").solve(place, rotation, guess)
    return arm("left").solve(place - [_BACK_OFF, 0, 0], rotation, taking), taking


def _waist(side: str, place: Float64[Array, " 3"]) -> float:
    """Waist angle at which an arm faces a place."""
    ahead = 1.0 if side == "left" else -1.0
    return float(np.arctan2(ahead * (place[1] - _BASE_Y), ahead * (place[0] - _BASE_X[side])))


def _rotation_x(angle: float) -> Float64[Array, "3 3"]:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[1, 0, 0], [0, c, -s], [0, s, c]])


def _rotation_y(angle: float) -> Float64[Array, "3 3"]:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])


def _rotation_z(angle: float) -> Float64[Array, "3 3"]:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
