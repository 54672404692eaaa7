"""What faults do to one episode, as plain arrays that the step loop applies without asking any fault again.

The arrays are drawn before the episode starts, so they cannot depend on what a policy does (law 2). Composition is by
channel, in a fixed order, whatever the order in a manifest:

- observation: which measurement arrives (drop, delay) after what the sensor adds (noise, bias);
- action: which command arrives (dropout, delay), then offset (bias, noise), then limits (saturation), then the
  actuator bounds;
- timing: virtual latency per query step;
- dynamics: scale factors, pushes, and one shift of the object.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64, Int32

from harness.contract.fields import Array, bounds
from harness.contract.task import Dynamics, TaskContract

__all__ = ["Effects", "nominal"]


@dataclass(frozen=True)
class Effects:
    """Realised faults of one episode; T is the horizon, entry t belongs to control step t.

    Attributes:
        observation_source: index of the measurement delivered at t (`obs_id`), 0 <= obs_id <= t, never falling.
        observation_offset: added to measurement t by the sensor, in the units of the observation.
        action_source: step whose command is applied at t; -1 is the rest action held before the first command arrives.
        action_offset: added to the command that is applied at t, in action units.
        action_low, action_high: limits at t, inside the actuator bounds.
        latency: virtual latency, in steps, of a query made at t.
        dynamics: the model of the episode.
        push: force on the object during step t, newton, world x and y.
        shift_step: control step before which the object is moved; -1 for never.
        shift: by how much, metre, world x and y.
    """

    observation_source: Int32[Array, " T"]
    observation_offset: Float32[Array, "T observation"]
    action_source: Int32[Array, " T"]
    action_offset: Float32[Array, "T action"]
    action_low: Float32[Array, "T action"]
    action_high: Float32[Array, "T action"]
    latency: Int32[Array, " T"]
    dynamics: Dynamics
    push: Float64[Array, "T 2"]
    shift_step: int
    shift: Float64[Array, " 2"]


def nominal(contract: TaskContract) -> Effects:
    """No fault at all."""
    steps = contract.horizon
    low, high = bounds(contract.action)
    return Effects(
        observation_source=np.arange(steps, dtype=np.int32),
        observation_offset=np.zeros((steps, contract.observation_width), np.float32),
        action_source=np.arange(steps, dtype=np.int32),
        action_offset=np.zeros((steps, contract.action_width), np.float32),
        action_low=np.tile(low, (steps, 1)),
        action_high=np.tile(high, (steps, 1)),
        latency=np.zeros(steps, np.int32),
        dynamics=Dynamics(),
        push=np.zeros((steps, 2)),
        shift_step=-1,
        shift=np.zeros(2),
    )
