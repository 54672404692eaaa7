"""Kill a run with SIGKILL at random moments, resume it, and compare the file with that of a run nobody disturbed.

    .venv/bin/python tests/benchmarks/kill_points.py --manifest smoke --kills 30 --seed 0

The checkpoints are trained first, so that the moments spread over all that a run does itself: start-up, rolling out,
assembling, printing. There is one moment in each of `--kills` equal parts of the uninterrupted wall time, in random
order; where the run is over by then, a faster one than the first, the moment is taken again in the wall time that it
needed. After each kill the same command must run just what was lost, and end in the same file: all columns but the
measured ones, all metadata but the provenance. Exit code 1 if any file differs or any finished episode is run again.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console
from rich.progress import track

from harness.artifact.schema import measured_columns

CLI = "from harness.cli import main; main()"
ACCOUNT = re.compile(r"(\d+) of (\d+) episodes run|was complete")
console = Console(highlight=False, soft_wrap=True)


@dataclass(frozen=True)
class Kill:
    """What one kill led to.

    Attributes:
        moment_s: wall time from the start of the process to the kill.
        share: the same as a part of the wall time of a whole run.
        phase: what the run was at, by what it left on the disk.
        kept: episodes that were safe when it died.
        again: episodes run after the resumption though they were safe.
        difference: the first thing in which the final file differs; empty if nothing does.
    """

    moment_s: float
    share: float
    phase: str
    kept: int
    again: int
    difference: str


def main() -> int:
    arguments = _arguments()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.out_dir or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        os.environ.setdefault("SAMEPANEL_CACHE", str(folder.absolute() / "cache"))
        _finish("train", arguments.manifest)
        reference = folder / "uninterrupted.parquet"
        reference.unlink(missing_ok=True)
        run = ["run", arguments.manifest, *(["--threads", str(arguments.threads)] if arguments.threads else [])]
        started = time.perf_counter()
        _finish(*run, "--out", str(reference))
        wall_s = time.perf_counter() - started
        total = pq.read_metadata(reference).num_rows
        console.print(f"{arguments.manifest}: {total} episodes, {wall_s:.1f} s without interruption")
        kills = []
        for number, share in enumerate(track(_shares(arguments), "killing", console=console)):
            out = folder / f"killed-{number:03d}.parquet"
            command = [*run, "--out", str(out)]
            wall_s = _kill(command, out, share, wall_s)
            kills.append(_resume(command, out, share, wall_s, reference))
            console.print(_line(number, kills[-1], total))
            if not kills[-1].difference:
                out.unlink()
    return _verdict(kills)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--manifest", default="smoke", help="a manifest file, or the name of a bundled one")
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    parser.add_argument("--threads", type=int, help="of every run; on a busy machine 1 keeps their wall times alike")
    parser.add_argument("--out-dir", type=Path, help="where files that differ stay; temporary if left out")
    return parser.parse_args()


def _shares(arguments: argparse.Namespace) -> list[float]:
    """One moment in each of equal parts of a run, shuffled, as shares of its wall time."""
    rng = np.random.default_rng(arguments.seed)
    shares = (np.arange(arguments.kills) + rng.random(arguments.kills)) / arguments.kills
    return [float(share) for share in rng.permutation(shares)]


def _kill(command: Sequence[str], out: Path, share: float, wall_s: float) -> float:
    """Start a run and kill it; returns the wall time of a whole run, measured anew where one was over too early."""
    while True:
        started = time.perf_counter()
        child = subprocess.Popen(
            [sys.executable, "-c", CLI, *command],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            child.wait(share * wall_s)
        except subprocess.TimeoutExpired:
            child.kill()
            if child.wait() == -signal.SIGKILL:
                return wall_s
        wall_s = min(wall_s, time.perf_counter() - started)
        out.unlink()


def _resume(command: Sequence[str], out: Path, share: float, wall_s: float, reference: Path) -> Kill:
    kept, total = _finished(out), pq.read_metadata(reference).num_rows
    phase = _phase(out, kept, total)
    said = ACCOUNT.search(_finish(*command))
    assert said is not None, "the run does not say how many episodes it ran"
    again = int(said[1] or 0) - (total - kept)
    return Kill(share * wall_s, share, phase, kept, again, _difference(out, reference))


def _finished(out: Path) -> int:
    """Episodes on the disk: in the final file, or in the journal's parts."""
    if out.exists():
        return int(pq.read_metadata(out).num_rows)
    parts = out.with_name(out.name + ".journal").glob("part-*.parquet")
    return sum(pq.read_metadata(part).num_rows for part in parts)


def _phase(out: Path, kept: int, total: int) -> str:
    if out.exists():
        return "printing"
    if kept == total:
        return "assembling"
    return "rolling out" if kept else "starting"


def _difference(out: Path, reference: Path) -> str:
    """The first column or metadata entry that differs, or nothing."""
    if out.with_name(out.name + ".journal").exists():
        return "its journal is still there"
    (table, metadata), (expected, expected_metadata) = _content(out), _content(reference)
    if table.column_names != expected.column_names or len(table) != len(expected):
        return "columns or number of rows"
    wrong = [f"column {name}" for name in table.column_names if not table[name].equals(expected[name])]
    names = sorted(metadata.keys() | expected_metadata.keys())
    wrong += [name for name in names if metadata.get(name) != expected_metadata.get(name)]
    return wrong[0] if wrong else ""


def _content(path: Path) -> tuple[pa.Table, dict[str, object]]:
    """All that two files of one run must share."""
    stored = pq.read_metadata(path).metadata
    metadata = {
        key.decode(): json.loads(value)
        for key, value in stored.items()
        if key.startswith(b"samepanel.") and key != b"samepanel.provenance"
    }
    return pq.read_table(path).drop_columns(measured_columns()), metadata


def _finish(*words: str) -> str:
    """Run the command line to its end; returns what it said on stderr. Ends the script if it fails."""
    wide = os.environ | {"COLUMNS": "200"}
    done = subprocess.run([sys.executable, "-c", CLI, *words], capture_output=True, text=True, env=wide, check=False)
    if done.returncode:
        sys.exit(f"samepanel {' '.join(words)} ended with {done.returncode}: {done.stderr}")
    return done.stderr


def _line(number: int, kill: Kill, total: int) -> str:
    result = f"[red]DIFFERS: {kill.difference}[/]" if kill.difference else "equal"
    again = f", [red]{kill.again} run again[/]" if kill.again else ""
    return (
        f"{number + 1:3d}  {kill.moment_s:6.2f} s ({kill.share:4.0%})  {kill.phase:<11}  "
        f"{kill.kept:4d} of {total} kept{again}  {result}"
    )


def _verdict(kills: list[Kill]) -> int:
    bad = [kill for kill in kills if kill.difference or kill.again]
    phases = ", ".join(
        f"{sum(kill.phase == phase for kill in kills)} {phase}"
        for phase in ("starting", "rolling out", "assembling", "printing")
    )
    console.print(f"{len(kills) - len(bad)} of {len(kills)} equal ({phases})")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
