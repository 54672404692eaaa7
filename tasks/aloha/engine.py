"""The batched simulator under every task of ALOHA: servo targets ramp, physics is native, one free thing is moved."""

from __future__ import annotations

import abc
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Float32, Float64

from harness.contract.fields import Array
from harness.contract.task import Advance, Advanced, Scene, TaskContract
from tasks.engines.mujoco_batch import BatchSimulator

__all__ = ["AlohaEngine", "lying"]


class AlohaEngine(abc.ABC):
    """Keeps `harness.contract.task.Engine`; a task says where its things are, and what is seen, told and measured.

    Args:
        contract: that this engine keeps.
        simulator: of the task's scene.
        place: x and y, in the positions, of the thing that shifts move.
        push: degrees of freedom of that thing along the world's x and y.
    """

    def __init__(self, contract: TaskContract, simulator: BatchSimulator, *, place: slice, push: slice) -> None:
        self.simulator = simulator
        self._contract, self._place, self._push = contract, place, push

    @property
    def contract(self) -> TaskContract:
        """The contract that this engine keeps."""
        return self._contract

    @property
    def physics_seconds(self) -> float:
        """Wall time spent inside MuJoCo so far."""
        return self.simulator.physics_seconds

    @abc.abstractmethod
    def reset(self, scenes: Sequence[Scene]) -> Float64[Array, "lanes state"]:
        """States at the start of the scenes."""

    @abc.abstractmethod
    def observed(self, qpos: Float64[Array, "*batch nq"]) -> Float32[Array, "*batch observation"]:
        """What is observed of positions."""

    @abc.abstractmethod
    def controls(self, actions: Float32[Array, "*batch action"]) -> Float64[Array, "*batch nu"]:
        """Servo targets of actions."""

    @abc.abstractmethod
    def actions(self, controls: Float64[Array, "*batch nu"]) -> Float32[Array, "*batch action"]:
        """The actions that ask for servo targets."""

    @abc.abstractmethod
    def measured(
        self,
        qpos: Float64[Array, "lanes n nq"],
        controls: Float64[Array, "lanes n nu"],
        sensors: Float64[Array, "lanes n sensor"],
    ) -> Float32[Array, "lanes n signal"]:
        """The signals of the contract, in its order; progress is the first."""

    def observe(self, states: Float64[Array, "lanes state"]) -> Float32[Array, "lanes observation"]:
        """Measured observations of the states."""
        return self.observed(self.simulator.qpos(states))

    def rest(self, states: Float64[Array, "lanes state"]) -> Float32[Array, "lanes action"]:
        """The targets that the servos hold now."""
        return self.actions(self.simulator.controls(states))

    def shift(
        self, states: Float64[Array, "lanes state"], offsets: Float[Array, "lanes 2"]
    ) -> Float64[Array, "lanes state"]:
        """States with the thing moved by `offsets` metres in the world's x-y plane, velocities kept."""
        moved = states.copy()
        self.simulator.qpos(moved)[:, self._place] += offsets
        return moved

    def advance(self, request: Advance) -> Advanced:
        """Simulate; servo targets ramp linearly over each control period."""
        controls = self.controls(request.actions)
        forces = None if request.pushes is None else self._forces(request.pushes)
        done = self.simulator.simulate(request.states, controls, forces, request.dynamics)
        qpos = self.simulator.qpos(done.states)
        signals = self.measured(qpos, controls, done.sensors)
        return Advanced(
            states=done.states,
            observations=self.observed(qpos),
            signals=signals,
            success=(signals[:, :, 0] >= self._contract.success_threshold) & ~done.diverged,
            diverged=done.diverged,
        )

    def _forces(self, pushes: Float64[Array, "lanes n 2"]) -> Float64[Array, "lanes n nv"]:
        """Generalised forces: the translational degrees of freedom of a free joint are those of the world."""
        forces = np.zeros((*pushes.shape[:2], self.simulator.model.nv))
        forces[:, :, self._push] = pushes
        return forces


def lying(scenes: Sequence[Scene], thing: str, height: float) -> Float64[Array, "lanes 7"]:
    """Where a thing lies flat at the start of scenes, by their variables THING_x, _y and _yaw.

    Position (metre, world) and quaternion w, x, y, z; `height` is that of its centre, metre.
    """
    poses = []
    for scene in scenes:
        x, y, yaw = (scene.variables[f"{thing}_{name}"] for name in ("x", "y", "yaw"))
        poses.append([x, y, height, float(np.cos(yaw / 2)), 0.0, 0.0, float(np.sin(yaw / 2))])
    return np.array(poses).reshape(-1, 7)
