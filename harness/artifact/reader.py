"""Reading an artifact: columns, one row whole, and the metadata. It is the only source of every report (law 7)."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from harness.artifact.schema import VERSION
from harness.errors import ArtifactError, UnknownIdError

__all__ = ["PREFIX", "Artifact", "open_artifact"]

PREFIX = "samepanel."
"""Of the keys of an artifact's metadata in the file."""


@dataclass(frozen=True)
class Artifact:
    """An artifact on disk.

    Attributes:
        metadata: manifest, datasets, policies, controls, provenance, digest, run_id, schema_version.
    """

    path: Path
    metadata: dict[str, Any]

    def columns(self, *names: str) -> pa.Table:
        """Some columns of all rows, in the order of the file."""
        return self._read(list(names))

    def row(self, episode: str) -> dict[str, Any]:
        """One row whole. An unambiguous beginning of the id is enough; maps become dicts.

        Raises:
            UnknownIdError: no episode, or several, begin so.
        """
        ids = self.columns("episode")["episode"].to_pylist()
        found = [index for index, name in enumerate(ids) if name.startswith(episode)]
        if len(found) != 1:
            if len(found) > 1:
                raise UnknownIdError(f"episode {episode!r} of {self.path}", got=f"{len(found)} that begin so")
            raise UnknownIdError(
                f"episode {episode!r} is unknown",
                got=f"none of the {len(ids)} in {self.path} begins so",
                fix="take one from the column `episode`",
            )
        row: dict[str, Any] = self._read(None, rows=found).to_pylist(maps_as_pydicts="strict")[0]
        return row

    def rows(self, episodes: Collection[str]) -> dict[str, dict[str, Any]]:
        """Whole rows by episode id; unknown ids are left out."""
        ids = self.columns("episode")["episode"].to_pylist()
        table = self._read(None, rows=[index for index, name in enumerate(ids) if name in episodes])
        return {row["episode"]: row for row in table.to_pylist(maps_as_pydicts="strict")}

    def row_groups(self) -> Iterator[pa.Table]:
        """All rows whole, a row group at a time, so that memory stays flat in their number."""
        try:
            file = pq.ParquetFile(self.path)
            for group in range(file.num_row_groups):
                yield file.read_row_group(group)
        except (OSError, pa.ArrowException) as error:
            raise _damaged(self.path, error) from error

    def _read(self, names: list[str] | None, rows: list[int] | None = None) -> pa.Table:
        try:
            if rows is None:
                return pq.read_table(self.path, columns=names)
            return self._take(rows)
        except (OSError, pa.ArrowException) as error:
            raise _damaged(self.path, error) from error

    def _take(self, rows: list[int]) -> pa.Table:
        """Rows by number, reading only the row groups that hold them."""
        file, first, parts = pq.ParquetFile(self.path), 0, []
        for group in range(file.num_row_groups):
            size = file.metadata.row_group(group).num_rows
            inside = [row - first for row in rows if first <= row < first + size]
            if inside:
                parts.append(file.read_row_group(group).take(pa.array(inside, pa.int64())))
            first += size
        return pa.concat_tables(parts) if parts else file.schema_arrow.empty_table()


def open_artifact(path: Path) -> Artifact:
    """Read the metadata.

    Raises:
        ArtifactError: no file, no parquet (truncated, say), no artifact, or one of another major version.
    """
    if not path.is_file():
        near = sorted(str(item) for item in path.parent.glob("*.parquet")) if path.parent.is_dir() else []
        raise ArtifactError(f"artifact {path}", got="no such file", fix=f"there is {', '.join(near)}" if near else "")
    try:
        stored = pq.read_metadata(path).metadata or {}
    except (OSError, pa.ArrowException) as error:
        raise _damaged(path, error) from error
    decoded = {key.decode(errors="replace"): value for key, value in stored.items()}
    metadata = {key.removeprefix(PREFIX): json.loads(value) for key, value in decoded.items() if key.startswith(PREFIX)}
    found = metadata.get("schema_version")
    if found is None:
        raise ArtifactError(
            f"artifact {path}", expected="a file written by `samepanel run`", got="another parquet file"
        )
    if str(found).split(".")[0] != VERSION.split(".")[0]:
        raise ArtifactError(
            f"artifact {path}",
            expected=f"schema version {VERSION}",
            got=str(found),
            fix="read it with the samepanel version in its provenance",
        )
    return Artifact(path, metadata)


def _damaged(path: Path, error: Exception) -> ArtifactError:
    reason = str(error).splitlines()[0]
    return ArtifactError(
        f"artifact {path}", expected="a whole parquet file", got=reason, fix="restore it from a copy, or run again"
    )
