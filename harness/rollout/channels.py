"""The observation and the action channel: faults as index maps and offsets, over many lanes at once.

Every function is elementwise over lanes, so a lane's bits do not depend on its neighbours (law 2).
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32, Int32, Int64

from harness.contract.fields import Array
from harness.faults import actuation, sensing
from harness.faults.effects import Effects
from harness.rollout.lanes import Lanes

__all__ = ["applied_actions", "delivered_window", "measured_at"]


def measured_at(lanes: Lanes, index: Int64[Array, " active"], n_obs: int) -> Int32[Array, "active n_obs"]:
    """The measurements that the last `n_obs` delivered frames carry, newest last; the first repeats before t = 0."""
    steps = np.maximum(lanes.t[index, None] - np.arange(n_obs - 1, -1, -1), 0)
    taken: Array = lanes.source[index[:, None], steps]
    return taken


def delivered_window(
    lanes: Lanes, index: Int64[Array, " active"], n_obs: int
) -> Float32[Array, "active n_obs observation"]:
    """The last `n_obs` delivered frames of each lane at its step t, newest last; the first one repeats before t = 0.

    A frame delivered at step s is the measurement of step source[s], with what the sensor added when it measured.
    """
    taken = measured_at(lanes, index, n_obs)
    frames = lanes.measured[index[:, None], taken] + lanes.offset[index[:, None], taken]
    frames = np.asarray(frames, np.float32)
    for row, lane in enumerate(index):
        effects = _effects(lanes, lane)
        if effects.sensing is not None:
            frames[row] = sensing.sensed(effects, lanes.measured[lane], taken[row])
    return frames


def applied_actions(
    lanes: Lanes, index: Int64[Array, " active"], steps: Int64[Array, "active n"]
) -> Float32[Array, "active n action"]:
    """What reaches the actuators: the command that arrives (before any has, the rest action), offset, limited."""
    rows = index[:, None]
    source = lanes.action_source[rows, steps]
    arriving = lanes.commanded[rows, np.maximum(source, 0)]
    arriving = np.where(source[:, :, None] < 0, lanes.rest[index][:, None], arriving)
    arriving = np.where(source[:, :, None] == actuation.ZERO, np.float32(0), arriving)
    disturbed = arriving + lanes.action_offset[rows, steps]
    limited = np.clip(disturbed, lanes.action_low[rows, steps], lanes.action_high[rows, steps])
    limited = np.asarray(limited, np.float32)
    for row, lane in enumerate(index):
        effects = _effects(lanes, lane)
        if effects.actuation is not None:
            start = steps[row, 0]
            if effects.actuation.link is not None:
                arriving[row] = actuation.arrived(effects, lanes.commanded[lane], lanes.rest[lane], steps[row])
            before = lanes.applied[lane, start - 1] if start else lanes.rest[lane]
            limited[row] = actuation.actuated(effects, arriving[row], steps[row], before)
    return limited


def _effects(lanes: Lanes, lane: int) -> Effects:
    assignment = lanes.assignments[lane]
    assert assignment is not None, "an empty lane has no faults"
    return assignment.effects
