"""The MuJoCo model: gym-aloha's scene of the insertion, with the sensors that the signals need."""

from __future__ import annotations

import mujoco

from tasks.aloha.cameras import mount_cameras
from tasks.aloha.model import (
    ARMS,
    FINGERS,
    TABLE,
    exclude_fingers,
    finger,
    scale_friction,
    scale_gain,
    scale_mass,
    scene_file,
    sense_contact,
)

__all__ = ["SCALERS", "compile_model"]

_PEG, _PIN = "red_peg", "pin"
_WALLS = tuple(f"socket-{number}" for number in (1, 2, 3, 4))
"""Geoms of the socket: floor, lid and two sides; the pin is in the middle of what they enclose."""


def compile_model() -> mujoco.MjModel:
    """The nominal model, with sensors in the order that `tasks.insertion.signals` reads."""
    spec = mujoco.MjSpec.from_file(str(scene_file("insertion")))
    for arm in ARMS:
        exclude_fingers(spec, arm)
    for side in FINGERS:
        sense_contact(spec, _PEG, finger("right", side))
    for side in FINGERS:
        for wall in _WALLS:
            sense_contact(spec, wall, finger("left", side))
    sense_contact(spec, _PEG, TABLE)
    for wall in _WALLS:
        sense_contact(spec, wall, TABLE)
    for wall in _WALLS:
        sense_contact(spec, _PEG, wall)
    sense_contact(spec, _PEG, _PIN)
    mount_cameras(spec)
    return spec.compile()


def _scale_mass(model: mujoco.MjModel, factor: float) -> None:
    scale_mass(model, ("peg", "socket"), factor)


def _scale_friction(model: mujoco.MjModel, factor: float) -> None:
    fingers = (finger(arm, side) for arm in ARMS for side in FINGERS)
    scale_friction(model, (_PEG, *_WALLS, _PIN, TABLE, *fingers), factor)


SCALERS = {"object_mass": _scale_mass, "object_friction": _scale_friction, "actuator_gain": scale_gain}
"""What each name of `TaskContract.dynamics` does to a model, in place."""
