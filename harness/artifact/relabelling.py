"""An artifact labelled again by the rules here: what changes, and the file with it. No simulator is needed (law 9)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import pyarrow as pa

from harness.artifact.columns import conform
from harness.artifact.journal import write_parquet
from harness.artifact.labelling import relabel
from harness.artifact.reader import Artifact
from harness.artifact.schema import VERSION
from harness.evidence.company import EVERYWHERE, Company

__all__ = ["Relabelling", "relabel_artifact"]


@dataclass
class Relabelling:
    """What labelling again changes.

    Attributes:
        versions: rows by the version of their rules before.
        moves: failures by category before and after, those that keep theirs among them.
        changed: episodes whose category changes, with it before and after.
    """

    versions: Counter[str] = field(default_factory=Counter)
    moves: Counter[tuple[str, str]] = field(default_factory=Counter)
    changed: list[tuple[str, str, str]] = field(default_factory=list)

    def note(self, before: pa.Table, after: pa.Table) -> None:
        """Count the rows of a table before and after."""
        names = ["episode", "outcome", "failure_category", "label_version"]
        for old, new in zip(before.select(names).to_pylist(), after.select(names).to_pylist(), strict=True):
            self.versions[old["label_version"]] += 1
            if old["outcome"] == "failure":
                move = (old["failure_category"], new["failure_category"])
                self.moves[move] += 1
                if move[0] != move[1]:
                    self.changed.append((old["episode"], *move))


def relabel_artifact(artifact: Artifact, *, write: bool) -> Relabelling:
    """Label every row again; with `write`, the file is replaced atomically. Digests stay as they are."""
    company = Company(artifact.columns("purpose", "policy", "success", *EVERYWHERE).to_pylist())
    found = Relabelling()

    def tables() -> Iterator[pa.Table]:
        for stored in artifact.row_groups():
            before = conform(stored)
            after = relabel(before, company)
            found.note(before, after)
            yield after

    if write:
        write_parquet(artifact.path, tables(), {**artifact.metadata, "schema_version": VERSION})
    else:
        for _ in tables():
            pass
    return found
