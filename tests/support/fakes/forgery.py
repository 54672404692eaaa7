"""Altering artifacts the way somebody with a parquet library would, clumsily or with care."""

from __future__ import annotations

import json

import pyarrow as pa
import pyarrow.parquet as pq

from harness.artifact.digest import run_digest, stored_chain
from harness.artifact.schema import SCHEMA


def forge(source, target, *, rows=None, metadata=None):
    """Copy an artifact; `rows` gets the list of rows, `metadata` the dict of metadata, and each may change it."""
    table = pq.read_table(source)
    stored = {key.decode().removeprefix("samepanel."): json.loads(value) for key, value in _ours(table).items()}
    found = table.to_pylist(maps_as_pydicts="strict")
    if rows is not None:
        rows(found)
    if metadata is not None:
        metadata(stored)
    encoded = {f"samepanel.{key}".encode(): json.dumps(value).encode() for key, value in stored.items()}
    pq.write_table(pa.Table.from_pylist([_maps(row) for row in found], SCHEMA.with_metadata(encoded)), target)
    return target


def rehash(row):
    """Make a row's chain follow from its altered trace."""
    made = stored_chain(row)
    row["trace"]["chain"], row["digest"] = made.links, made.digest


def redigest(source, target):
    """Make the digest of the run follow from the altered rows."""
    digests = pq.read_table(source, columns=["digest"])["digest"].to_pylist()
    return forge(source, target, metadata=lambda stored: stored.update(digest=run_digest(digests)))


def _ours(table):
    return {key: value for key, value in table.schema.metadata.items() if key.startswith(b"samepanel.")}


def _maps(row):
    """Arrow takes maps as lists of pairs."""
    row = dict(row)
    for name in ("scene_variables", "signals_max", "signals_min", "exposure"):
        row[name] = list(row[name].items()) if row[name] is not None else None
    row["trace"] = row["trace"] | {"signals": list(row["trace"]["signals"].items())}
    return row
