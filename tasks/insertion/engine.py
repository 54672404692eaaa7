"""The batched simulator of the task: gym-aloha's physics without its per-step Python."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float32, Float64

from harness.contract.fields import Array
from harness.contract.task import Scene
from tasks.aloha.engine import AlohaEngine, lying
from tasks.aloha.layout import HOME, action_to_control, control_to_action
from tasks.engines.mujoco_batch import BatchSimulator
from tasks.insertion.contract import CONTRACT
from tasks.insertion.layout import PEG_POSE, PEG_PUSH, PEG_REST, PEG_XY, SOCKET_POSE, SOCKET_REST, observation_of
from tasks.insertion.model import SCALERS, compile_model
from tasks.insertion.signals import measure

__all__ = ["InsertionEngine"]


class InsertionEngine(AlohaEngine):
    """Keeps `harness.contract.task.Engine`.

    Args:
        threads: native threads.
    """

    def __init__(self, threads: int) -> None:
        simulator = BatchSimulator(
            compile_model(), substeps=CONTRACT.substeps, threads=threads, scalers=dict(SCALERS), interpolate=True
        )
        super().__init__(CONTRACT, simulator, place=PEG_XY, push=PEG_PUSH)

    def reset(self, scenes: Sequence[Scene]) -> Float64[Array, "lanes state"]:
        """Both arms at gym-aloha's start pose; peg and socket flat on the table where the scene says."""
        qpos = np.tile(np.concatenate([HOME, np.zeros(14)]), (len(scenes), 1))
        qpos[:, PEG_POSE] = lying(scenes, "peg", PEG_REST)
        qpos[:, SOCKET_POSE] = lying(scenes, "socket", SOCKET_REST)
        return self.simulator.pack(qpos, np.tile(HOME, (len(scenes), 1)))

    def observed(self, qpos: Float64[Array, "*batch nq"]) -> Float32[Array, "*batch observation"]:
        """Joint positions, gripper openings and the poses of socket and peg."""
        return observation_of(qpos)

    def controls(self, actions: Float32[Array, "*batch action"]) -> Float64[Array, "*batch nu"]:
        """Joint targets of both arms."""
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
