"""Inverse and forward kinematics of one arm, by differential inverse kinematics (`mink`, solver DAQP)."""

from __future__ import annotations

from functools import cache

import mink
import mujoco
import numpy as np
from jaxtyping import Float64

from harness.contract.fields import Array
from tasks.aloha.model import FINGERS, PINCH_OFFSET, scene_file

__all__ = ["Arm", "arm"]

_ITERATIONS = 12
"""Fixed, so that the result depends on nothing but the arguments; the error is below 1e-9 after 8."""


class Arm:
    """The six joints of one arm, alone in the world and without geometry.

    Args:
        side: "left" or "right".
    """

    def __init__(self, side: str) -> None:
        model = _kinematic_model(side)
        self._frame = f"vx300s_{side}/gripper_link"
        self._configuration = mink.Configuration(model)
        self._task = mink.FrameTask(self._frame, "body", position_cost=1.0, orientation_cost=0.3)
        self._limits = [mink.ConfigurationLimit(model)]

    def solve(
        self, pinch: Float64[Array, " 3"], rotation: Float64[Array, "3 3"], guess: Float64[Array, " 6"]
    ) -> Float64[Array, " 6"]:
        """Joint positions that put the gripper there; the nearest ones inside the joint limits if none do.

        Args:
            pinch: where the point between the finger pads shall be, metre, world.
            rotation: orientation of the gripper; its columns are the approach axis, the axis along which the fingers
                close, and their normal, in the world.
            guess: joint positions to start from; decides between elbow up and down.
        """
        target = mink.SE3.from_rotation_and_translation(
            mink.SO3.from_matrix(rotation), pinch - PINCH_OFFSET * rotation[:, 0]
        )
        self._task.set_target(target)
        self._configuration.update(guess)
        for _ in range(_ITERATIONS):
            velocity = mink.solve_ik(self._configuration, [self._task], 1.0, "daqp", damping=1e-9, limits=self._limits)
            self._configuration.integrate_inplace(velocity, 1.0)
        return np.array(self._configuration.q)

    def pose(self, joints: Float64[Array, " 6"]) -> tuple[Float64[Array, " 3"], Float64[Array, "3 3"]]:
        """Point between the finger pads (metre, world) and orientation of the gripper, as in `solve`."""
        self._configuration.update(joints)
        pose = self._configuration.get_transform_frame_to_world(self._frame, "body")
        rotation = np.array(pose.rotation().as_matrix())
        return pose.translation() + PINCH_OFFSET * rotation[:, 0], rotation


@cache
def arm(side: str) -> Arm:
    """The arm of that side; every call to it starts afresh, so sharing it changes no result."""
    return Arm(side)


def _kinematic_model(side: str) -> mujoco.MjModel:
    """A scene reduced to the links and joints of one arm."""
    spec = mujoco.MjSpec.from_file(str(scene_file("transfer_cube")))
    for element in (*spec.cameras, *spec.actuators, *spec.keys, *spec.geoms):
        spec.delete(element)
    robot = f"vx300s_{side}"
    others = [body.name for body in spec.worldbody.bodies if body.name != robot]
    for name in (*others, *(f"{robot}/{finger}_finger_link" for finger in FINGERS)):
        spec.delete(spec.body(name))
    return spec.compile()
