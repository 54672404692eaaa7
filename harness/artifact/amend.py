"""Adding to an artifact what was found out afterwards: verdicts on its rows, and the probe rows they point at."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from harness.artifact.columns import conform, table
from harness.artifact.journal import write_parquet
from harness.artifact.labelling import relabel
from harness.artifact.reader import Artifact
from harness.artifact.schema import SCHEMA, VERSION
from harness.evidence.company import EVERYWHERE, Company

__all__ = ["VERDICT_COLUMNS", "amend"]

VERDICT_COLUMNS = ("cause", "verdict", "point_of_no_return")
GROUP = 256
"""Probe rows a row group."""


def amend(
    artifact: Artifact,
    verdicts: Mapping[str, Mapping[str, Any]],
    probes: Sequence[dict[str, Any]],
    metadata: Mapping[str, Any],
) -> None:
    """Rewrite the file in place, atomically. Episodes, their digests and the digest of the run stay as they are.

    Args:
        artifact: to be amended.
        verdicts: values of `VERDICT_COLUMNS` by episode; earlier ones, and the probes they point at, are replaced.
        probes: rows as built from rollouts; one that is there already is replaced.
        metadata: entries to add or replace.
    """
    light = artifact.columns("episode", "purpose", "policy", "success", "verdict", *EVERYWHERE).to_pylist()
    judged = [row["verdict"] for row in light if row["episode"] in verdicts and row["verdict"]]
    gone = {probe for verdict in judged for probe in verdict["probes"]} | {row["episode"] for row in probes}
    company = Company(light)
    document = {**artifact.metadata, **metadata, "schema_version": VERSION}

    def tables() -> Iterator[pa.Table]:
        for stored in artifact.row_groups():
            kept = _without(conform(stored), gone)
            if kept.num_rows:
                yield _with_verdicts(kept, verdicts)
        for first in range(0, len(probes), GROUP):
            yield relabel(table(probes[first : first + GROUP]), company)

    write_parquet(artifact.path, tables(), document)


def _without(stored: pa.Table, gone: Collection[str]) -> pa.Table:
    return stored.filter(pc.invert(pc.is_in(stored["episode"], pa.array(sorted(gone), pa.string()))))


def _with_verdicts(stored: pa.Table, verdicts: Mapping[str, Mapping[str, Any]]) -> pa.Table:
    episodes = stored["episode"].to_pylist()
    for name in VERDICT_COLUMNS:
        old = stored[name].to_pylist()
        values = [verdicts[e][name] if e in verdicts else before for e, before in zip(episodes, old, strict=True)]
        stored = stored.set_column(
            SCHEMA.get_field_index(name), SCHEMA.field(name), pa.array(values, SCHEMA.field(name).type)
        )
    return stored
