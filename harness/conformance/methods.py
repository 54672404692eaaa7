"""The checks of a method: a checkpoint is a function of its job, says what it is, and is refused when it is damaged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from harness.conformance.policies import check_policy
from harness.conformance.workbench import demand
from harness.contract.policy import Execution, Method, Pictures, Policy, Runtime, TrainingJob
from harness.contract.task import Task
from harness.demonstrations import dataset_hash
from harness.errors import CheckpointError
from harness.hashing import file_hash

__all__ = ["check_method"]

_WEIGHTS, _CARD = "weights.safetensors", "card.json"


def check_method(
    method: Method, task: Task, recipe: Mapping[str, Any], directory: Path, pictures: Pictures | None = None
) -> Policy:
    """Train it three times on the CPU, briefly if the recipe says so, and check what comes out.

    Args:
        method: under test.
        task: with its demonstrations.
        recipe: settings; take small ones.
        directory: an empty folder for the checkpoints.
        pictures: of the demonstrations, for a method that trains on images.

    Returns:
        The policy of the first checkpoint, which has passed `check_policy`.

    Raises:
        ContractError: at the first promise that is broken.
    """
    whose = f"method {method.name!r}"
    demand(issubclass(method.recipe, BaseModel), whose, expected="a recipe that is a pydantic model")
    demand(isinstance(method.version, int) and method.version > 0, whose, expected="a version from 1 on")
    job = _job(method, task, recipe, directory / "first", pictures)
    jobs = (job, replace(job, directory=directory / "again"), replace(job, directory=directory / "other", seed=1))
    for item in jobs:
        method.train(item, lambda step, total, loss: None)
        files = {path.name for path in item.directory.iterdir()}
        demand({_WEIGHTS, _CARD} <= files, whose, expected=f"{_WEIGHTS} and {_CARD}", got=str(sorted(files)))
    first, again, other = (file_hash(item.directory / _WEIGHTS) for item in jobs)
    demand(first == again, whose, expected="the same weights from the same seed", got="others", fix="seed every draw")
    demand(first != other, whose, expected="other weights from another seed", got="the same", fix="use the job's seed")
    policy = method.load(job.directory, task.contract, job.runtime)
    demand(policy.contract.method == method.name, whose, expected="policies of its name", got=policy.contract.method)
    check_policy(policy, task.engine(1))
    _demand_refusal(method, task, jobs[1], whose)
    return policy


def _job(
    method: Method, task: Task, recipe: Mapping[str, Any], directory: Path, pictures: Pictures | None
) -> TrainingJob:
    return TrainingJob(
        task=task.contract,
        dataset=task.demonstrations,
        dataset_hash=dataset_hash(task.demonstrations),
        recipe=method.recipe.model_validate(recipe),
        execution=Execution(execute=1),
        seed=0,
        directory=directory,
        runtime=Runtime(threads=1, device="cpu"),
        pictures=pictures,
    )


def _demand_refusal(method: Method, task: Task, job: TrainingJob, whose: str) -> None:
    """Damaged weights, and weights of another task, are refused with CheckpointError."""
    foreign = task.contract.model_copy(update={"id": "another-task-v1"})
    weights = job.directory / _WEIGHTS
    for contract, case in ((foreign, "a checkpoint of another task"), (task.contract, "damaged weights")):
        if contract is task.contract:
            weights.write_bytes(weights.read_bytes()[:-1])
        try:
            method.load(job.directory, contract, job.runtime)
        except CheckpointError:
            continue
        demand(False, whose, expected=f"{case} to be refused", got="a policy", fix="raise CheckpointError")
