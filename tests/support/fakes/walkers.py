"""`walkers-v1`: PettingZoo's multiwalker with two walkers, who must hold the package up for a while."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from tasks.engines.gymnasium_spaces import follow
from tasks.engines.gymnasium_task import GymnasiumTask
from tasks.engines.pettingzoo_task import contract_from_agents, parallel

DEMONSTRATIONS = "SAMEPANEL_WALKERS_DEMONSTRATIONS"
HORIZON = 16
WALKERS = ("walker_0", "walker_1")
PACKAGES = "pettingzoo 1.27.0, box2d 2.3.10"

ENVIRONMENT = parallel(
    "pettingzoo.sisl.multiwalker_v9:parallel_env",
    {"n_walkers": 2},
    info={"steps": 1, **{f"return of {walker}": 1 for walker in WALKERS}},
)


def make(environment=ENVIRONMENT):
    contract = contract_from_agents(
        "walkers-v1",
        environment,
        control_period_s=0.02,
        horizon=HORIZON,
        success="steps",
        demonstrations=4,
        limits=(-10.0, 10.0),
        simulator=PACKAGES,
    )
    return GymnasiumTask(
        contract,
        environment,
        demonstrations=Path(os.environ.get(DEMONSTRATIONS, "walkers-demonstrations")),
        signals={"steps": lambda m: m.info["steps"][..., 0] / HORIZON},
        expert_of=lambda threads: follow(contract, crouch),
    )


def crouch(seen):
    """Joint torques against the angles that are seen."""
    return np.concatenate([-0.5 * seen[walker][:, 4:8] for walker in WALKERS], axis=1)


task = make()
