"""Recovery after faults in a window, and what time does to a policy: misses, ages, latency, measured inference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow.compute as pc
from jaxtyping import Float64, Int64

from harness.contract.fields import Array
from harness.reports.leaderboard.gathering import Actor, Field
from harness.reports.pairing import Scope
from harness.reports.worlds import ERROR

__all__ = ["Measures", "Timing", "measure", "timing"]


@dataclass(frozen=True)
class Timing:
    """One policy in a part of the panel; None where there is nothing to tell.

    Attributes:
        recovered, faults: faults in a window after which progress resumed, and all of them.
        recovery_steps: median control steps until it did.
        misses: deadline misses a hundred control steps.
        latency, age: mean virtual latency of the queries and mean age of the frames, control steps.
        inference_ms: median over episodes of the measured wall time of a batch, ms.
        over_budget: share of queries whose batch took longer than the timing budget.
    """

    actor: Actor
    recovered: int
    faults: int
    recovery_steps: float | None
    misses: float | None
    latency: float | None
    age: float | None
    inference_ms: float | None
    over_budget: float | None


@dataclass(frozen=True, eq=False)
class Measures:
    """Columns that are summed or taken the median of, row by row; those of recovery are a fault each.

    Attributes:
        fault_row: the row of every fault in a window.
        fault_steps: steps until progress resumed; NaN where it did not.
    """

    columns: dict[str, Float64[Array, " rows"]]
    fault_row: Int64[Array, " faults"]
    fault_steps: Float64[Array, " faults"]


def measure(field: Field) -> Measures:
    """Read the columns."""
    names = ("queries", "steps", "deadline_misses", "latency_steps", "observation_age", "inference_ms", "over_budget")
    column = field.table["recovery"]
    flat = pc.list_flatten(column)
    recovered = pc.fill_null(pc.struct_field(flat, "recovered"), False).to_numpy().astype(bool)
    steps = pc.struct_field(flat, "steps").cast("double").to_numpy()
    rows = pc.list_parent_indices(column).to_numpy().astype(np.int64)
    return Measures({name: field.numbers(name) for name in names}, rows, np.where(recovered, steps, np.nan))


def timing(field: Field, measures: Measures, scope: Scope, actors: Sequence[Actor]) -> list[Timing]:
    """One entry a policy."""
    inside = _inside(field, scope) & (field.outcome != ERROR)
    return [_of(measures, actor, inside & (field.actor == field.actors.index(actor))) for actor in actors]


def _inside(field: Field, scope: Scope) -> Array:
    inside = np.ones(len(field.actor), bool)
    if scope.task is not None:
        inside &= field.task == field.tasks.index(scope.task)
    if scope.condition is not None:
        inside &= field.condition == field.conditions.index(scope.condition)
    return inside


def _of(measures: Measures, actor: Actor, rows: Array) -> Timing:
    own = {name: column[rows] for name, column in measures.columns.items()}
    steps = measures.fault_steps[rows[measures.fault_row]]
    return Timing(
        actor=actor,
        recovered=int((~np.isnan(steps)).sum()),
        faults=len(steps),
        recovery_steps=_median(steps),
        misses=_ratio(100 * own["deadline_misses"], own["steps"]),
        latency=_ratio(own["latency_steps"] * own["queries"], own["queries"]),
        age=_ratio(own["observation_age"] * own["steps"], own["steps"]),
        inference_ms=_median(own["inference_ms"]),
        over_budget=_ratio(own["over_budget"], own["queries"]),
    )


def _median(values: Array) -> float | None:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else None


def _ratio(above: Array, below: Array) -> float | None:
    known = ~np.isnan(above) & ~np.isnan(below)
    total = float(below[known].sum())
    return float(above[known].sum()) / total if total else None
