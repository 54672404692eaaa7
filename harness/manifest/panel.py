"""The panel: all that can change an outcome, policies apart, with its hash. Two results compare only on one panel."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from harness.contract.fields import ContractModel
from harness.contract.task import Split, TaskContract
from harness.faults.catalogue import AnyFault
from harness.hashing import content_hash

__all__ = ["SEMANTICS", "Panel", "PanelTask", "first_difference"]

SEMANTICS = 1
"""Version of the harness's own rules (control step, chunk execution, fault composition); a change makes new panels."""


class PanelTask(ContractModel):
    """One task of a panel, on one split; `scenes` are the indexes."""

    contract: TaskContract
    split: Split
    scenes: tuple[int, ...]


class Panel(ContractModel):
    """Resolved panel. `Panel.model_validate(panel.document)` gives it back, so that an artifact carries its panel.

    Attributes:
        semantics: the harness's `SEMANTICS`.
        seed: panel seed.
        replicates: repetitions of every scene.
        tasks: by `task/split`.
        conditions: by name, faults in canonical order.
    """

    semantics: int
    seed: int
    replicates: int
    tasks: dict[str, PanelTask]
    conditions: dict[str, tuple[AnyFault, ...]]

    @cached_property
    def document(self) -> dict[str, Any]:
        """The panel as JSON: what `panel_id` hashes."""
        return self.model_dump(mode="json")

    @cached_property
    def panel_id(self) -> str:
        """Content hash; the order of tasks, conditions and faults in a manifest does not matter."""
        return content_hash(self.document)


def first_difference(first: object, second: object, path: str = "") -> str | None:
    """Path and values of the first field, in sorted order, in which two panel documents differ; None if they agree."""
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        return _first_of(dict(first), dict(second), path)
    if isinstance(first, list) and isinstance(second, list):
        return _first_of(dict(enumerate(first)), dict(enumerate(second)), path)
    return None if first == second else f"{path}: {_brief(first)} against {_brief(second)}"


def _first_of(first: dict[Any, Any], second: dict[Any, Any], path: str) -> str | None:
    absent = object()
    for key in sorted(first.keys() | second.keys()):
        below = f"{path}.{key}" if path else str(key)
        one, other = first.get(key, absent), second.get(key, absent)
        if one is absent or other is absent:
            return f"{below}: only in the {'second' if one is absent else 'first'}"
        if found := first_difference(one, other, below):
            return found
    return None


def _brief(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
