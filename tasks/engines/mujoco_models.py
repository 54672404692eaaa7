"""What a `Dynamics` does to a MuJoCo model: the factors of a task, and what every model can take.

Every function changes a model in place; a model that nothing changes stays as it was, bit for bit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping

import mujoco
import numpy as np

from harness.contract.task import Dynamics
from harness.errors import ContractError

__all__ = ["Scaler", "arms", "changed", "wrists"]

Scaler = Callable[[mujoco.MjModel, float], None]
"""Applies one dynamics factor to a model in place."""


def changed(model: mujoco.MjModel, dynamics: Dynamics, scalers: Mapping[str, Scaler]) -> mujoco.MjModel:
    """A copy of the model with the factors, payload and tilt of an episode; `windowed` factors are not read.

    Raises:
        ContractError: a factor has a name that neither the task nor every model knows.
    """
    known = {**_COMMON, **scalers}
    copy = mujoco.MjModel.__copy__(model)
    for name, factor in dynamics.scales:
        if name not in known:
            raise ContractError(f"dynamics parameter {name!r}", expected=f"one of {', '.join(sorted(known))}")
        known[name](copy, factor)
    if dynamics.payload:
        _load(copy, dynamics.payload)
    if any(dynamics.tilt):
        _tilt(copy, *dynamics.tilt)
    return copy


def arms(model: mujoco.MjModel) -> list[int]:
    """The first body of every chain that actuators drive."""
    driven = {int(model.jnt_bodyid[joint]) for joint in _driven_joints(model)}
    return sorted(body for body in driven if not driven & set(_ancestors(model, body)))


def wrists(model: mujoco.MjModel) -> list[int]:
    """The body of every arm at which its chain ends, or splits into fingers."""
    found = []
    for body in arms(model):
        tip = body
        while len(children := _children(model, tip)) == 1:
            tip = children[0]
        found.append(tip)
    return found


def _driven_joints(model: mujoco.MjModel) -> list[int]:
    on_joints = model.actuator_trntype == mujoco.mjtTrn.mjTRN_JOINT
    return [int(joint) for joint in model.actuator_trnid[on_joints, 0]]


def _ancestors(model: mujoco.MjModel, body: int) -> Iterable[int]:
    while body > 0:
        body = int(model.body_parentid[body])
        yield body


def _children(model: mujoco.MjModel, body: int) -> list[int]:
    return [int(child) for child in np.flatnonzero(model.body_parentid == body) if child != body]


def _scale_robot_damping(model: mujoco.MjModel, factor: float) -> None:
    """Viscous and dry friction of every joint that an actuator drives: a model may have either."""
    for joint in _driven_joints(model):
        model.dof_damping[model.jnt_dofadr[joint]] *= factor
        model.dof_frictionloss[model.jnt_dofadr[joint]] *= factor


def _load(model: mujoco.MjModel, mass: float) -> None:
    """A point mass at the centre of mass of every wrist: inertia about it stays, what follows from it does not."""
    for body in wrists(model):
        model.body_mass[body] += mass
    mujoco.mj_setConst(model, mujoco.MjData(model))


def _tilt(model: mujoco.MjModel, x: float, y: float) -> None:
    """Gravity of the same size, pulling down a slope that falls along (x, y); its length is the angle, radian.

    A model without gravity is a planar one: gravity across its plane would do nothing there, and is switched on.
    """
    angle, size = math.hypot(x, y), float(np.linalg.norm(model.opt.gravity))
    along = math.sin(angle) / angle
    model.opt.gravity[:] = size * np.array([along * x, along * y, -math.cos(angle)])
    model.opt.disableflags &= ~int(mujoco.mjtDisableBit.mjDSBL_GRAVITY)


_COMMON: dict[str, Scaler] = {"robot_damping": _scale_robot_damping}
