"""What time does to a policy: virtual latency, deadline misses, ages; apart from it, what inference really took."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Bool, Float64

from harness.artifact.reader import Artifact
from harness.contract.fields import Array

__all__ = ["COLUMNS", "Timing", "action_ages", "timing"]

COLUMNS = (
    "queries",
    "steps",
    "deadline_misses",
    "latency_steps",
    "observation_age",
    "observation_age_max",
    "inference_ms",
    "inference_ms_max",
    "over_budget",
)
"""What is read; `action_age` (see `action_ages`) may be added to them."""


@dataclass(frozen=True)
class Timing:
    """Some episodes of one policy; None where there is nothing to tell.

    Attributes:
        latency: mean virtual latency of the queries, control steps.
        misses: deadline misses a hundred control steps.
        observation_age, observation_age_max: mean and largest age of a delivered frame, control steps.
        action_age: mean time since the query that gave a command, control steps; held commands have none.
        inference_p50, inference_p95: of the episodes' median wall times of a batch, ms.
        inference_max: the longest wall time of a batch, ms.
        over_budget: share of queries whose batch took longer than the timing budget.
    """

    latency: float | None
    misses: float | None
    observation_age: float | None
    observation_age_max: float | None
    action_age: float | None
    inference_p50: float | None
    inference_p95: float | None
    inference_max: float | None
    over_budget: float | None


def timing(columns: Mapping[str, Float64[Array, " rows"]], rows: Bool[Array, " rows"]) -> Timing:
    """Sum up the chosen rows; NaN is unknown and left out.

    Args:
        columns: those of `COLUMNS`, and perhaps `action_age`.
        rows: which count; none that ended in an error.
    """
    own = {name: column[rows] for name, column in columns.items()}
    unknown = np.full(int(rows.sum()), np.nan)
    return Timing(
        latency=_mean(own["latency_steps"], own["queries"]),
        misses=_ratio(100 * own["deadline_misses"], own["steps"]),
        observation_age=_mean(own["observation_age"], own["steps"]),
        observation_age_max=_quantile(own["observation_age_max"], 1),
        action_age=_mean(own.get("action_age", unknown), own["steps"] - own["deadline_misses"]),
        inference_p50=_quantile(own["inference_ms"], 0.5),
        inference_p95=_quantile(own["inference_ms"], 0.95),
        inference_max=_quantile(own["inference_ms_max"], 1),
        over_budget=_ratio(own["over_budget"], own["queries"]),
    )


def action_ages(artifact: Artifact) -> Float64[Array, " rows"]:
    """Mean control steps from the query that gave a command to the step of the command, row by row; NaN without any.

    Reads one list of the traces, and nothing else of them.

    Raises:
        ArtifactError: the file is damaged.
    """
    parts = [_ages(batch) for batch in artifact.columns("trace.plan_step").to_batches(max_chunksize=4096)]
    return np.concatenate(parts) if parts else np.zeros(0)


def _ages(batch: pa.RecordBatch) -> Float64[Array, " rows"]:
    column = batch.column(0)
    asked = pc.list_flatten(column).to_numpy(zero_copy_only=False)
    row = pc.list_parent_indices(column).to_numpy(zero_copy_only=False)
    first = np.searchsorted(row, row)  # rows come in order
    age = np.arange(len(row)) - first - asked
    covered = asked >= 0
    count = np.bincount(row[covered], minlength=len(batch))
    total = np.bincount(row[covered], weights=age[covered], minlength=len(batch))
    mean: Array = np.divide(total, count, out=np.full(len(batch), np.nan), where=count > 0)
    return mean


def _quantile(values: Float64[Array, " rows"], level: float) -> float | None:
    known = values[~np.isnan(values)]
    return float(np.quantile(known, level)) if len(known) else None


def _mean(values: Float64[Array, " rows"], weights: Float64[Array, " rows"]) -> float | None:
    return _ratio(values * weights, weights)


def _ratio(above: Float64[Array, " rows"], below: Float64[Array, " rows"]) -> float | None:
    known = ~np.isnan(above) & ~np.isnan(below)
    total = float(below[known].sum())
    return float(above[known].sum()) / total if total else None
