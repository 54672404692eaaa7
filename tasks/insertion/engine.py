"""The batched simulator of the task: gym-aloha's physics without its per-step Python."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Float32, Float64

from harness.contract.fields import Array
from harness.contract.task import Advance, Advanced, Scene, TaskContract
from tasks.aloha.layout import HOME, action_to_control, control_to_action
from tasks.engines.mujoco_batch import BatchSimulator
from tasks.insertion.contract import CONTRACT
from tasks.insertion.layout import PEG_POSE, PEG_PUSH, PEG_REST, PEG_XY, SOCKET_POSE, SOCKET_REST, observation_of
from tasks.insertion.model import SCALERS, compile_model
from tasks.insertion.signals import measure

__all__ = ["InsertionEngine"]


class InsertionEngine:
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
        """Both arms at gym-aloha's start pose; peg and socket flat on the table where the scene says."""
        qpos = np.tile(np.concatenate([HOME, np.zeros(14)]), (len(scenes), 1))
        qpos[:, PEG_POSE] = np.array([_pose("peg", PEG_REST, scene) for scene in scenes]).reshape(-1, 7)
        qpos[:, SOCKET_POSE] = np.array([_pose("socket", SOCKET_REST, scene) for scene in scenes]).reshape(-1, 7)
        return self.simulator.pack(qpos, np.tile(HOME, (len(scenes), 1)))

    def observe(self, states: Float64[Array, "lanes state"]) -> Float32[Array, "lanes observation"]:
        """Joint positions, gripper openings and the poses of socket and peg."""
        return observation_of(self.simulator.qpos(states))

    def rest(self, states: Float64[Array, "lanes state"]) -> Float32[Array, "lanes action"]:
        """The targets that the servos hold now."""
        return control_to_action(self.simulator.controls(states))

    def shift(
        self, states: Float64[Array, "lanes state"], offsets: Float[Array, "lanes 2"]
    ) -> Float64[Array, "lanes state"]:
        """States with the peg moved by `offsets` metres in the world's x-y plane, velocities kept."""
        moved = states.copy()
        self.simulator.qpos(moved)[:, PEG_XY] += offsets
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
        forces[:, :, PEG_PUSH] = pushes
        return forces


def _pose(thing: str, height: float, scene: Scene) -> list[float]:
    """Position (metre, world) and quaternion w, x, y, z of peg or socket at the start of a scene."""
    x, y, yaw = (scene.variables[f"{thing}_{name}"] for name in ("x", "y", "yaw"))
    return [x, y, height, float(np.cos(yaw / 2)), 0.0, 0.0, float(np.sin(yaw / 2))]
