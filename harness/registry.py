"""Lazy registries: an id maps to an import string (a Python entry point); listing imports nothing heavy.

Groups: `samepanel.tasks` (objects keeping `harness.contract.task.Task`) and `samepanel.methods`
(objects keeping `harness.contract.policy.Method`), `samepanel.controls` (see `policies.controls`), `samepanel.adapters`
(functions that make a task of what a manifest says: adapter(id, settings) -> Task).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from harness.errors import ContractError, UnknownIdError

__all__ = ["declare", "declared", "ids", "load"]

_declared: dict[str, tuple[str, Mapping[str, Any]]] = {}


def declare(task: str, adapter: str, settings: Mapping[str, Any]) -> None:
    """Make a task known that a manifest describes and no package registers; a second description replaces the first.

    Raises:
        ContractError: a package registers a task of this id.
    """
    if task in _points("tasks"):
        raise ContractError(
            f"task {task!r} of a manifest",
            expected="an id of its own",
            got="that of a registered task",
            fix="rename it",
        )
    if _declared.get(task) != (adapter, settings):
        _declared[task] = (adapter, settings)
        load.cache_clear()


def declared() -> dict[str, tuple[str, Mapping[str, Any]]]:
    """Adapter and settings of every declared task, for another process to declare them too."""
    return dict(_declared)


@cache
def _points(group: str) -> dict[str, EntryPoint]:
    found: dict[str, EntryPoint] = {}
    for point in entry_points(group=f"samepanel.{group}"):
        other = found.get(point.name)
        if other is not None and other.value != point.value:
            raise ContractError(
                f"{group[:-1]} {point.name!r} is registered twice",
                got=f"{other.value} and {point.value}",
                fix="rename one of them, or uninstall the package that brings it",
            )
        found[point.name] = point
    return found


def ids(group: str) -> list[str]:
    """Sorted ids of a group: "tasks", "methods", "controls" or "adapters"."""
    return sorted({*_points(group), *(_declared if group == "tasks" else ())})


@cache
def load(group: str, name: str) -> Any:
    """The object behind an id. Raises UnknownIdError with the nearest id."""
    if group == "tasks" and name in _declared:
        adapter, settings = _declared[name]
        return load("adapters", adapter)(name, settings)
    points = _points(group)
    if name not in points:
        raise UnknownIdError.of(group[:-1], name, ids(group))
    return points[name].load()
