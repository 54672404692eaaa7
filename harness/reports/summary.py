"""The summary of an artifact: success by policy, task and condition, failure categories, validity of the controls."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from harness.artifact.reader import Artifact
from harness.evidence.controls import ControlCheck
from harness.statistics.proportions import Proportion, wilson

__all__ = ["Cell", "Summary", "summarise"]


@dataclass(frozen=True)
class Cell:
    """One policy on one task and split under one condition; errors are counted and not scored (law 8)."""

    success: Proportion
    errors: int
    categories: Counter[str]


@dataclass(frozen=True)
class Summary:
    """What `samepanel show` prints.

    Attributes:
        cells: by (task/split, policy, condition).
        methods: labels of the panel's policies by method; of several training seeds, a method has several.
        controls: labels of the controls.
        tasks: task/split, in order of appearance.
        conditions: `nominal` first.
        valid: whether every control is in its band.
    """

    cells: dict[tuple[str, str, str], Cell]
    methods: dict[str, tuple[str, ...]]
    controls: tuple[str, ...]
    tasks: tuple[str, ...]
    conditions: tuple[str, ...]
    episodes: int
    errors: int
    valid: bool
    checks: tuple[ControlCheck, ...]

    @property
    def policies(self) -> tuple[str, ...]:
        """Labels of the panel's policies."""
        return tuple(label for labels in self.methods.values() for label in labels)


def summarise(artifact: Artifact) -> Summary:
    """Count. Reads only the light columns."""
    names = ("purpose", "policy", "method", "task", "split", "condition", "outcome", "failure_category")
    table = artifact.columns(*names)
    rows = list(zip(*(table[name].to_pylist() for name in names), strict=True))
    outcomes: dict[tuple[str, str, str], Counter[str]] = {}
    categories: dict[tuple[str, str, str], Counter[str]] = {}
    purposes: dict[str, str] = {}
    methods: dict[str, dict[str, None]] = {}
    for purpose, policy, method, task, split, condition, outcome, category in rows:
        if purpose == "probe":
            continue
        key = (f"{task}/{split}", policy, condition)
        purposes[policy] = purpose
        if purpose == "panel":
            methods.setdefault(method, {})[policy] = None
        outcomes.setdefault(key, Counter())[outcome] += 1
        categories.setdefault(key, Counter())[category] += 1
    cells = {key: _cell(count, categories[key]) for key, count in outcomes.items()}
    controls = artifact.metadata["controls"]
    return Summary(
        cells=cells,
        methods={name: tuple(labels) for name, labels in methods.items()},
        controls=tuple(name for name, purpose in purposes.items() if purpose == "control"),
        tasks=tuple(dict.fromkeys(key[0] for key in cells)),
        conditions=tuple(sorted({key[2] for key in cells}, key=lambda name: (name != "nominal", name))),
        episodes=len(rows),
        errors=sum(cell.errors for cell in cells.values()),
        valid=bool(controls["valid"]),
        checks=tuple(ControlCheck(**check) for check in controls["checks"]),
    )


def _cell(outcomes: Counter[str], categories: Counter[str]) -> Cell:
    scored = outcomes["success"] + outcomes["failure"]
    del categories["none"]
    return Cell(wilson(outcomes["success"], scored), outcomes["error"], categories)
