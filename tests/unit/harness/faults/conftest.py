"""A task that exists only here: 3 + 1 observations, 2 actions, 60 steps of 0.1 s."""

import pytest
from hypothesis import HealthCheck, settings

from harness.contract.fields import ActionField, ObservationField
from harness.contract.task import DatasetPromise, Range, Scene, Signal, TaskContract

settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


def observed(name, size, unit):
    return ObservationField(
        name=name,
        size=size,
        unit=unit,
        frame="world",
        low=(-1.0,) * size,
        high=(1.0,) * size,
        description=name,
        rate_hz=10.0,
        proprioceptive=False,
    )


def commanded(name, unit, low, high):
    return ActionField(
        name=name,
        size=1,
        unit=unit,
        frame="world",
        low=(low,),
        high=(high,),
        description=name,
        mode="position",
        agent="arm",
    )


@pytest.fixture(scope="session")
def contract():
    reach = {"x": Range(low=-0.1, high=0.1, unit="m"), "yaw": Range(low=0.0, high=1.0, unit="rad")}
    return TaskContract(
        id="reach-v1",
        description="touch",
        robot="arm",
        simulator="none 1.0",
        observation=(observed("tip", 3, "m"), observed("grip", 1, "1")),
        action=(commanded("target", "m", -0.3, 0.5), commanded("grip", "1", 0.0, 1.0)),
        control_period_s=0.1,
        physics_step_s=0.01,
        horizon=60,
        timing_budget_s=0.05,
        success="near",
        success_signal="progress",
        success_threshold=1.0,
        object="ball",
        dynamics=("object_mass", "object_friction"),
        resets={"train": reach, "heldout": reach, "stress": reach},
        signals=(Signal(name="progress", unit="1", role="progress", description="progress"),),
        stages=("near",),
        cameras=(),
        dataset=DatasetPromise(operator="none", episodes=1, license="Apache-2.0", action_noise=(0.0, 0.0)),
        license="Apache-2.0",
    )


@pytest.fixture(scope="session")
def scene():
    return Scene("reach-v1", "heldout", 3, {"x": 0.0, "yaw": 0.0})
