"""The contract of gym-pusht-v1, in the environment's own units: lengths are pixels of its 512 pixel wide field."""

from __future__ import annotations

import math

from harness.contract.fields import ActionField, ObservationField
from harness.contract.task import DatasetPromise, Signal, TaskContract
from tasks.engines.gymnasium_spaces import SEED_SPLITS

__all__ = ["CONTRACT", "SIDE"]

SIDE = 512.0
"""Side of the field, pixel."""

_RATE_HZ = 10.0


def _position(name: str, description: str, *, proprioceptive: bool) -> ObservationField:
    return ObservationField(
        name=name,
        size=2,
        unit="px",
        frame="field",
        low=(0.0, 0.0),
        high=(SIDE, SIDE),
        description=description,
        rate_hz=_RATE_HZ,
        proprioceptive=proprioceptive,
    )


_OBSERVATION = (
    _position("agent_position", "centre of the agent, x and y", proprioceptive=True),
    _position("block_position", "middle of the outer edge of the block's bar, x and y", proprioceptive=False),
    ObservationField(
        name="block_angle",
        size=1,
        unit="rad",
        frame="field",
        low=(0.0,),
        high=(2 * math.pi,),
        description="the block's angle, wrapped into [0, 2 pi)",
        rate_hz=_RATE_HZ,
        proprioceptive=False,
    ),
)

_ACTION = (
    ActionField(
        name="agent_target",
        size=2,
        unit="px",
        frame="field",
        low=(0.0, 0.0),
        high=(SIDE, SIDE),
        description="where the agent's centre shall go, x and y",
        mode="absolute position target",
        agent="agent",
    ),
)

_SIGNALS = (
    Signal(
        name="progress",
        unit="1",
        role="progress",
        description="the environment's reward: coverage over the 0.95 that success asks for, at most 1",
    ),
    Signal(name="coverage", unit="1", role="other", description="share of the goal's area that the block covers"),
    Signal(name="is_success", unit="1", role="other", description="1 where the environment says so"),
    Signal(name="contact", unit="1", role="contact", description="1 if the agent is within 1 px of the block"),
    Signal(name="tracking_error", unit="px", role="tracking_error", description="from the agent to its target"),
    Signal(name="distance", unit="px", role="distance", description="from the block's centroid to the goal's"),
)

CONTRACT = TaskContract(
    id="gym-pusht-v1",
    description="Push a T-shaped block onto its goal pose with a round agent, in gym_pusht/PushT-v0.",
    robot="point agent, 15 px radius, under a PD controller",
    simulator="gym-pusht 0.1.8, pymunk 6.11.1",
    observation=_OBSERVATION,
    action=_ACTION,
    control_period_s=1 / _RATE_HZ,
    physics_step_s=0.01,
    horizon=300,
    timing_budget_s=0.05,
    success="info['is_success']: the block covers more than 0.95 of the goal's area at the end of a control step",
    success_signal="is_success",
    success_threshold=1.0,
    object=None,
    dynamics=(),
    resets=SEED_SPLITS,
    signals=_SIGNALS,
    stages=("partly-covered", "mostly-covered", "covered"),
    cameras=(),
    dataset=DatasetPromise(
        operator="scripted expert (that of pusht-v1, planning on MuJoCo)",
        episodes=200,
        license="Apache-2.0",
        action_noise=(3.0, 3.0),
    ),
    license="Apache-2.0",
)
