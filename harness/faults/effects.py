"""What faults do to one episode, as plain arrays that the step loop applies without asking any fault again.

The arrays are drawn before the episode starts, so they cannot depend on what a policy does (law 2).

Composition, whatever the order in a manifest. Each line acts on what the line before leaves behind; of several faults
in one line, the catalogue's order and then their identities decide (`harness.faults.catalogue.canonical`).

Observation, from the world to the policy:

1. a sensor measures: gain (`scale`), offset (`noise`, `bias`: a sum), digits (`quantise`);
2. an agent's own link brings what is measured on it: the faults of line 3, where they name an `agent`;
   the driver gives it in a frame (`wrong_frame`) and puts one frame of all sensors together (`sensor_loss`: one of them
   is old or zero);
3. the link carries frames: held at the source (`freeze`), lost (`frame_drop`), late (`delay`, `jitter`), out of order
   (`reorder`), twice (`duplicate`). A late frame keeps the errors of the moment in which it was measured.

Pictures, where a policy reads any, come with the frame that they belong to, through lines 2 and 3 of the whole frame.
Before that each camera looks at the scene (`scene.distractors`) from where it stands (`camera.pose_shift`), through its
optics, onto its chip (`patch`, `blur`, `exposure`, `colour_shift`, `noise`, `blackout`), and its own driver gives the
picture: an old one (`freeze`, `drop`) or a late one (`desync`).

Action, from the policy to the motor:

4. the link carries commands: lost (`dropout`), late (`delay`), fetched too rarely (`timing.control_rate`); then an
   agent's own link does, with the same faults where they name an `agent`;
5. the controller misreads them: axes (`swap`), factor (`gain`), offset (`bias`, `noise`: a sum), digits (`quantise`);
6. limits: positions (`saturation`, intersected with the actuator bounds);
7. the actuator follows: `deadband`, `rate_limit`, `stuck`. At last the actuator bounds hold, come what may.

Timing: latencies of a query (`latency`, `jitter`) add up, in steps. Dynamics: factors on one parameter multiply,
payloads, tilts and pushes add up. Scene: one shift of the object, before the step that it belongs to. Evaluation: steps
on which success goes unseen, joined.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int32

from harness.contract.fields import Array, bounds
from harness.contract.task import Dynamics, TaskContract
from harness.faults.actuation import Actuation
from harness.faults.seeing import Vision
from harness.faults.sensing import Sensing

__all__ = ["Effects", "nominal"]


@dataclass(frozen=True)
class Effects:
    """Realised faults of one episode; T is the horizon, entry t belongs to control step t.

    Attributes:
        observation_source: index of the measurement delivered at t (`obs_id`), 0 <= obs_id <= t; never falling, unless
            frames are reordered.
        observation_offset: added to measurement t by the sensor, in the units of the observation.
        action_source: step whose command is applied at t; -1 is the rest action held before the first command arrives,
            -2 a zero.
        action_offset: added to the command that is applied at t, in action units.
        action_low, action_high: limits at t, inside the actuator bounds.
        latency: virtual latency, in steps, of a query made at t.
        dynamics: the model of the episode.
        push: force on the object during step t, newton, world x and y.
        shift_step: control step before which the object is moved; -1 for never.
        shift: by how much, metre, world x and y.
        sensing: errors of the sensors beyond an offset; None if there are none.
        actuation: errors of the actuators beyond an offset and limits; None if there are none.
        vision: errors of the cameras; None if there are none.
        missed: steps at the end of which the evaluator does not see success; None if there are none.
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
    sensing: Sensing | None = None
    actuation: Actuation | None = None
    missed: Bool[Array, " T"] | None = None
    vision: Vision | None = None


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
