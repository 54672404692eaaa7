"""The batched simulator of the task: servo targets by closed-form inverse kinematics, then native physics."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Float32, Float64

from harness.contract.fields import Array
from harness.contract.task import Advance, Advanced, Scene, TaskContract
from tasks.engines.mujoco_batch import BatchSimulator
from tasks.lift.contract import CONTRACT
from tasks.lift.layout import (
    CUBE_PUSH,
    CUBE_XY,
    REST_HEIGHT,
    action_to_control,
    control_to_action,
    observation_of,
)
from tasks.lift.model import SCALERS, compile_model
from tasks.lift.signals import measure

__all__ = ["LiftEngine"]


class LiftEngine:
    """Keeps `harness.contract.task.Engine`.

    Args:
        threads: native threads.
    """

    def __init__(self, threads: int) -> None:
        self.simulator = BatchSimulator(
            compile_model(), substeps=CONTRACT.substeps, threads=threads, scalers=dict(SCALERS), interpolate=True
        )

    @property
    def contract(self) -> TaskContract:
        """The contract that this engine keeps."""
        return CONTRACT

    @property
    def physics_seconds(self) -> float:
        """Wall time spent inside MuJoCo so far."""
        return self.simulator.physics_seconds

    def reset(self, scenes: Sequence[Scene]) -> Float64[Array, "lanes state"]:
        """The gripper half open and pointing down, the cube flat on the table, both where the scene says."""
        controls = action_to_control(np.array([_start(scene) for scene in scenes], np.float32).reshape(-1, 5))
        cubes = np.array([_cube_pose(scene) for scene in scenes]).reshape(-1, 7)
        return self.simulator.pack(np.concatenate([controls, cubes], axis=1), controls)

    def observe(self, states: Float64[Array, "lanes state"]) -> Float32[Array, "lanes observation"]:
        """Arm, gripper, and the cube as seen from the gripper."""
        return observation_of(self.simulator.qpos(states))

    def rest(self, states: Float64[Array, "lanes state"]) -> Float32[Array, "lanes action"]:
        """The targets that the servos hold now."""
        return control_to_action(self.simulator.controls(states))

    def shift(
        self, states: Float64[Array, "lanes state"], offsets: Float[Array, "lanes 2"]
    ) -> Float64[Array, "lanes state"]:
        """States with the cube moved by `offsets` metres in the world's x-y plane, velocities kept."""
        moved = states.copy()
        self.simulator.qpos(moved)[:, CUBE_XY] += offsets
        return moved

    def advance(self, request: Advance) -> Advanced:
        """Simulate; servo targets ramp linearly over each control period."""
        controls = action_to_control(request.actions)
        forces = None if request.pushes is None else self._forces(request.pushes)
        done = self.simulator.simulate(request.states, controls, forces, request.dynamics)
        qpos = self.simulator.qpos(done.states)
        signals = measure(qpos, controls, done.sensors)
        return Advanced(
            states=done.states,
            observations=observation_of(qpos),
            signals=signals,
            success=(signals[:, :, 0] >= CONTRACT.success_threshold) & ~done.diverged,
            diverged=done.diverged,
        )

    def _forces(self, pushes: Float64[Array, "lanes n 2"]) -> Float64[Array, "lanes n nv"]:
        """Generalised forces: the translational degrees of freedom of a free joint are those of the world."""
        forces = np.zeros((*pushes.shape[:2], self.simulator.model.nv))
        forces[:, :, CUBE_PUSH] = pushes
        return forces


def _start(scene: Scene) -> list[float]:
    """Action whose targets the servos have reached at the start of a scene."""
    return [*(scene.variables[f"gripper_{axis}"] for axis in "xyz"), 0.0, 0.5]


def _cube_pose(scene: Scene) -> list[float]:
    """Position (metre, world) and quaternion w, x, y, z of the cube at the start of a scene."""
    x, y, yaw = (scene.variables[name] for name in ("cube_x", "cube_y", "cube_yaw"))
    return [x, y, REST_HEIGHT, float(np.cos(yaw / 2)), 0.0, 0.0, float(np.sin(yaw / 2))]
