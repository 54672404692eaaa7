"""Does the memory of a run grow with the number of its episodes? One panel at 1, 4 and 16 times the scenes.

    .venv/bin/python tests/benchmarks/memory.py --scenes 8

Both native tasks, `bc` from policies-tiny under the conditions of `smoke` and one whose dynamics differ from scene to
scene (a simulator may keep a model for each), and the controls `zero` and `random`. They all fail and so run to the
horizon: the longest rows there are. Every run is a process of its own, and its peak is the kernel's high-water mark of
the resident set (VmHWM). The checkpoints are trained before, in other processes.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
from rich.console import Console
from rich.progress import track
from rich.table import Table

FACTORS = (1, 4, 16)
CONDITIONS = ("nominal", "bad-day", "object-shift", "heavy-object")
MANIFEST = """\
schema: samepanel/manifest/v1
name: memory-{scenes}
seed: 1
include: [conditions.yaml, policies-tiny.yaml]
panel:
  tasks:
    - {{task: pusht-v1, split: heldout, scenes: {scenes}}}
    - {{task: transfer-cube-v1, split: heldout, scenes: {scenes}}}
  conditions: [{conditions}]
policies: [{{policy: bc, seeds: [0]}}]
controls: [{{control: zero}}, {{control: random}}]
run: {{lanes: {lanes}, threads: {threads}, device: cpu}}
"""
# A command of the command line that tells its own peak when it ends.
CHILD = """\
import atexit, pathlib, re
peak = lambda: re.search(r"VmHWM:\\s+(\\d+)", pathlib.Path("/proc/self/status").read_text())[1]
atexit.register(lambda: print("peak", peak()))
from harness.cli import main
main()
"""
console = Console()


@dataclass(frozen=True)
class Measured:
    """One run: its number of episodes, its peak and its artifact in MiB, and its wall time."""

    scenes: int
    episodes: int
    peak_mib: float
    artifact_mib: float
    wall_s: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scenes", type=int, default=8, help="of each task, in the smallest run")
    parser.add_argument("--lanes", type=int, default=32, help="episodes in flight; fixed, for lanes cost memory")
    parser.add_argument("--conditions", nargs="+", default=CONDITIONS, help="under which `bc` acts")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        os.environ.setdefault("SAMEPANEL_CACHE", str(folder / "cache"))
        sizes = [factor * arguments.scenes for factor in FACTORS]
        paths = [_write(folder, scenes, arguments) for scenes in sizes]
        _call("train", str(paths[0]))
        pairs = zip(sizes, paths, strict=True)
        runs = [_measure(*pair) for pair in track(list(pairs), "running", console=console)]
    console.print(_table(runs, arguments))


def _write(folder: Path, scenes: int, arguments: argparse.Namespace) -> Path:
    path = folder / f"memory-{scenes}.yaml"
    settings = {**vars(arguments), "scenes": scenes, "conditions": ", ".join(arguments.conditions)}
    path.write_text(MANIFEST.format(**settings))
    return path


def _measure(scenes: int, manifest: Path) -> Measured:
    out = manifest.with_suffix(".parquet")
    started = time.perf_counter()
    peak_kib = _call("run", str(manifest), "--out", str(out))
    wall_s = time.perf_counter() - started
    return Measured(scenes, pq.read_metadata(out).num_rows, peak_kib / 1024, out.stat().st_size / 2**20, wall_s)


def _call(*words: str) -> int:
    """Run the command line in a process; returns its peak in KiB."""
    done = subprocess.run([sys.executable, "-c", CHILD, *words], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"samepanel {' '.join(words)} ended with {done.returncode}: {done.stderr}")
    return int(done.stdout.split()[-1])


def _table(runs: list[Measured], arguments: argparse.Namespace) -> Table:
    title = f"peak memory by number of episodes, {arguments.lanes} lanes, {', '.join(arguments.conditions)}"
    table = Table(title=title, title_justify="left")
    for name in ("scenes a task", "episodes", "peak MiB", "more than the first", "artifact MiB", "wall s"):
        table.add_column(name, justify="right")
    for run in runs:
        table.add_row(
            str(run.scenes),
            str(run.episodes),
            f"{run.peak_mib:.0f}",
            f"{run.peak_mib - runs[0].peak_mib:+.0f}",
            f"{run.artifact_mib:.1f}",
            f"{run.wall_s:.0f}",
        )
    return table


if __name__ == "__main__":
    main()
