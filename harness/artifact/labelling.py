"""Labels of a table of rows (law 9: a pure function of them), for the run that writes them and for who checks them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from harness.artifact.schema import SCHEMA
from harness.evidence.labels import LABEL_VERSION, label

__all__ = ["EVERYWHERE", "LABEL_COLUMNS", "expert_outcomes", "relabel"]

EVERYWHERE = ("task", "split", "condition", "scene", "replicate")
"""What the rows of all policies in one world share."""
LABEL_COLUMNS = ("failure_category", "failure_evidence", "label_version")
_INPUTS = (
    "diverged",
    "steps",
    "deadline_misses",
    "latency_steps",
    "faults",
    "exposure",
    "saturation",
    "action_error",
    "demonstration_distance",
)

type World = tuple[Any, ...]


def expert_outcomes(rows: Iterable[Mapping[str, Any]]) -> dict[World, bool | None]:
    """Whether the expert solved a world, by the values of `EVERYWHERE`; None where its episode was an error.

    Args:
        rows: need `purpose`, `policy`, `success` and `EVERYWHERE`; probes are passed over.
    """
    planned = (row for row in rows if row["purpose"] != "probe")
    return {_world(row): row["success"] for row in planned if row["policy"] == "expert"}


def relabel(stored: pa.Table, expert_solved: Mapping[World, bool | None]) -> pa.Table:
    """The rows with fresh labels.

    Args:
        stored: whole rows of schema v1.
        expert_solved: see `expert_outcomes`; worlds that the expert did not meet are absent.
    """
    labels = [label(row, expert_solved=expert_solved.get(_world(row))) for row in _evidence(stored)]
    values = {
        "failure_category": [item.category for item in labels],
        "failure_evidence": [item.evidence for item in labels],
        "label_version": [LABEL_VERSION] * len(labels),
    }
    for name in LABEL_COLUMNS:
        index = SCHEMA.get_field_index(name)
        stored = stored.set_column(index, SCHEMA.field(name), pa.array(values[name], SCHEMA.field(name).type))
    return stored


def _world(row: Mapping[str, Any]) -> World:
    return tuple(row[name] for name in EVERYWHERE)


def _evidence(stored: pa.Table) -> Iterator[dict[str, Any]]:
    """What the rules read, row by row; the long vectors of the trace that they do not read stay in Arrow."""
    trace = stored["trace"]
    plans, progress = (pc.struct_field(trace, name).to_pylist() for name in ("plan_step", "progress"))
    rows = stored.select(["outcome", "policy", *EVERYWHERE, *_INPUTS]).to_pylist(maps_as_pydicts="strict")
    for row, plan_step, levels in zip(rows, plans, progress, strict=True):
        yield row | {"trace": {"plan_step": plan_step, "progress": levels}}
