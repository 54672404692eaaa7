"""Lazy registries: an id maps to an import string (a Python entry point); listing imports nothing heavy.

Groups: `samepanel.tasks` (objects keeping `harness.contract.task.Task`) and `samepanel.methods`
(objects keeping `harness.contract.policy.Method`), `samepanel.controls` (see `policies.controls`).
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from harness.errors import ContractError, UnknownIdError

__all__ = ["ids", "load"]


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
    """Sorted ids of a group: "tasks", "methods" or "controls"."""
    return sorted(_points(group))


@cache
def load(group: str, name: str) -> Any:
    """The object behind an id. Raises UnknownIdError with the nearest id."""
    points = _points(group)
    if name not in points:
        raise UnknownIdError.of(group[:-1], name, points)
    return points[name].load()
