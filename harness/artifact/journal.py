"""Finished episodes, safe against a kill at any moment (law 11).

Beside `OUT` stands `OUT.journal/`: `run.json` says which run it belongs to, `lock` keeps a second run away, and every
`part-*.parquet` holds some finished rows. A part is written aside, flushed to the disk and renamed, so it is there
whole or not at all; one that a power cut has truncated all the same is dropped and its episodes run again.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator, KeysView, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from harness.artifact.columns import table
from harness.artifact.reader import PREFIX
from harness.errors import ArtifactError

__all__ = ["Journal", "fsync_folder", "write_parquet"]


class Journal:
    """The rows of one run, keyed by episode id.

    Args:
        out: path of the final artifact.
        run_id: hash of all that the run computes; a journal of another run is refused.
        overwrite: drop an unfinished run that is there instead of going on with it.

    Raises:
        ArtifactError: the folder cannot be written, belongs to another run, or another process is writing it.
    """

    def __init__(self, out: Path, run_id: str, *, overwrite: bool = False) -> None:
        self.out, self.folder = out, out.with_name(out.name + ".journal")
        self._lock: IO[str] | None = None
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock = self._acquire()
            self._open(run_id, overwrite=overwrite)
        except OSError as error:
            raise ArtifactError(
                f"output {out}", expected="a place to write", got=str(error), fix="choose another path with --out"
            ) from error
        self._parts: dict[str, Path] = self._scan()
        self._sequence = 1 + max((int(path.stem[5:]) for path in self.folder.glob("part-*.parquet")), default=-1)

    @property
    def finished(self) -> KeysView[str]:
        """Ids of the episodes whose rows are safe: a view, which costs nothing however many there are."""
        return self._parts.keys()

    def append(self, rows: Sequence[dict[str, Any]]) -> None:
        """Make rows safe; returns once they are on the disk. Rows already there are not written again."""
        fresh = [row for row in rows if row["episode"] not in self._parts]
        if not fresh:
            return
        path = self.folder / f"part-{self._sequence:06d}.parquet"
        try:
            write_parquet(path, iter([table(fresh)]))
        except OSError as error:
            raise ArtifactError(
                f"journal {self.folder}",
                got=str(error),
                fix="make room and run the same command again; finished episodes are kept",
            ) from error
        self._sequence += 1
        self._parts.update({row["episode"]: path for row in fresh})

    def read(self, episodes: Sequence[str], columns: list[str] | None = None) -> pa.Table:
        """Rows of finished episodes, in the order asked for."""
        paths = sorted({self._parts[episode] for episode in episodes})
        wanted = columns if columns is None or "episode" in columns else ["episode", *columns]
        asked = pa.array(episodes, pa.string())
        # Part by part, so that rows nobody asked for are gone before the next part is read.
        parts = (pq.read_table(path, columns=wanted) for path in paths)
        stored = pa.concat_tables([part.filter(pc.is_in(part["episode"], value_set=asked)) for part in parts])
        where = {episode: row for row, episode in enumerate(stored["episode"].to_pylist())}
        return stored.take(pa.array([where[episode] for episode in episodes], pa.int64()))

    def close(self, *, remove: bool) -> None:
        """Release the lock; with `remove`, the journal has served and goes."""
        if remove:
            shutil.rmtree(self.folder, ignore_errors=True)
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _acquire(self) -> IO[str]:
        stream = (self.folder / "lock").open("w")
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            stream.close()
            raise ArtifactError(
                f"output {self.out}",
                got="another run is writing it",
                fix="wait for it, or choose another path with --out",
            ) from None
        return stream

    def _open(self, run_id: str, *, overwrite: bool) -> None:
        """Make the folder this run's; whoever is refused holds no lock."""
        try:
            if overwrite:
                self._drop()
            self._claim(run_id)
        except BaseException:
            self.close(remove=False)
            raise

    def _drop(self) -> None:
        for path in (*self.folder.glob("part-*.parquet"), self.folder / "run.json"):
            path.unlink(missing_ok=True)

    def _claim(self, run_id: str) -> None:
        path = self.folder / "run.json"
        if not path.exists():
            aside = path.with_suffix(".tmp")
            aside.write_text(json.dumps({"run_id": run_id}))
            aside.rename(path)
            return
        try:
            found = json.loads(path.read_text())["run_id"]
        except (ValueError, KeyError, TypeError):
            found = "unreadable"
        if found != run_id:
            raise ArtifactError(
                f"journal {self.folder}",
                expected=f"run {run_id}",
                got=f"unfinished run {found} of another manifest, policy or version",
                fix="choose another path with --out, or drop the unfinished run with --overwrite",
            )

    def _scan(self) -> dict[str, Path]:
        """Index the parts; what a crash left half-written is dropped."""
        for leftover in self.folder.glob("*.tmp"):
            leftover.unlink()
        parts: dict[str, Path] = {}
        for path in sorted(self.folder.glob("part-*.parquet")):
            try:
                found = pq.read_table(path, columns=["episode"])["episode"].to_pylist()
            except (OSError, pa.ArrowException):
                path.unlink()
                continue
            parts.update({episode: path for episode in found if episode not in parts})
        return parts


def write_parquet(path: Path, tables: Iterator[pa.Table], metadata: Mapping[str, Any] | None = None) -> None:
    """Write tables as row groups of one zstd file that appears whole, by atomic rename, after it reached the disk.

    Args:
        path: of the file.
        tables: of one schema, at least one.
        metadata: of the artifact, JSON; none for a part of a journal.
    """
    aside = path.with_name(path.name + ".tmp")
    first = next(tables)
    schema = first.schema
    if metadata is not None:
        encoded = {f"{PREFIX}{key}".encode(): json.dumps(value).encode() for key, value in metadata.items()}
        schema = schema.with_metadata(encoded)
    try:
        with aside.open("wb") as stream:
            with pq.ParquetWriter(stream, schema, compression="zstd") as writer:
                writer.write_table(first.cast(schema))
                for more in tables:
                    writer.write_table(more.cast(schema))
            stream.flush()
            os.fsync(stream.fileno())
        aside.rename(path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    fsync_folder(path.parent)


def fsync_folder(folder: Path) -> None:
    """Make a rename in the folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
