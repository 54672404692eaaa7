"""How long does a leaderboard of a million rows take, and how much memory? A real artifact's light columns, repeated.

    .venv/bin/python tests/benchmarks/leaderboard.py results/quick.parquet

Every copy of the rows is of further scenes of the same tasks, so the panel grows as a larger one would: all pairs are
still there, and no world is met twice. Traces, states and media are left out, as a page does not read them but for the
episodes it shows; those have pages without plots here. The site is built by the command line in a process of its own;
its peak is the kernel's high-water mark of the resident set (VmHWM). CPU time is told for the sake of busy machines.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table

HEAVY = ("trace", "media", "initial_state", "tokens", "exposure", "signals_max", "signals_min", "scene_variables")
# A command of the command line that tells its own peak when it ends.
CHILD = """\
import atexit, pathlib, re
peak = lambda: re.search(r"VmHWM:\\s+(\\d+)", pathlib.Path("/proc/self/status").read_text())[1]
atexit.register(lambda: print("peak", peak()))
from harness.cli import main
main()
"""
console = Console()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("artifact", type=Path)
    parser.add_argument("--rows", type=int, default=1_000_000, help="at least so many")
    parser.add_argument("--group", type=int, default=8192, help="rows a row group")
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        large = folder / "large.parquet"
        rows = fabricate(arguments.artifact, large, arguments.rows, arguments.group)
        table = Table(title=f"leaderboard of {rows:,} rows, groups of {arguments.group:,}", title_justify="left")
        for name in ("run", "wall s", "cpu s", "peak MiB", "files", "MiB"):
            table.add_column(name, justify="right")
        for run in range(arguments.runs):
            table.add_row(str(run + 1), *_measure(large, folder / f"site-{run}"))
    console.print(table)


def fabricate(source: Path, target: Path, rows: int, group: int) -> int:
    """Write the artifact; returns how many rows it has."""
    stored = pq.read_table(source)
    stored = stored.filter(pc.not_equal(stored["purpose"], "probe"))
    copies = -(-rows // stored.num_rows)
    scenes = int(np.max(stored["scene"].to_numpy())) + 1
    for name in HEAVY:
        column = pa.nulls(stored.num_rows, stored.schema.field(name).type)
        stored = stored.set_column(stored.schema.get_field_index(name), stored.schema.field(name), column)
    with pq.ParquetWriter(target, stored.schema, compression="zstd") as writer:
        parts = [_copy(stored, number, scenes) for number in range(copies)]
        writer.write_table(pa.concat_tables(parts), row_group_size=group)
    return copies * stored.num_rows


def _copy(stored: pa.Table, number: int, scenes: int) -> pa.Table:
    scene = pa.array((stored["scene"].to_numpy() + number * scenes).astype(np.int32))
    episode = pc.binary_join_element_wise(stored["episode"], f"{number:06x}", "")
    for name, column in (("scene", scene), ("episode", episode)):
        stored = stored.set_column(stored.schema.get_field_index(name), stored.schema.field(name), column)
    return stored


def _measure(artifact: Path, out: Path) -> tuple[str, ...]:
    started, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    words = ("leaderboard", str(artifact), "--out", str(out))
    done = subprocess.run([sys.executable, "-c", CHILD, *words], capture_output=True, text=True, check=False)
    wall_s, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    if done.returncode:
        sys.exit(f"samepanel leaderboard ended with {done.returncode}: {done.stderr}")
    files = [path for path in out.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files) / 2**20
    return f"{wall_s:.1f}", f"{cpu_s:.1f}", f"{int(done.stdout.split()[-1]) / 1024:.0f}", str(len(files)), f"{size:.1f}"


if __name__ == "__main__":
    main()
