"""A contract that follows from an environment's spaces, for environments whose authors wrote none.

What spaces do not say is what a contract is worth: units, frames, what is measured on the robot. So every number has
the unit "1", in the frame "environment". Who wants faults in metres writes a contract; that of gym-pusht-v1 is one.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float32, Float64

from harness.contract.fields import ActionField, Array, ObservationField, bounds, slices
from harness.contract.policy import Plan, PolicyContract, Query
from harness.contract.task import DatasetPromise, Range, Signal, Split, TaskContract
from harness.errors import ContractError
from tasks.engines.gymnasium_memory import Environment
from tasks.engines.gymnasium_states import observations

__all__ = ["SEED_SPLITS", "Follower", "contract_from_spaces", "follow"]

_LEFT_OF_FRACTION = "what is left of the fraction"
_FAMILIAR = {"seed": Range(low=0, high=2**30, unit="1", frame=_LEFT_OF_FRACTION)}
_OTHER = {"seed": Range(low=2**30, high=2**31, unit="1", frame=_LEFT_OF_FRACTION)}
SEED_SPLITS: dict[Split, dict[str, Range]] = {"train": _FAMILIAR, "heldout": _FAMILIAR, "stress": _OTHER}
"""The seed decides the start, and starts come from one distribution: stress is other seeds of it, not a shift."""


def contract_from_spaces(
    id: str,
    environment: Environment,
    *,
    control_period_s: float,
    horizon: int,
    success: str,
    demonstrations: int,
    proprioceptive: Collection[str] = (),
    limits: Mapping[str, tuple[float, float]] | None = None,
    action_noise: float = 0.0,
    description: str = "",
    simulator: str = "",
    license: str = "unstated",
) -> TaskContract:
    """The contract of an environment, which is made once to look at its spaces.

    Args:
        id: of the task, versioned.
        environment: which environment; `info` must hold `success`, unless that is "terminated".
        control_period_s: time between two actions.
        horizon: control steps of an episode.
        success: an entry of info that is 1 where the episode has succeeded, or "terminated".
        demonstrations: how many there are; 0 for none.
        proprioceptive: names of the fields that are measured on the robot; a `Box` is one field, "observation".
        limits: least and greatest value of fields whose space has no bounds.
        action_noise: standard deviation of the noise while demonstrations are recorded, as a share of the range.
        description: one line for a person.
        simulator: "name version, ...": the packages that decide the bits, checked at load; "" to check none.
        license: SPDX id of the demonstrations.

    Raises:
        ContractError: a space is no `Box` and no `Dict` of them, or has no bounds and none are given.
    """
    observed, acted = _spaces(environment)
    names = dict(getattr(observed, "spaces", {"observation": observed}))
    fields = [_limits(f"{id}, observation {name!r}", space, (limits or {}).get(name)) for name, space in names.items()]
    low, high = _limits(f"{id}, action", acted, None)
    return TaskContract(
        id=id,
        description=description or f"{environment.id}, as its package makes it.",
        robot="that of the environment",
        simulator=simulator,
        observation=tuple(
            ObservationField(
                **_named(name, *limit), rate_hz=1 / control_period_s, proprioceptive=name in proprioceptive
            )
            for name, limit in zip(names, fields, strict=True)
        ),
        action=(ActionField(**_named("action", low, high), mode="that of the environment", agent="robot"),),
        control_period_s=control_period_s,
        physics_step_s=control_period_s,
        horizon=horizon,
        timing_budget_s=control_period_s,
        success=f"{success} at the end of a control step",
        success_signal=success,
        success_threshold=1.0,
        object=None,
        dynamics=(),
        resets=SEED_SPLITS,
        signals=(
            Signal(name=success, unit="1", role="progress", description="1 where the episode has succeeded"),
            Signal(name="reward", unit="1", role="other", description="the environment's reward"),
        ),
        stages=("success",),
        cameras=(),
        dataset=DatasetPromise(
            operator="that of the environment",
            episodes=demonstrations,
            license=license,
            action_noise=tuple(action_noise * (high - low)),
        ),
        license=license,
    )


def _spaces(environment: Environment) -> tuple[Any, Any]:
    import gymnasium  # noqa: PLC0415 (importing a task's module starts no simulator unless it asks for this)

    if environment.module:
        importlib.import_module(environment.module)
    made = gymnasium.make(environment.id, disable_env_checker=True, **environment.arguments)
    spaces = made.observation_space, made.action_space
    made.close()
    return spaces


def _limits(whose: str, space: Any, given: tuple[float, float] | None) -> tuple[Array, Array]:
    """Least and greatest value of each component."""
    if not hasattr(space, "low"):
        raise ContractError(whose, expected="a Box", got=str(space), fix="wrap the environment, or write a contract")
    low, high = (np.ravel(limit).astype(np.float64) for limit in (space.low, space.high))
    if given is not None:
        low, high = np.maximum(low, given[0]), np.minimum(high, given[1])
    if not (np.isfinite(low).all() and np.isfinite(high).all()):
        raise ContractError(
            whose, expected="bounds", got=f"{low.min()} to {high.max()}", fix="give its `limits`: (least, greatest)"
        )
    return low, high


def _named(name: str, low: Array, high: Array) -> dict[str, Any]:
    text = f"{name} of the environment"
    limits = {"low": tuple(low.tolist()), "high": tuple(high.tolist())}
    return {"name": name, "size": len(low), "unit": "1", "frame": "environment", "description": text, **limits}


Law = Callable[[Mapping[str, Float32[Array, "lanes size"]]], Float64[Array, "lanes action"]]
"""What a scripted expert does, from the fields of what is observed."""


@dataclass(frozen=True)
class Follower:
    """A scripted expert that looks anew at every step; keeps `harness.contract.policy.Policy`."""

    task: TaskContract
    law: Law
    contract: PolicyContract
    card: Mapping[str, Any] = field(default_factory=dict)

    def plan(self, query: Query) -> Plan:
        """One action for every row."""
        assert query.states is not None, "the harness gives them to a privileged policy"
        seen = observations(query.states, self.task.observation_width).astype(np.float32)
        low, high = bounds(self.task.action)
        actions = self.law({name: seen[:, where] for name, where in slices(self.task.observation).items()})
        return Plan(np.clip(actions, low, high).astype(np.float32)[:, None], query.memory)


def follow(task: TaskContract, law: Law) -> Follower:
    """The expert that does what `law` says; a row's action must depend on that row alone."""
    contract = PolicyContract(method="expert", task=task.id, n_obs=1, chunk=1, width=32, privileged=True)
    return Follower(task, law, contract, {"method": "expert", "task": task.id})
