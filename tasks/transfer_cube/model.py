"""The MuJoCo model: gym-aloha's scene of the transfer, with the sensors that the signals need."""

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
    sense_pinch_point,
)

__all__ = ["SCALERS", "compile_model"]

_CUBE, _CUBE_GEOM = "box", "red_box"


def compile_model() -> mujoco.MjModel:
    """The nominal model, with sensors in the order that `tasks.transfer_cube.signals` reads."""
    spec = mujoco.MjSpec.from_file(str(scene_file("transfer_cube")))
    for arm in ARMS:
        exclude_fingers(spec, arm)
    for arm in ("right", "left"):
        for side in FINGERS:
            sense_contact(spec, _CUBE_GEOM, finger(arm, side))
    sense_contact(spec, _CUBE_GEOM, TABLE)
    sense_pinch_point(spec, "left")
    mount_cameras(spec)
    return spec.compile()


def _scale_mass(model: mujoco.MjModel, factor: float) -> None:
    scale_mass(model, [_CUBE], factor)


def _scale_friction(model: mujoco.MjModel, factor: float) -> None:
    scale_friction(model, (_CUBE_GEOM, TABLE, *(finger(arm, side) for arm in ARMS for side in FINGERS)), factor)


SCALERS = {"object_mass": _scale_mass, "object_friction": _scale_friction, "actuator_gain": scale_gain}
"""What each name of `TaskContract.dynamics` does to a model, in place."""
