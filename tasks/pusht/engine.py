"""The batched simulator of pusht-v1: scenes to states, states to observations and signals.

Generalised positions are (block centroid x, y, block angle, pusher x, y); the two controls are the pusher's target.
"""

from __future__ import annotations

import importlib.resources
from collections.abc import Callable, Sequence

import mujoco
import numpy as np
from jaxtyping import Float, Float32, Float64

from harness.contract.fields import Array
from harness.contract.task import Advance, Advanced, Scene, TaskContract
from harness.errors import PrerequisiteError
from tasks.engines.mujoco_batch import BatchSimulator
from tasks.pusht import shape
from tasks.pusht.contract import CONTRACT, SIDE, SUCCESS_COVERAGE

__all__ = ["BLOCK", "PUSHER", "PushTEngine", "load_model", "positions_of"]

BLOCK, PUSHER = slice(0, 3), slice(3, 5)
"""Where the block's pose and the pusher's position lie in the generalised positions."""

PUSHER_RADIUS = 0.015
_TOUCH = PUSHER_RADIUS + 0.001
_SLIDES = (0, 1)

_SHARES = np.arange(10, -1, -1) / 10
"""Shares of a shift that are tried, largest first; the last leaves the block where it is."""
_SUNK = PUSHER_RADIUS - 0.004
"""Distance from the block below which the pusher is deeper in it than a push ever presses it, metre."""


def load_model() -> mujoco.MjModel:
    """The nominal model. Raises PrerequisiteError if MuJoCo is not the version of the contract (other bits)."""
    installed = f"mujoco {mujoco.__version__}"
    if installed != CONTRACT.simulator:
        fix = f"pip install {CONTRACT.simulator.replace(' ', '==')}"
        raise PrerequisiteError(f"task {CONTRACT.id}", expected=CONTRACT.simulator, got=installed, fix=fix)
    text = importlib.resources.files("tasks.pusht").joinpath("scene.xml").read_text(encoding="utf-8")
    return mujoco.MjModel.from_xml_string(text)


def _scale_friction(model: mujoco.MjModel, factor: float) -> None:
    model.dof_damping[BLOCK] *= factor


def _scale_mass(model: mujoco.MjModel, factor: float) -> None:
    block = model.body("block").id
    model.body_mass[block] *= factor
    model.body_inertia[block] *= factor


def _scale_gain(model: mujoco.MjModel, factor: float) -> None:
    model.actuator_gainprm[:, 0] *= factor
    model.actuator_biasprm[:, 1] *= factor


def _scale_force(model: mujoco.MjModel, factor: float) -> None:
    model.actuator_forcerange[:] *= factor


_SCALERS: dict[str, Callable[[mujoco.MjModel, float], None]] = {
    "object_friction": _scale_friction,
    "object_mass": _scale_mass,
    "actuator_gain": _scale_gain,
    "actuator_force": _scale_force,
}


def positions_of(observations: Float32[Array, "*frames observation"]) -> Float64[Array, "*frames 5"]:
    """Generalised positions that `observe` would tell so, to the precision of float32."""
    seen = np.asarray(observations, np.float64)
    angle = np.arctan2(seen[..., 5], seen[..., 4])
    centroid = shape.centroid_of(seen[..., 2:4], angle)
    return np.concatenate([centroid, angle[..., None], seen[..., 0:2]], axis=-1)


def _polar(distance: Array, bearing: Array) -> Array:
    return np.asarray(distance[:, None] * shape.turn(np.array([1.0, 0.0]), bearing))


class PushTEngine:
    """Keeps `harness.contract.task.Engine`.

    Args:
        threads: native threads.
    """

    def __init__(self, threads: int) -> None:
        model = load_model()
        self._block_low, self._block_high = model.jnt_range[_SLIDES, :].T.copy()
        self._simulator = BatchSimulator(
            model, substeps=CONTRACT.substeps, threads=threads, scalers=_SCALERS, interpolate=False
        )

    @property
    def contract(self) -> TaskContract:
        """The contract that this engine keeps."""
        return CONTRACT

    @property
    def simulator(self) -> BatchSimulator:
        """The simulator below, for the expert and the renderer."""
        return self._simulator

    @property
    def physics_seconds(self) -> float:
        """Wall time spent inside the native simulator so far."""
        return self._simulator.physics_seconds

    def reset(self, scenes: Sequence[Scene]) -> Float64[Array, "lanes state"]:
        """States at rest: the pusher stands at its distance and bearing from the block, clipped into the workspace."""
        drawn = {
            name: np.array([scene.variables[name] for scene in scenes], np.float64) for name in CONTRACT.resets["train"]
        }
        centroid = shape.GOAL[:2] + _polar(drawn["block_distance"], drawn["block_bearing"])
        centroid = np.clip(centroid, self._block_low, self._block_high)
        angle = shape.GOAL[2] + drawn["block_turn"]
        pusher = np.clip(centroid + _polar(drawn["pusher_distance"], drawn["pusher_bearing"]), 0.0, SIDE)
        return self._simulator.pack(np.concatenate([centroid, angle[:, None], pusher], axis=1), pusher)

    def observe(self, states: Float64[Array, "*lanes state"]) -> Float32[Array, "*lanes observation"]:
        """Pusher position, block origin, cosine and sine of the block's angle, pusher in the block's frame."""
        qpos = self._simulator.qpos(states)
        heading = shape.turn(np.array([1.0, 0.0]), qpos[..., 2])
        pusher, block = qpos[..., PUSHER], qpos[..., BLOCK]
        parts = [pusher, shape.origin_of(block), heading, shape.to_block(block, pusher)]
        return np.asarray(np.concatenate(parts, axis=-1), np.float32)

    def rest(self, states: Float64[Array, "lanes state"]) -> Float32[Array, "lanes action"]:
        """Where the pusher is."""
        return np.clip(self._simulator.qpos(states)[:, PUSHER], 0.0, SIDE).astype(np.float32)

    def shift(
        self, states: Float64[Array, "lanes state"], offsets: Float[Array, "lanes 2"]
    ) -> Float64[Array, "lanes state"]:
        """States with the block moved: no farther than its slides reach, and less far where it would cover the pusher.

        A pusher deep inside the block would be held there by the contacts of both its boxes.
        """
        moved = states.copy()
        qpos = self._simulator.qpos(moved)
        pusher, start = qpos[:, PUSHER], qpos[:, BLOCK].copy()
        pending = np.ones(len(states), bool)
        for share in _SHARES:
            centroid = np.clip(start[:, :2] + share * offsets, self._block_low, self._block_high)
            qpos[pending, :2] = centroid[pending]
            pending &= shape.distance_to_block(qpos[:, BLOCK], pusher) < _SUNK
        return moved

    def advance(self, request: Advance) -> Advanced:
        """Simulate; pushes act on the block's centroid."""
        forces = None
        if request.pushes is not None:
            forces = np.zeros((*request.pushes.shape[:2], self._simulator.model.nv))
            forces[:, :, _SLIDES] = request.pushes
        controls = request.actions.astype(np.float64)
        result = self._simulator.simulate(request.states, controls, forces, request.dynamics)
        signals = self._signals(result.states)
        success = (signals[..., 1] >= np.float32(SUCCESS_COVERAGE)) & ~result.diverged
        return Advanced(result.states, self.observe(result.states), signals, success, result.diverged)

    def _signals(self, states: Array) -> Float32[Array, "lanes n signal"]:
        """In the order of the contract."""
        qpos = self._simulator.qpos(states)
        poses, pusher = qpos[..., BLOCK], qpos[..., PUSHER]
        covered = shape.coverage(poses)
        error = shape.pose_error(poses)
        lag = self._simulator.controls(states) - pusher
        columns = [
            np.minimum(covered / SUCCESS_COVERAGE, 1.0),
            covered,
            shape.distance_to_block(poses, pusher) < _TOUCH,
            np.hypot(lag[..., 0], lag[..., 1]),
            np.hypot(error[..., 0], error[..., 1]),
            np.abs(error[..., 2]),
        ]
        return np.stack(columns, axis=-1).astype(np.float32)
