"""What is checked of an environment when it is loaded (law 12): that it fits its contract and keeps its seed."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version

import numpy as np
from jaxtyping import Float64

from harness.contract.fields import Array, bounds
from harness.contract.task import SPLITS, TaskContract
from harness.errors import ContractError, PrerequisiteError
from harness.seeding import generator
from tasks.engines.gymnasium_memory import Description, Order
from tasks.engines.gymnasium_pool import Pool

__all__ = ["SEED", "check_contract", "check_fit", "check_packages", "check_repeats"]

SEED = "seed"
"""The one reset variable of a Gymnasium task: what is left of a fraction is its seed."""

_STEPS = 10
_SEEDS = (2, 11)


def check_packages(contract: TaskContract, extra: str) -> None:
    """Raise PrerequisiteError unless the packages of `contract.simulator`, "name version, ...", are here, just these.

    Other versions give other bits.
    """
    wanted = [part.split() for part in contract.simulator.split(",") if part.strip()]
    for name, number in wanted:
        try:
            found = version(name)
        except PackageNotFoundError:
            found = ""
        if found != number:
            pins = " ".join(f"{pin}=={exact}" for pin, exact in wanted)
            source = f"'samepanel[{extra}]'" if extra else pins
            raise PrerequisiteError(
                f"task {contract.id}",
                expected=f"{name} {number}",
                got=found or "no such package",
                fix=f"pip install {source}",
            )


def check_contract(contract: TaskContract, signals: Iterable[str]) -> None:
    """Raise ContractError unless the contract asks only for what any Gymnasium environment can do."""
    whose = f"task {contract.id}"
    for split in SPLITS:
        if set(contract.resets[split]) != {SEED}:
            raise ContractError(whose, expected=f"{SEED!r} as the only reset variable", got=str(contract.resets[split]))
    if contract.dynamics or contract.object is not None:
        raise ContractError(
            whose,
            expected="no dynamics factors, and no object to push or shift",
            got=f"{contract.dynamics or contract.object!r}",
            fix="a Gymnasium environment has no interface for them; leave `dynamics` empty and `object` None",
        )
    names = [signal.name for signal in contract.signals]
    if sorted(names) != sorted(signals):
        raise ContractError(whose, expected=f"signals {names}", got=str(list(signals)), fix="measure each of them")


def check_fit(contract: TaskContract, environment: str, found: Description) -> None:
    """Raise ContractError unless the environment's spaces and its step limit are what the contract says."""
    whose = f"task {contract.id}, environment {environment}"
    for kind, promised, size in (
        ("observation", contract.observation_width, found.observation),
        ("action", contract.action_width, found.action),
    ):
        if promised != size:
            raise ContractError(whose, expected=f"{kind}s of {promised} components", got=str(size))
    low, high = bounds(contract.action)
    if (low < np.array(found.low, np.float32)).any() or (high > np.array(found.high, np.float32)).any():
        raise ContractError(
            whose,
            expected=f"actions from {low.tolist()} to {high.tolist()}",
            got=f"its own bounds, {list(found.low)} to {list(found.high)}",
            fix="keep the contract's bounds inside those of the environment",
        )
    if found.steps is not None and found.steps < contract.horizon:
        raise ContractError(
            whose,
            expected=f"room for {contract.horizon} steps",
            got=f"a limit of {found.steps}",
            fix="lower the horizon, or give `max_episode_steps` in the environment's arguments",
        )


def check_repeats(contract: TaskContract, environment: str, pool: Pool, other: int) -> None:
    """Raise ContractError unless a reset with a seed, and the steps after it, can be had again bit for bit.

    Args:
        contract: of the task.
        environment: its name in messages.
        pool: whose slots 0 and `other` are used.
        other: a slot of another environment, in another process where there are two.
    """
    whose = f"task {contract.id}, environment {environment}"
    first, between = _SEEDS
    steps = min(_STEPS, contract.horizon)
    told = _trace(contract, whose, pool, (0, first), steps)
    _trace(contract, whose, pool, (0, between), steps)
    for slot in (0, other):
        again = _trace(contract, whose, pool, (slot, first), steps)
        if not _same(told[:1], again[:1]):
            raise ContractError(
                whose,
                expected=f"the same first observation from two resets with seed {first}",
                got="others: it ignores its seed",
                fix="draw every start from `self.np_random` after `super().reset(seed=seed)`",
            )
        if not _same(told, again):
            raise ContractError(
                whose,
                expected=f"the same {steps} steps from one seed under the same actions",
                got="others: something it draws, or keeps from the episode before, is not decided by its seed",
                fix="seed every draw in `reset`, and start every episode from nothing but the seed",
            )


def _trace(
    contract: TaskContract, whose: str, pool: Pool, where: tuple[int, int], steps: int
) -> Float64[Array, "moments record"]:
    """A reset and some random steps in a slot."""
    slot, seed = where
    low, high = bounds(contract.action)
    draws = generator(contract.id, "gymnasium/check").random((steps, contract.action_width), np.float32)
    pool.shared.actions[slot, :steps] = np.clip(low + draws * (high - low), low, high)
    failed = pool.run([Order(slot, seed, 0, steps)])
    if failed:
        raise ContractError(whose, expected=f"a reset with seed {seed} and {steps} steps", got=failed[slot].reason)
    return pool.shared.records[slot, : steps + 1].copy()


def _same(first: Array, second: Array) -> bool:
    return first.tobytes() == second.tobytes()
