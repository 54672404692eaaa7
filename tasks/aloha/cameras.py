"""The cameras of an ALOHA station, as its tasks promise them. Importable without a simulator.

The fixed ones stand where gym-aloha has them. Its wrist cameras look through 20 degrees and turn to keep the world's up
upright in the picture, which no bracket does; here they look through 60 and are fixed to the gripper.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from harness.contract.task import Camera

if TYPE_CHECKING:
    import mujoco

__all__ = ["CAMERAS", "mount_cameras"]

_SIDE = 96


def _wrist(arm: str) -> Camera:
    return Camera(
        name=f"{arm}_wrist",
        width=_SIDE,
        height=_SIDE,
        fov=math.radians(60),
        mount=f"vx300s_{arm}/gripper_link",
        position=(-0.1, 0.0, 0.16),
        orientation=(0.615254, 0.348503, -0.348503, -0.615254),
    )


CAMERAS = (
    Camera(
        name="top",
        width=_SIDE,
        height=_SIDE,
        fov=math.radians(78),
        mount="world",
        position=(0.0, 0.6, 0.8),
        orientation=(1.0, 0.0, 0.0, 0.0),
    ),
    Camera(
        name="angle",
        width=_SIDE,
        height=_SIDE,
        fov=math.radians(78),
        mount="world",
        position=(0.0, 0.0, 0.6),
        orientation=(math.cos(math.pi / 8), math.sin(math.pi / 8), 0.0, 0.0),
    ),
    _wrist("left"),
    _wrist("right"),
)
"""Two fixed cameras and one on each wrist."""


def mount_cameras(spec: mujoco.MjSpec, cameras: tuple[Camera, ...] = CAMERAS) -> None:
    """Put cameras of the scene where their contract says, fixed to their mounts."""
    import mujoco  # noqa: PLC0415 (contracts are read without a simulator)

    for camera in cameras:
        fitted = spec.camera(camera.name)
        fitted.mode = mujoco.mjtCamLight.mjCAMLIGHT_FIXED
        fitted.targetbody = ""
        fitted.pos, fitted.quat, fitted.fovy = camera.position, camera.orientation, math.degrees(camera.fov)
