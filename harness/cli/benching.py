"""The verb `bench`: what the rollout phase of a manifest spends its time on."""

from __future__ import annotations

import tempfile
from pathlib import Path

import psutil
from rich.table import Table

from harness.cli.screen import bars, console
from harness.executors.local import Options, run
from harness.manifest.loading import load_manifest

__all__ = ["bench_manifest"]


def bench_manifest(name: str, lanes: int | None, threads: int) -> None:
    """Run a manifest into a temporary place and print the shares of the rollout phase."""
    manifest = load_manifest(name)
    count = lanes or manifest.run.lanes
    with tempfile.TemporaryDirectory() as folder, bars() as watcher:
        out = Path(folder) / "bench.parquet"
        summary = run(manifest, Options(out, count, threads, manifest.run.device), watcher)
        size = out.stat().st_size
    clock = summary.clock
    table = Table(title=f"{manifest.name}: rollout phase, {count} lanes, {threads} threads", title_justify="left")
    table.add_column("what")
    table.add_column("figure", justify="right")
    other = clock.total_s - clock.physics_s - clock.inference_s
    for what, seconds in (("physics", clock.physics_s), ("forward passes", clock.inference_s), ("the rest", other)):
        table.add_row(what, f"{seconds:.1f} s ({seconds / clock.total_s:.0%})")
    table.add_row("engine efficiency", f"{clock.efficiency:.2f}")
    table.add_row("wall time", f"{clock.total_s:.1f} s")
    table.add_row("episodes", f"{summary.fresh} ({summary.fresh / clock.total_s:.1f}/s)")
    table.add_row("control steps", f"{clock.steps} ({clock.steps / clock.total_s:.0f}/s)")
    table.add_row("queries", f"{clock.queries}")
    table.add_row("artifact", f"{size / 1e6:.1f} MB")
    table.add_row("peak memory of this process", f"{_peak_bytes() / 2**30:.2f} GiB")
    console.print(table)


def _peak_bytes() -> int:
    """High-water mark of this process, from the kernel; the present size where the kernel does not tell."""
    for line in Path("/proc/self/status").read_text().splitlines() if Path("/proc/self/status").exists() else []:
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024
    return int(psutil.Process().memory_info().rss)
