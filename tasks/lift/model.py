"""The MuJoCo model: the right arm, the table and the cube of gym-aloha's scene, with the sensors that signals need.

The left arm and what refers to it are taken out; other edits are those of `tasks.aloha.model`.
"""

from __future__ import annotations

import mujoco

from tasks.aloha.cameras import mount_cameras
from tasks.aloha.model import (
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
from tasks.lift.contract import CONTRACT

__all__ = ["CUBE", "SCALERS", "compile_model"]

CUBE = "box"
_ARM, _OTHER = "right", "left"
_CUBE_GEOM = "red_box"
_PADS = tuple(finger(_ARM, side) for side in FINGERS)


def compile_model() -> mujoco.MjModel:
    """The nominal model, with sensors in the order that `tasks.lift.signals` reads."""
    spec = mujoco.MjSpec.from_file(str(scene_file("transfer_cube")))
    _take_out(spec, _OTHER)
    exclude_fingers(spec, _ARM)
    for geom in (*_PADS, TABLE):
        sense_contact(spec, _CUBE_GEOM, geom)
    mount_cameras(spec, CONTRACT.cameras)
    return spec.compile()


def _take_out(spec: mujoco.MjSpec, arm: str) -> None:
    """Without an arm, its servos, the camera that follows it, and the key frames, which are of both arms."""
    motors = [item for item in spec.actuators if item.target.startswith(f"vx300s_{arm}/")]
    followers = [item for item in spec.cameras if item.targetbody.startswith(f"vx300s_{arm}/")]
    for element in (*spec.keys, *motors, *followers):
        spec.delete(element)
    spec.delete(spec.body(f"vx300s_{arm}"))


SCALERS = {
    "object_mass": lambda model, factor: scale_mass(model, [CUBE], factor),
    "object_friction": lambda model, factor: scale_friction(model, [_CUBE_GEOM, TABLE, *_PADS], factor),
    "actuator_gain": scale_gain,
}
"""What each name of `TaskContract.dynamics` does to a model, in place."""
