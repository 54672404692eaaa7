"""Recovery and timing of every policy by part of the panel. What they are is in `reports.recovery` and `.timing`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int64

from harness.contract.fields import Array
from harness.reports.comparison import Rules
from harness.reports.leaderboard.gathering import Actor, Field
from harness.reports.recovery import Recovery, Windows, recover, windows
from harness.reports.timing import COLUMNS, Timing, timing
from harness.reports.worlds import ERROR, Scope

__all__ = ["Entry", "FaultRecovery", "Measures", "entries", "fault_recoveries", "inside", "measure"]


@dataclass(frozen=True)
class Entry:
    """One policy in a part of the panel."""

    actor: Actor
    recovery: Recovery
    timing: Timing


@dataclass(frozen=True)
class FaultRecovery:
    """One policy after one fault of a task, all conditions that have the fault together."""

    actor: Actor
    task: str
    fault: str
    conditions: tuple[str, ...]
    recovery: Recovery


@dataclass(frozen=True, eq=False)
class Measures:
    """What is read once for all parts.

    Attributes:
        columns: of timing.
        windows: faults that acted in a window.
        periods: control period of every row's task, s.
        scenes: number of every row's scene.
    """

    columns: dict[str, Float64[Array, " rows"]]
    windows: Windows
    periods: Float64[Array, " rows"]
    scenes: Int64[Array, " rows"]


def measure(field: Field) -> Measures:
    """Read the columns."""
    tasks = field.artifacts[0].metadata["manifest"]["panel"]["tasks"]
    periods = np.array([float(tasks[task]["contract"]["control_period_s"]) for task in field.tasks])
    columns = {name: field.numbers(name) for name in COLUMNS}
    return Measures(columns, windows(field.table), periods[field.task], field.worlds.cluster[field.world])


def inside(field: Field, scope: Scope, actor: Actor) -> Bool[Array, " rows"]:
    """Scored episodes of an actor in a part of the panel."""
    rows: Array = (field.outcome != ERROR) & (field.actor == field.actors.index(actor))
    if scope.task is not None:
        rows &= field.task == field.tasks.index(scope.task)
    if scope.condition is not None:
        rows &= field.condition == field.conditions.index(scope.condition)
    return rows


def entries(field: Field, measures: Measures, scope: Scope, actors: Sequence[Actor], rules: Rules) -> list[Entry]:
    """One entry a policy."""
    found = []
    for actor in actors:
        rows = inside(field, scope, actor)
        recovery = _recover(measures, rows[measures.windows.row], rules)
        found.append(Entry(actor, recovery, timing(measures.columns, rows)))
    return found


def fault_recoveries(field: Field, measures: Measures, actors: Sequence[Actor], rules: Rules) -> list[FaultRecovery]:
    """One entry a task, fault and policy, where there is a window at all."""
    found, told = [], []
    own = measures.windows
    for task in field.tasks:
        for actor in actors:
            rows = inside(field, Scope(task), actor)[own.row]
            told += [(task, int(fault), actor, rows & (own.fault == fault)) for fault in np.unique(own.fault[rows])]
    for task, fault, actor, chosen in sorted(told, key=lambda item: (item[0], own.faults[item[1]])):
        conditions = tuple(field.conditions[k] for k in np.unique(field.condition[own.row[chosen]]))
        recovery = _recover(measures, chosen, rules)
        found.append(FaultRecovery(actor, task, own.faults[fault], conditions, recovery))
    return found


def _recover(measures: Measures, chosen: Bool[Array, " windows"], rules: Rules) -> Recovery:
    rows, confidence = (measures.scenes, measures.periods), 1 - rules.alpha
    return recover(measures.windows, chosen, *rows, seed=rules.seed, confidence=confidence)
