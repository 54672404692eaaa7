"""How tasks edit gym-aloha's MuJoCo scenes: sensors, cameras, contacts that are left out, and dynamics factors.

Geometry, inertia, actuators and solver settings are those of the installed `gym-aloha` package. The two fingers of a
gripper no longer collide with each other: an empty gripper closes 1.4 mm a finger further than with that contact, up to
the range of its joints; nothing else changes, and a tenth of the physics time is saved, since a gripper rests closed.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from pathlib import Path

import mujoco
import numpy as np

from harness.errors import PrerequisiteError

__all__ = [
    "ARMS",
    "FINGERS",
    "PINCH_OFFSET",
    "TABLE",
    "exclude_fingers",
    "finger",
    "scale_friction",
    "scale_gain",
    "scale_mass",
    "scene_file",
    "sense_contact",
    "sense_pinch_point",
]

ARMS = ("left", "right")
FINGERS = ("left", "right")
TABLE = "table"
"""Geom of the table."""
PINCH_OFFSET = 0.14
"""Distance from the origin of a `gripper_link` along its x axis to the point between its finger pads, metre."""


def scene_file(task: str) -> Path:
    """Path of gym-aloha's scene of `task`; the package is located, not imported (importing it starts dm_control)."""
    found = importlib.util.find_spec("gym_aloha")
    if found is None or not found.submodule_search_locations:
        raise PrerequisiteError(
            f"the scene {task!r} of ALOHA",
            expected="the package gym-aloha",
            got="none",
            fix="pip install gym-aloha==0.1.5",
        )
    return Path(found.submodule_search_locations[0]) / "assets" / f"bimanual_viperx_{task}.xml"


def finger(arm: str, side: str) -> str:
    """Geom of a finger."""
    return f"vx300s_{arm}/10_{side}_gripper_finger"


def exclude_fingers(spec: mujoco.MjSpec, arm: str) -> None:
    """Skip the contact between the two fingers of a gripper."""
    one, other = (f"vx300s_{arm}/{side}_finger_link" for side in FINGERS)
    spec.add_exclude(bodyname1=one, bodyname2=other)


def sense_contact(spec: mujoco.MjSpec, one: str, other: str) -> None:
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


def sense_pinch_point(spec: mujoco.MjSpec, arm: str) -> None:
    """World position of the point between the arm's finger pads."""
    name = f"{arm}_pinch"
    gripper = spec.body(f"vx300s_{arm}/gripper_link")
    gripper.add_site(name=name, pos=[PINCH_OFFSET, 0, 0], rgba=[0, 0, 0, 0])
    spec.add_sensor(name=name, type=mujoco.mjtSensor.mjSENS_FRAMEPOS, objtype=mujoco.mjtObj.mjOBJ_SITE, objname=name)


def scale_mass(model: mujoco.MjModel, bodies: Iterable[str], factor: float) -> None:
    """Mass and inertia of bodies, and the constants that follow from them."""
    for name in bodies:
        body = model.body(name).id
        model.body_mass[body] *= factor
        model.body_inertia[body] *= factor
    mujoco.mj_setConst(model, mujoco.MjData(model))


def scale_friction(model: mujoco.MjModel, geoms: Iterable[str], factor: float) -> None:
    """Friction of geoms; name all that touch each other, since MuJoCo takes the larger value of a pair."""
    for name in geoms:
        model.geom_friction[model.geom(name).id] *= factor


def scale_gain(model: mujoco.MjModel, factor: float) -> None:
    """Stiffness kp of every position servo: force = kp * (target - position)."""
    model.actuator_gainprm[:, 0] *= np.float64(factor)
    model.actuator_biasprm[:, 1] *= np.float64(factor)
