"""What a `Staging` does to MuJoCo's picture of a scene: a camera out of its place, things that are only seen."""

from __future__ import annotations

import mujoco
import numpy as np

from harness.contract.staging import Prop, Staging

__all__ = ["furnish", "misplace"]

_SHAPES = {
    "sphere": mujoco.mjtGeom.mjGEOM_SPHERE,
    "box": mujoco.mjtGeom.mjGEOM_BOX,
    "cylinder": mujoco.mjtGeom.mjGEOM_CYLINDER,
}


def misplace(data: mujoco.MjData, camera: int, staging: Staging) -> None:
    """Move and turn a camera about its own axes; to be done when the poses of `data` have been computed."""
    axes = data.cam_xmat[camera].reshape(3, 3).copy()
    turn, angle = np.array(staging.turn), float(np.linalg.norm(staging.turn))
    if angle:
        quaternion, matrix = np.empty(4), np.empty(9)
        mujoco.mju_axisAngle2Quat(quaternion, turn / angle, angle)
        mujoco.mju_quat2Mat(matrix, quaternion)
        data.cam_xmat[camera] = (axes @ matrix.reshape(3, 3)).reshape(-1)
    data.cam_xpos[camera] += axes @ np.array(staging.move)


def furnish(scene: mujoco.MjvScene, staging: Staging) -> None:
    """Add the things to what is drawn; a scene that is full draws no more of them."""
    for prop in staging.props:
        if scene.ngeom < scene.maxgeom:
            _put(scene.geoms[scene.ngeom], prop)
            scene.ngeom += 1


def _put(geom: mujoco.MjvGeom, prop: Prop) -> None:
    size = prop.size if prop.shape == "box" else (prop.size[0],) * 3
    mujoco.mjv_initGeom(
        geom,
        _SHAPES[prop.shape],
        np.array(size, np.float64),
        np.array(prop.position, np.float64),
        np.eye(3).reshape(-1),
        np.array([*prop.colour, 1.0], np.float32),
    )
