"""gym-pusht-v1: `gym_pusht/PushT-v0` with state observations, as its package makes it.

| observation | size | unit | least | most |
| --- | --- | --- | --- | --- |
| agent_position | 2 | px | 0 | 512 |
| block_position | 2 | px | 0 | 512 |
| block_angle | 1 | rad | 0 | 2 pi |

Actions are absolute targets of the agent, px, 0 to 512 each, at 10 Hz. An episode succeeds and ends when more than 0.95
of the goal is covered; it fails after 300 steps. `progress` is the environment's reward. A scene is a seed of the
environment's reset; there is no shifted distribution, nothing to push or move, and no camera.

It needs the optional dependencies `gym`. An episode is the one that the environment gives when it is stepped by hand
from the scene's seed, action for action and reward for reward.

Version History
    v1: first version, on gym-pusht 0.1.8.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tasks.engines.gymnasium_task import Environment, GymnasiumTask
from tasks.gym_pusht.contract import CONTRACT

if TYPE_CHECKING:
    from jaxtyping import Float64

    from harness.contract.fields import Array
    from harness.contract.policy import Policy
    from tasks.engines.gymnasium_engine import Moments

__all__ = ["task"]

_TOUCH_M = 0.016
"""Radius of the agent, and a millimetre."""


def _expert(threads: int) -> Policy:
    from tasks.gym_pusht.expert import GymPushTExpert  # noqa: PLC0415 (imports mujoco)

    return GymPushTExpert(threads)


def _touching(moments: Moments) -> Array:
    from tasks.gym_pusht.expert import METRE, poses  # noqa: PLC0415 (see above)
    from tasks.pusht import shape  # noqa: PLC0415 (for company)

    gaps = shape.distance_to_block(poses(moments.observations), moments.observations[..., :2] / METRE)
    return np.asarray(gaps < _TOUCH_M)


def _distance(moments: Moments) -> Array:
    from tasks.gym_pusht.expert import METRE, poses  # noqa: PLC0415 (see above)
    from tasks.pusht import shape  # noqa: PLC0415 (for company)

    error = shape.pose_error(poses(moments.observations))
    return np.asarray(METRE * np.hypot(error[..., 0], error[..., 1]))


def _lag(moments: Moments) -> Array:
    gap = moments.actions.astype(np.float64) - moments.observations[..., :2]
    return np.asarray(np.hypot(gap[..., 0], gap[..., 1]))


def _where_the_agent_is(observed: Float64[Array, "lanes 5"]) -> Array:
    return observed[:, :2]


task = GymnasiumTask(
    contract=CONTRACT,
    environment=Environment(
        "gym_pusht/PushT-v0",
        module="gym_pusht",
        arguments={"obs_type": "state"},
        info={"coverage": 1, "is_success": 1},
    ),
    signals={
        "progress": lambda moments: moments.reward,
        "contact": _touching,
        "tracking_error": _lag,
        "distance": _distance,
    },
    demonstrations=Path(__file__).parent / "demonstrations",
    rest=_where_the_agent_is,
    expert_of=_expert,
    extra="gym",
)
