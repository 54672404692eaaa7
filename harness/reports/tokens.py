"""Codes of discrete policies over their nominal episodes, read off an artifact; see also `evidence.tokens`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from harness.artifact.reader import Artifact
from harness.errors import ArtifactError
from harness.evidence.tokens import Suspect, Switching, suspects, switching
from harness.manifest.documents import NOMINAL

__all__ = ["LEVEL", "CodesOver", "codes_over"]

LEVEL = 0.05
"""Of the family of tests of one policy on one task."""
_NAMES = ("policy", "task", "split", "scene", "replicate", "success", "tokens")


@dataclass(frozen=True)
class CodesOver:
    """One policy on one task under nominal.

    Attributes:
        policy: as in the column.
        task: task/split.
        episodes: scored ones that the switching rate is over.
        queries: how many of each episode the suspects are looked for in; 0 if none are.
        switching: a layer each.
        suspects: every code that occurs, the most suspicious first, of the first replicate of every scene; empty where
            nothing failed or nothing was solved.
    """

    policy: str
    task: str
    episodes: int
    queries: int
    switching: tuple[Switching, ...]
    suspects: tuple[Suspect, ...]

    @property
    def significant(self) -> tuple[Suspect, ...]:
        """Those that failures choose more often, at `LEVEL` after Holm."""
        return tuple(item for item in self.suspects if item.p_adjusted <= LEVEL)


def codes_over(artifact: Artifact) -> list[CodesOver]:
    """One entry a policy and task, for those that choose codes; only nominal rows of policies are read.

    Raises:
        ArtifactError: the file is damaged.
    """
    nominal = (pc.field("condition") == NOMINAL) & (pc.field("purpose") == "panel") & pc.field("success").is_valid()
    try:
        table = pq.read_table(artifact.path, columns=list(_NAMES), filters=nominal)
    except (OSError, pa.ArrowException) as error:
        reason = str(error).splitlines()[0]
        raise ArtifactError(f"artifact {artifact.path}", expected="a whole parquet file", got=reason) from error
    rows = table.filter(pc.is_valid(table["tokens"])).to_pylist()
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault((row["policy"], f"{row['task']}/{row['split']}"), []).append(row)
    return [_of(policy, task, own) for (policy, task), own in groups.items()]


def _of(policy: str, task: str, rows: list[dict[str, Any]]) -> CodesOver:
    codes = [np.array(row["tokens"], np.int64).reshape(len(row["tokens"]), -1) for row in rows]
    first: dict[int, int] = {}
    for index in sorted(range(len(rows)), key=lambda item: (rows[item]["scene"], rows[item]["replicate"])):
        first.setdefault(rows[index]["scene"], index)
    own = list(first.values())
    found = suspects([codes[index] for index in own], [rows[index]["success"] for index in own])
    shortest = min((len(codes[index]) for index in own if len(codes[index])), default=0)
    return CodesOver(policy, task, len(rows), shortest if found else 0, switching(codes), found)
