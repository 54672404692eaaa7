"""Families of conditions as an artifact holds them: the ladders of severity that its panel climbs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from harness.faults.catalogue import AnyFault
from harness.manifest.ladders import rungs

__all__ = ["ladders", "sweeps"]

_FAULTS = TypeAdapter(tuple[AnyFault, ...])


def ladders(conditions: Mapping[str, Any], met: Collection[str]) -> dict[str, dict[int, str]]:
    """Condition by level by family, families by name and levels from mild to severe.

    Args:
        conditions: of the panel, as documents.
        met: the conditions that were met; others are left out.

    Returns:
        Nothing where a fault of the artifact is not in this catalogue.
    """
    try:
        faults = {name: _FAULTS.validate_python(items) for name, items in conditions.items()}
    except ValidationError:
        return {}
    found: dict[str, dict[int, str]] = {}
    for name, rung in sorted(rungs(faults).items(), key=lambda item: item[1]):
        if name in met:
            found.setdefault(rung.family, {})[rung.level] = name
    return found


def sweeps(faults: Collection[Mapping[str, Any]], task: str, fault: str) -> bool:
    """Whether a condition, as documents, is this fault and nothing else on a task.

    Args:
        faults: of the condition.
        task: id of the task, without the split.
        fault: such as `timing.latency`.
    """
    acting = [item["fault"] for item in faults if item["task"] in (None, task)]
    return bool(acting) and set(acting) == {fault}
