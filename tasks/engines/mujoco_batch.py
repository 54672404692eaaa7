"""Many copies of one MuJoCo model, advanced in native threads: the physics under every native task.

A state row is `[full physics state (time, qpos, qvel, act), controls reached at the end of the last control step]`.
Warm start is off, so a step is a pure function of (state, control, model) and integrating one step at a time, in
chunks, in one thread or in many gives the same bits (law 4). MuJoCo's silent auto-reset is off too: a simulation that
breaks down is reported, never read as a state.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import mujoco
import numpy as np
from jaxtyping import Bool, Float64
from mujoco import rollout

from harness.contract.fields import Array
from harness.contract.task import Dynamics
from tasks.engines.mujoco_models import Scaler, changed

__all__ = ["BatchSimulator", "Simulated"]


def _unheard(message: str) -> None:
    """What MuJoCo warns of is read off the states."""


@dataclass(frozen=True)
class Simulated:
    """Entry k of the second axis is the moment after the k-th control step.

    Attributes:
        sensors: sensor readings of the last physics step of the control step.
    """

    states: Float64[Array, "lanes n state"]
    sensors: Float64[Array, "lanes n sensor"]
    diverged: Bool[Array, "lanes n"]


class BatchSimulator:
    """Advances rows of state under rows of control.

    Args:
        model: the nominal model; its disable flags are set here.
        substeps: physics steps in a control step.
        threads: native threads.
        scalers: what each dynamics factor does to a model.
        interpolate: ramp each control linearly over the control step from where the last one ended, instead of a step.
    """

    def __init__(
        self,
        model: mujoco.MjModel,
        *,
        substeps: int,
        threads: int,
        scalers: dict[str, Scaler],
        interpolate: bool,
    ) -> None:
        model.opt.disableflags |= mujoco.mjtDisableBit.mjDSBL_WARMSTART | mujoco.mjtDisableBit.mjDSBL_AUTORESET
        # A divergence is reported as data; MuJoCo would print it among what a command says, and write a log beside it.
        mujoco.set_mju_user_warning(_unheard)
        self.model = model
        self.physics_seconds = 0.0
        self._substeps, self._scalers, self._interpolate = substeps, scalers, interpolate
        self._models: dict[Dynamics, mujoco.MjModel] = {}
        self._most_lanes = 0
        self._pool = rollout.Rollout(nthread=threads if threads > 1 else 0)
        self._data = [mujoco.MjData(model) for _ in range(max(1, threads))]
        self._spec = int(mujoco.mjtState.mjSTATE_CTRL) | int(mujoco.mjtState.mjSTATE_QFRC_APPLIED)
        self._full = mujoco.mj_stateSize(model, mujoco.mjtState.mjSTATE_FULLPHYSICS)

    @property
    def state_width(self) -> int:
        """Length of a state row."""
        return int(self._full + self.model.nu)

    def qpos(self, states: Float64[Array, "... state"]) -> Float64[Array, "... nq"]:
        """Generalised positions: a view into the states."""
        return states[..., 1 : 1 + self.model.nq]

    def qvel(self, states: Float64[Array, "... state"]) -> Float64[Array, "... nv"]:
        """Generalised velocities: a view into the states."""
        return states[..., 1 + self.model.nq : 1 + self.model.nq + self.model.nv]

    def controls(self, states: Float64[Array, "... state"]) -> Float64[Array, "... nu"]:
        """Controls reached at the end of the last control step: a view into the states."""
        return states[..., self._full :]

    def pack(
        self, qpos: Float64[Array, "lanes nq"], controls: Float64[Array, "lanes nu"]
    ) -> Float64[Array, "lanes state"]:
        """States at time zero and at rest."""
        states = np.zeros((len(qpos), self.state_width))
        self.qpos(states)[:] = qpos
        self.controls(states)[:] = controls
        return states

    def load(self, state: Float64[Array, " state"], data: mujoco.MjData) -> None:
        """Put one state row into `data` and compute everything that follows from it (poses, contacts, sensors)."""
        mujoco.mj_setState(
            self.model, data, np.ascontiguousarray(state[: self._full]), mujoco.mjtState.mjSTATE_FULLPHYSICS
        )
        data.ctrl[:] = self.controls(state)
        mujoco.mj_forward(self.model, data)

    def simulate(
        self,
        states: Float64[Array, "lanes state"],
        controls: Float64[Array, "lanes n nu"],
        forces: Float64[Array, "lanes n nv"] | None = None,
        dynamics: Sequence[Dynamics] | None = None,
    ) -> Simulated:
        """Advance every lane by n control steps under controls (actuator units) and generalised forces.

        Where a factor of a lane holds for a part of the episode only, the steps are simulated in pieces; cut or not,
        the bits are the same (law 4). Which step it is, the clock in the state tells.
        """
        if dynamics is None or not any(item.windowed for item in dynamics):
            return self._simulate(states, controls, forces, dynamics)
        period, n = self._substeps * self.model.opt.timestep, controls.shape[1]
        first = np.nan_to_num(np.round(states[:, 0] / period)).astype(int)
        parts: list[Simulated] = []
        for start, stop in pairwise(_cuts(first, n, dynamics)):
            models = [_during(item, step + start) for item, step in zip(dynamics, first, strict=True)]
            pushes = None if forces is None else forces[:, start:stop]
            parts.append(self._simulate(states, controls[:, start:stop], pushes, models))
            states = np.ascontiguousarray(parts[-1].states[:, -1])
        diverged = np.concatenate([part.diverged for part in parts], axis=1)
        return Simulated(
            np.concatenate([part.states for part in parts], axis=1),
            np.concatenate([part.sensors for part in parts], axis=1),
            np.logical_or.accumulate(diverged, axis=1),
        )

    def _simulate(
        self, states: Array, controls: Array, forces: Array | None, dynamics: Sequence[Dynamics] | None
    ) -> Simulated:
        """Every lane under one model."""
        lanes, n, nu = controls.shape
        fine = np.zeros((lanes, n * self._substeps, nu + self.model.nv))
        self._spread_controls(states, controls, fine[:, :, :nu].reshape(lanes, n, self._substeps, nu))
        if forces is not None:
            fine[:, :, nu:] = np.repeat(forces, self._substeps, axis=1)
        models = self._models_of(dynamics) if dynamics is not None else [self.model] * lanes
        started = time.perf_counter()
        fine_states, fine_sensors = self._pool.rollout(
            models, self._data, np.ascontiguousarray(states[:, : self._full]), fine, control_spec=self._spec
        )
        self.physics_seconds += time.perf_counter() - started
        every = slice(self._substeps - 1, None, self._substeps)
        return self._read(states, controls, fine_states[:, every], fine_sensors[:, every])

    def _spread_controls(self, states: Array, controls: Array, out: Array) -> None:
        """Fill (lanes, n, substeps, nu): a step, or a ramp from the control reached before."""
        if not self._interpolate:
            out[:] = controls[:, :, None, :]
            return
        before = np.concatenate([self.controls(states)[:, None], controls[:, :-1]], axis=1)
        fraction = (np.arange(1, self._substeps + 1) / self._substeps)[:, None]
        out[:] = before[:, :, None, :] + fraction * (controls - before)[:, :, None, :]

    def _read(self, states: Array, controls: Array, full: Array, sensors: Array) -> Simulated:
        """Join controls to the states; a lane has diverged once its clock stops or a number is not finite.

        `mujoco.rollout` stops a lane at the first divergence warning and repeats its last state, so its clock stops.
        """
        _, n, _ = full.shape
        elapsed = np.arange(1, n + 1) * (self._substeps * self.model.opt.timestep)
        on_time = np.abs(full[:, :, 0] - states[:, :1] - elapsed) < 0.5 * self.model.opt.timestep
        diverged = np.logical_or.accumulate(~(on_time & np.isfinite(full).all(axis=2)), axis=1)
        return Simulated(np.concatenate([full, controls], axis=2), np.array(sensors), diverged)

    def _models_of(self, dynamics: Sequence[Dynamics]) -> list[mujoco.MjModel]:
        """One a lane; of those that no lane asked for lately, few are kept, since a model may take megabytes."""
        models = [self._model(item) for item in dynamics]
        self._most_lanes = max(self._most_lanes, len(dynamics))
        for stale in list(self._models)[: -2 * self._most_lanes]:
            del self._models[stale]
        return models

    def _model(self, dynamics: Dynamics) -> mujoco.MjModel:
        """The model with its factors applied; the last one asked for is the last of the memory."""
        if dynamics == Dynamics():
            return self.model
        model = self._models.pop(dynamics, None)
        if model is None:
            model = changed(self.model, dynamics, self._scalers)
        self._models[dynamics] = model
        return model


def _cuts(first: Array, n: int, dynamics: Sequence[Dynamics]) -> list[int]:
    """Steps, counted from now, between which no factor of any lane begins or ends."""
    ends = {
        int(edge - step)
        for step, item in zip(first, dynamics, strict=True)
        for _, _, *edges in item.windowed
        for edge in edges
    }
    return sorted({0, n, *(edge for edge in ends if 0 < edge < n)})


def _during(dynamics: Dynamics, step: int) -> Dynamics:
    """What holds at a control step, without windows."""
    if not dynamics.windowed:
        return dynamics
    scales = dict(dynamics.scales)
    for name, factor, start, stop in dynamics.windowed:
        if start <= step < stop:
            scales[name] = scales.get(name, 1.0) * factor
    return replace(dynamics, scales=tuple(sorted(scales.items())), windowed=())
