"""The panel as a page: conditions with their faults, and the contract of every task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.artifact.reader import Artifact
from harness.manifest.documents import NOMINAL

__all__ = ["panel_page"]

_ELSEWHERE = ("fault", "task", "name", "window")


def panel_page(artifact: Artifact) -> dict[str, Any]:
    """What the template of the page names."""
    panel = artifact.metadata["manifest"]["panel"]
    names = sorted(panel["conditions"], key=lambda name: (name != NOMINAL, name))
    return {
        "heading": "Panel",
        "conditions": [(name, [_fault(fault) for fault in panel["conditions"][name]]) for name in names],
        "tasks": sorted(panel["tasks"].items()),
        "facts_": [
            ("seed", panel["seed"]),
            ("replicates of a scene", panel["replicates"]),
            ("semantics", panel["semantics"]),
        ],
    }


def _fault(fault: Mapping[str, Any]) -> dict[str, Any]:
    told = [f"{key} {_value(value)}" for key, value in fault.items() if key not in _ELSEWHERE and value is not None]
    return {"name": fault["fault"], "task": fault["task"], "parameters": ", ".join(told + _window(fault["window"]))}


def _window(window: Mapping[str, Any]) -> list[str]:
    if (window["start"], window["stop"], window["length"]) == ("0 %", "100 %", None):
        return []
    length = f", for {window['length']}" if window["length"] else ""
    return [f"between {window['start']} and {window['stop']}{length}"]


def _value(value: object) -> str:
    return " to ".join(map(str, value)) if isinstance(value, list) else str(value)
