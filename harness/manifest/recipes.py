"""Recipes and execution of policies: shared settings, what differs on a task, and the method that validates them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from harness import registry
from harness.contract.policy import Execution
from harness.errors import ContractError, ManifestError, UnknownIdError
from harness.manifest.complaints import complaint, foremost
from harness.manifest.definitions import NamedPolicy
from harness.manifest.documents import TaskOverride
from harness.manifest.manifest import PolicySpec

__all__ = ["specify"]


def specify(policy: NamedPolicy, task: str, seed: int) -> PolicySpec:
    """The policy on one task with one training seed. Raises ManifestError naming file and key."""
    definition = policy.definition
    _check_ids(policy)
    method = registry.load("methods", definition.method)
    override = definition.tasks.get(task, TaskOverride())
    recipe = _merged(definition.recipe, override.recipe)
    execution = definition.execution.model_dump(exclude_unset=True) | override.execution.model_dump(exclude_unset=True)
    spec = PolicySpec(
        name=policy.name,
        method=definition.method,
        version=method.version,
        task=task,
        seed=seed,
        recipe=_settled(method.recipe, recipe, policy, task, "recipe"),
        execution=_settled(Execution, execution, policy, task, "execution"),
        demonstrations=override.demonstrations or definition.demonstrations,
    )
    _check_selection(spec, _where(policy, task, ("demonstrations", "within")))
    _check_chunk(spec, _where(policy, task, ("execution", "execute")))
    _check_fit(spec, lambda setting: _where(policy, task, ("recipe", setting)))
    return spec


def _check_selection(spec: PolicySpec, where: str) -> None:
    known = registry.load("tasks", spec.task).contract.resets["train"]
    for name in spec.demonstrations.within:
        if name not in known:
            fix = UnknownIdError.of("reset variable", name, known).fix
            raise ManifestError(where, got=f"unknown reset variable {name!r} of {spec.task}", fix=fix)


def _check_chunk(spec: PolicySpec, where: str) -> None:
    """A plan must last until the next query; a method whose recipe has no `chunk` is checked when it is loaded."""
    chunk = getattr(spec.recipe, "chunk", None)
    if isinstance(chunk, int) and spec.execution.execute > chunk:
        raise ManifestError(
            where, expected=f"at most {chunk}, the chunk of its recipe", got=str(spec.execution.execute)
        )


def _check_fit(spec: PolicySpec, where: Callable[[str], str]) -> None:
    """A recipe may refuse a task that has not what it asks for, as a camera; a recipe without a `check` takes any."""
    check = getattr(spec.recipe, "check", None)
    if check is None:
        return
    try:
        check(registry.load("tasks", spec.task).contract, where)
    except ContractError as error:
        raise ManifestError(error.whose, expected=error.expected, got=error.got, fix=error.fix) from error


def _check_ids(policy: NamedPolicy) -> None:
    known, method = registry.ids("methods"), policy.definition.method
    if method not in known:
        where = policy.source.where(("policies", policy.name, "method"))
        fix = UnknownIdError.of("method", method, known).fix
        raise ManifestError(where, got=f"unknown method {method!r}", fix=fix)
    tasks = registry.ids("tasks")
    for task in policy.definition.tasks:
        if task not in tasks:
            where = policy.source.where(("policies", policy.name, "tasks", task))
            raise ManifestError(where, got=f"unknown task {task!r}", fix=UnknownIdError.of("task", task, tasks).fix)


def _merged(shared: Mapping[str, Any], override: Mapping[str, Any]) -> dict[str, Any]:
    """`override` over `shared`, mapping by mapping."""
    merged = dict(shared)
    for key, value in override.items():
        below = merged.get(key)
        if isinstance(below, Mapping) and isinstance(value, Mapping):
            value = _merged(below, value)
        merged[key] = value
    return merged


def _settled[M: BaseModel](model: type[M], settings: dict[str, Any], policy: NamedPolicy, task: str, key: str) -> M:
    try:
        return model.model_validate(settings)
    except ValidationError as error:
        where = _where(policy, task, (key, *foremost(error)["loc"]))
        raise complaint(error, model, where) from error


def _where(policy: NamedPolicy, task: str, location: tuple[str | int, ...]) -> str:
    """The task's own entry if it gives the key, else the shared one."""
    own: tuple[str | int, ...] = ("policies", policy.name, "tasks", task, *location)
    data = policy.source.data
    for key in own:
        if not isinstance(data, Mapping) or key not in data:
            return policy.source.where(("policies", policy.name, *location))
        data = data[key]
    return policy.source.where(own)
