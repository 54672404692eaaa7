"""The batched simulator of the task: servo targets by closed-form inverse kinematics, then native physics."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float32, Float64

from harness.contract.fields import Array
from harness.contract.task import Scene
from tasks.aloha.engine import AlohaEngine, lying
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


class LiftEngine(AlohaEngine):
    """Keeps `harness.contract.task.Engine`.

    Args:
        threads: native threads.
    """

    def __init__(self, threads: int) -> None:
        simulator = BatchSimulator(
            compile_model(), substeps=CONTRACT.substeps, threads=threads, scalers=dict(SCALERS), interpolate=True
        )
        super().__init__(CONTRACT, simulator, place=CUBE_XY, push=CUBE_PUSH)

    def reset(self, scenes: Sequence[Scene]) -> Float64[Array, "lanes state"]:
        """The gripper half open and pointing down, the cube flat on the table, both where the scene says."""
        controls = action_to_control(np.array([_start(scene) for scene in scenes], np.float32).reshape(-1, 5))
        cubes = lying(scenes, "cube", REST_HEIGHT)
        return self.simulator.pack(np.concatenate([controls, cubes], axis=1), controls)

    def observed(self, qpos: Float64[Array, "*batch nq"]) -> Float32[Array, "*batch observation"]:
        """Arm, gripper, and the cube as seen from the gripper."""
        return observation_of(qpos)

    def controls(self, actions: Float32[Array, "*batch action"]) -> Float64[Array, "*batch nu"]:
        """Joint targets that bring the gripper there."""
        return action_to_control(actions)

    def actions(self, controls: Float64[Array, "*batch nu"]) -> Float32[Array, "*batch action"]:
        """The inverse of `controls`."""
        return control_to_action(controls)

    def measured(
        self,
        qpos: Float64[Array, "lanes n nq"],
        controls: Float64[Array, "lanes n nu"],
        sensors: Float64[Array, "lanes n sensor"],
    ) -> Float32[Array, "lanes n signal"]:
        """The signals of the contract."""
        return measure(qpos, controls, sensors)


def _start(scene: Scene) -> list[float]:
    """Action whose targets the servos have reached at the start of a scene."""
    return [*(scene.variables[f"gripper_{axis}"] for axis in "xyz"), 0.0, 0.5]
