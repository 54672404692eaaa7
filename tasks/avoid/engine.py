"""The batched simulator of avoid-v1: scenes to states, states to observations and signals.

Generalised positions are (x, y) of the three rows, then of the effector; the two controls are what the drive makes of
the commanded velocity. A state row is that of `tasks.engines.mujoco_batch`, then the drive's two numbers
(`tasks.avoid.drive`), then the record (`tasks.avoid.record`).
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
from tasks.avoid import record
from tasks.avoid.contract import CONTRACT
from tasks.avoid.drive import DRIVE, driven
from tasks.avoid.layout import COUNTS, DEPTH, FINISH, ROW_LINES, SIDE, posts_of
from tasks.engines.mujoco_batch import BatchSimulator

__all__ = ["EFFECTOR", "ROW_AXES", "AvoidEngine", "blank", "load_model", "positions_of"]

_ROWS = len(COUNTS)
ROW_AXES, EFFECTOR = slice(0, 2 * _ROWS), slice(2 * _ROWS, 2 * _ROWS + 2)
"""Where the rows' and the effector's positions lie in the generalised positions; velocities alike."""

_LOW, _HIGH = np.array([-SIDE, 0.0]), np.array([SIDE, DEPTH])
_SHARES = np.arange(10, -1, -1) / 10
"""Shares of a shift that are tried, largest first; the last leaves the rows where they are."""
_LEEWAY = 0.002
"""Distance to the effector that a shift leaves, metre."""


def load_model() -> mujoco.MjModel:
    """The nominal model. Raises PrerequisiteError if MuJoCo is not the version of the contract (other bits)."""
    installed = f"mujoco {mujoco.__version__}"
    if installed != CONTRACT.simulator:
        fix = f"pip install {CONTRACT.simulator.replace(' ', '==')}"
        raise PrerequisiteError(f"task {CONTRACT.id}", expected=CONTRACT.simulator, got=installed, fix=fix)
    text = importlib.resources.files("tasks.avoid").joinpath("scene.xml").read_text(encoding="utf-8")
    return mujoco.MjModel.from_xml_string(text)


def _scale_friction(model: mujoco.MjModel, factor: float) -> None:
    model.dof_damping[ROW_AXES] *= factor


def _scale_mass(model: mujoco.MjModel, factor: float) -> None:
    for row in range(1, _ROWS + 1):
        body = model.body(f"row_{row}").id
        model.body_mass[body] *= factor
        model.body_inertia[body] *= factor


def _scale_gain(model: mujoco.MjModel, factor: float) -> None:
    """The motors' stiffness in velocity: what they are asked for stays the same, how hard they try does not."""
    model.actuator_gainprm[:, 0] *= factor
    model.actuator_biasprm[:, 2] *= factor


def _scale_force(model: mujoco.MjModel, factor: float) -> None:
    model.actuator_forcerange[:] *= factor


_SCALERS: dict[str, Callable[[mujoco.MjModel, float], None]] = {
    "object_friction": _scale_friction,
    "object_mass": _scale_mass,
    "actuator_gain": _scale_gain,
    "actuator_force": _scale_force,
}


def positions_of(observations: Float32[Array, "*frames observation"]) -> Float64[Array, "*frames 8"]:
    """Generalised positions that `observe` would tell so, to the precision of float32."""
    seen = np.asarray(observations, np.float64)
    return np.concatenate([seen[..., 2:], seen[..., :2]], axis=-1)


def blank(physics: Float64[Array, "lanes physics"]) -> Float64[Array, "lanes state"]:
    """State rows with a drive that does nothing and a blank record."""
    lanes = len(physics)
    return np.concatenate([physics, np.zeros((lanes, len(DRIVE))), record.blank(lanes)], axis=1)


class AvoidEngine:
    """Keeps `harness.contract.task.Engine`.

    A touch may begin and end within a control step, so the simulator is asked for every physics step.

    Args:
        threads: native threads.
    """

    def __init__(self, threads: int) -> None:
        self._simulator = BatchSimulator(load_model(), substeps=1, threads=threads, scalers=_SCALERS, interpolate=False)
        physics = self._simulator.state_width
        self._physics, self._drive = slice(0, physics), slice(physics, physics + len(DRIVE))
        self._record = slice(self._drive.stop, self._drive.stop + record.RECORD)

    @property
    def contract(self) -> TaskContract:
        """The contract that this engine keeps."""
        return CONTRACT

    @property
    def simulator(self) -> BatchSimulator:
        """The simulator below; its rows are the first columns of a state."""
        return self._simulator

    @property
    def physics_seconds(self) -> float:
        """Wall time spent inside the native simulator so far."""
        return self._simulator.physics_seconds

    def reset(self, scenes: Sequence[Scene]) -> Float64[Array, "lanes state"]:
        """States at rest, with a blank record."""
        qpos = np.array([_places(scene) for scene in scenes])
        physics = self._simulator.pack(qpos, np.zeros((len(scenes), 2)))
        drive = np.array([[scene.variables[name] for name in DRIVE] for scene in scenes])
        return np.concatenate([physics, drive, record.blank(len(scenes))], axis=1)

    def observe(self, states: Float64[Array, "*lanes state"]) -> Float32[Array, "*lanes observation"]:
        """Effector position, row positions."""
        qpos = self._simulator.qpos(states)
        return np.asarray(np.concatenate([qpos[..., EFFECTOR], qpos[..., ROW_AXES]], axis=-1), np.float32)

    def rest(self, states: Float64[Array, "lanes state"]) -> Float32[Array, "lanes action"]:
        """No velocity."""
        return np.zeros((len(states), CONTRACT.action_width), np.float32)

    def shift(
        self, states: Float64[Array, "lanes state"], offsets: Float[Array, "lanes 2"]
    ) -> Float64[Array, "lanes state"]:
        """States with all rows moved alike: within the workspace, and less far where one would cover the effector."""
        moved = states.copy()
        qpos = self._simulator.qpos(moved)
        start, effector = _paired(qpos[:, ROW_AXES].copy()), qpos[:, EFFECTOR]
        pending = np.ones(len(states), bool)
        for share in _SHARES:
            rows = np.clip(start + share * offsets[:, None], _LOW, _HIGH)
            qpos[pending, ROW_AXES] = rows[pending].reshape(-1, 2 * _ROWS)
            pending &= record.clearance(effector, posts_of(rows)) < _LEEWAY
        return moved

    def advance(self, request: Advance) -> Advanced:
        """Simulate; pushes act on every row."""
        pace = CONTRACT.substeps
        drive = request.states[:, self._drive]
        controls = np.repeat(driven(request.actions, drive), pace, axis=1)
        forces = None if request.pushes is None else np.repeat(self._forces(request.pushes), pace, axis=1)
        fine = self._simulator.simulate(request.states[:, self._physics], controls, forces, request.dynamics)
        qpos = self._simulator.qpos(fine.states)
        course = record.follow(
            request.states[:, self._record], qpos[..., EFFECTOR], posts_of(_paired(qpos[..., ROW_AXES]))
        )
        every = slice(pace - 1, None, pace)
        kept = np.repeat(drive[:, None], request.actions.shape[1], axis=1)
        states = np.concatenate([fine.states[:, every], kept, course.records[:, every]], axis=2)
        apart = course.clearance.reshape(*request.actions.shape[:2], pace).min(axis=2)
        signals, diverged = self._signals(states, request.actions, apart), np.array(fine.diverged[:, every])
        success = (signals[..., 0] >= np.float32(CONTRACT.success_threshold)) & ~diverged
        return Advanced(states, self.observe(states), signals, success, diverged)

    def _forces(self, pushes: Float64[Array, "lanes n 2"]) -> Float64[Array, "lanes n nv"]:
        """Generalised forces: the slides are the axes of the world."""
        forces = np.zeros((*pushes.shape[:2], self._simulator.model.nv))
        forces[:, :, ROW_AXES] = np.tile(pushes, _ROWS)
        return forces

    def _signals(self, states: Array, actions: Array, apart: Array) -> Float32[Array, "lanes n signal"]:
        """In the order of the contract."""
        records, lag = states[..., self._record], actions - self._simulator.qvel(states)[..., EFFECTOR]
        columns = [
            records[..., 1],
            apart < 0,
            records[..., 0],
            apart,
            np.sqrt(lag[..., 0] ** 2 + lag[..., 1] ** 2),
            np.maximum(FINISH - self._simulator.qpos(states)[..., EFFECTOR][..., 1], 0.0),
            record.mode_of(records),
        ]
        return np.stack(columns, axis=-1).astype(np.float32)


def _paired(axes: Float64[Array, "*lanes axes"]) -> Float64[Array, "*lanes rows 2"]:
    return axes.reshape(*axes.shape[:-1], _ROWS, 2)


def _places(scene: Scene) -> list[float]:
    """Generalised positions at the start of a scene."""
    drawn = scene.variables
    rows = [(drawn[f"row_{row}_x"], line + drawn[f"row_{row}_y"]) for row, line in enumerate(ROW_LINES, 1)]
    return [*np.ravel(rows).tolist(), drawn["start_x"], drawn["start_y"]]
