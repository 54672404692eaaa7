"""Tables of the present schema: from rows in Python, with long lists built from whole arrays, and from older files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from harness.artifact.schema import SCHEMA
from harness.contract.fields import Array

__all__ = ["conform", "table"]


def table(rows: Sequence[dict[str, Any]]) -> pa.Table:
    """A table in schema v1; absent keys are null. `trace` holds numpy arrays and a dict of signals."""
    columns = []
    for field in SCHEMA:
        if field.name == "trace":
            columns.append(_traces([row["trace"] for row in rows], field.type))
        else:
            columns.append(pa.array([row.get(field.name) for row in rows], field.type))
    return pa.Table.from_arrays(columns, schema=SCHEMA)


def conform(stored: pa.Table) -> pa.Table:
    """Rows of an earlier minor version, with the columns that it lacks as nulls."""
    columns = [
        stored[field.name] if field.name in stored.column_names else pa.nulls(stored.num_rows, field.type)
        for field in SCHEMA
    ]
    return pa.Table.from_arrays(columns, schema=SCHEMA)


def _traces(traces: Sequence[dict[str, Any]], kind: pa.StructType) -> pa.StructArray:
    children = []
    for field in kind:
        values = [trace[field.name] for trace in traces]
        if pa.types.is_map(field.type):
            children.append(_maps(values, field.type))
        elif pa.types.is_list(field.type.value_type):
            children.append(_matrices(values, field.type))
        else:
            children.append(_vectors(values, field.type))
    return pa.StructArray.from_arrays(children, fields=list(kind))


def _offsets(lengths: Sequence[int]) -> pa.Array:
    return pa.array(np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32))


def _vectors(values: Sequence[Array | Sequence[int]], kind: pa.ListType) -> pa.ListArray:
    arrays = [np.asarray(value, kind.value_type.to_pandas_dtype()) for value in values]
    return pa.ListArray.from_arrays(_offsets([len(a) for a in arrays]), pa.array(np.concatenate(arrays)), type=kind)


def _matrices(values: Sequence[Array], kind: pa.ListType) -> pa.ListArray:
    numbers = pa.array(np.concatenate([value.reshape(-1) for value in values]).astype(np.float32, copy=False))
    widths = [value.shape[1] for value in values for _ in range(len(value))]
    inner = pa.ListArray.from_arrays(_offsets(widths), numbers, type=kind.value_type)
    return pa.ListArray.from_arrays(_offsets([len(value) for value in values]), inner, type=kind)


def _maps(values: Sequence[dict[str, Array]], kind: pa.MapType) -> pa.MapArray:
    keys = pa.array([name for value in values for name in value], pa.string())
    items = [vector for value in values for vector in value.values()]
    inner = _vectors(items, kind.item_type) if items else pa.array([], kind.item_type)
    return pa.MapArray.from_arrays(_offsets([len(value) for value in values]), keys, inner, type=kind)
