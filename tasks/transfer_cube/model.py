"""The MuJoCo model: gym-aloha's bimanual ViperX scene with the sensors that the signals need.

Geometry, inertia, actuators and solver settings are those of the installed `gym-aloha` package. Three edits are
made: sensors are added, cameras are fixed to their mounts, and the two fingers of a gripper no longer collide with each
other. An empty gripper closes 1.4 mm a finger further than with that contact, up to the range of its joints; nothing
else changes, and a tenth of the physics time is saved, since a gripper rests closed.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import mujoco
import numpy as np

from harness.errors import PrerequisiteError
from tasks.aloha.cameras import mount_cameras

__all__ = ["ARMS", "CUBE", "CUBE_SIZE", "PINCH_OFFSET", "SCALERS", "compile_model", "scene_file"]

ARMS = ("left", "right")
CUBE = "box"
CUBE_SIZE = 0.04
"""Edge of the cube, metre."""
PINCH_OFFSET = 0.14
"""Distance from the origin of a `gripper_link` along its x axis to the point between its finger pads, metre."""

_CUBE_GEOM, _TABLE_GEOM = "red_box", "table"
_SCENE = "bimanual_viperx_transfer_cube.xml"


def scene_file() -> Path:
    """Path of gym-aloha's scene; the package is located, not imported (importing it starts dm_control)."""
    found = importlib.util.find_spec("gym_aloha")
    if found is None or not found.submodule_search_locations:
        raise PrerequisiteError(
            "task transfer-cube-v1", expected="the package gym-aloha", got="none", fix="pip install gym-aloha==0.1.5"
        )
    return Path(found.submodule_search_locations[0]) / "assets" / _SCENE


def compile_model() -> mujoco.MjModel:
    """The nominal model, with sensors in the order that `tasks.transfer_cube.signals` reads."""
    spec = mujoco.MjSpec.from_file(str(scene_file()))
    for arm in ARMS:
        _exclude_fingers(spec, arm)
    for arm in ("right", "left"):
        for finger in ("left", "right"):
            _sense_contact(spec, _CUBE_GEOM, _finger(arm, finger))
    _sense_contact(spec, _CUBE_GEOM, _TABLE_GEOM)
    _sense_pinch_point(spec, "left")
    mount_cameras(spec)
    return spec.compile()


def _finger(arm: str, finger: str) -> str:
    return f"vx300s_{arm}/10_{finger}_gripper_finger"


def _exclude_fingers(spec: mujoco.MjSpec, arm: str) -> None:
    """Skip the contact between the two fingers of a gripper."""
    one, other = (f"vx300s_{arm}/{finger}_finger_link" for finger in ("left", "right"))
    spec.add_exclude(bodyname1=one, bodyname2=other)


def _sense_contact(spec: mujoco.MjSpec, one: str, other: str) -> None:
    """A reading of 1 or more while the two geoms are in contact, else 0."""
    spec.add_sensor(
        name=f"contact {one} {other}",
        type=mujoco.mjtSensor.mjSENS_CONTACT,
        objtype=mujoco.mjtObj.mjOBJ_GEOM,
        objname=one,
        reftype=mujoco.mjtObj.mjOBJ_GEOM,
        refname=other,
        intprm=[1 << int(mujoco.mjtConDataField.mjCONDATA_FOUND), 0, 1],
    )


def _sense_pinch_point(spec: mujoco.MjSpec, arm: str) -> None:
    """World position of the point between the arm's finger pads."""
    name = f"{arm}_pinch"
    gripper = spec.body(f"vx300s_{arm}/gripper_link")
    gripper.add_site(name=name, pos=[PINCH_OFFSET, 0, 0], rgba=[0, 0, 0, 0])
    spec.add_sensor(name=name, type=mujoco.mjtSensor.mjSENS_FRAMEPOS, objtype=mujoco.mjtObj.mjOBJ_SITE, objname=name)


def _scale_mass(model: mujoco.MjModel, factor: float) -> None:
    """Mass and inertia of the cube, and the constants that follow from them."""
    cube = model.body(CUBE).id
    model.body_mass[cube] *= factor
    model.body_inertia[cube] *= factor
    mujoco.mj_setConst(model, mujoco.MjData(model))


def _scale_friction(model: mujoco.MjModel, factor: float) -> None:
    """Friction of the cube and of all it touches: MuJoCo takes the larger value of a pair of geoms."""
    touching = [_finger(arm, finger) for arm in ARMS for finger in ("left", "right")]
    for name in (_CUBE_GEOM, _TABLE_GEOM, *touching):
        model.geom_friction[model.geom(name).id] *= factor


def _scale_gain(model: mujoco.MjModel, factor: float) -> None:
    """Stiffness kp of every position servo: force = kp * (target - position)."""
    model.actuator_gainprm[:, 0] *= np.float64(factor)
    model.actuator_biasprm[:, 1] *= np.float64(factor)


SCALERS = {"object_mass": _scale_mass, "object_friction": _scale_friction, "actuator_gain": _scale_gain}
"""What each name of `TaskContract.dynamics` does to a model, in place."""
