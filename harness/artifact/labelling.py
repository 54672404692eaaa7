"""Labels of a table of rows (law 9: a pure function of them), for the run that writes them and for who checks them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from harness.artifact.schema import SCHEMA
from harness.evidence.company import EVERYWHERE, Company
from harness.evidence.labels import LABEL_VERSION, label

__all__ = ["LABEL_COLUMNS", "relabel"]

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
    "start_distance",
    "demonstration_distance",
)


def relabel(stored: pa.Table, company: Company) -> pa.Table:
    """The rows with fresh labels.

    Args:
        stored: whole rows of the present schema; `conform` brings older ones there.
        company: all rows of the artifact.
    """
    labels = [label(row, company.elsewhere(row)) for row in _evidence(stored)]
    values = {
        "failure_category": [item.category for item in labels],
        "failure_evidence": [item.evidence for item in labels],
        "label_version": [LABEL_VERSION] * len(labels),
    }
    for name in LABEL_COLUMNS:
        index = SCHEMA.get_field_index(name)
        stored = stored.set_column(index, SCHEMA.field(name), pa.array(values[name], SCHEMA.field(name).type))
    return stored


def _evidence(stored: pa.Table) -> Iterator[dict[str, Any]]:
    """What the rules read, row by row; the long vectors of the trace that they do not read stay in Arrow."""
    trace = stored["trace"]
    plans, progress = (pc.struct_field(trace, name).to_pylist() for name in ("plan_step", "progress"))
    rows = stored.select(["outcome", "policy", *EVERYWHERE, *_INPUTS]).to_pylist(maps_as_pydicts="strict")
    for row, plan_step, levels in zip(rows, plans, progress, strict=True):
        yield row | {"trace": {"plan_step": plan_step, "progress": levels}}
