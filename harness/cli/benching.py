"""The verb `bench`: what the rollout phase of a manifest spends its time on, side by side and one episode at a time."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from rich.table import Table

from harness.cli.memory import peak_bytes
from harness.cli.screen import bars, console
from harness.executors.local import Options, Summary, run
from harness.manifest.loading import load_manifest
from harness.manifest.manifest import Manifest

__all__ = ["bench_manifest"]


@dataclass(frozen=True)
class _Measured:
    """One run and the size of its artifact."""

    title: str
    summary: Summary
    artifact_bytes: int


def bench_manifest(name: str, lanes: int | None, threads: int) -> None:
    """Run a manifest into a temporary place, and the first scene of its cells in one lane; print what took how long."""
    manifest = load_manifest(name)
    lanes = lanes or manifest.run.lanes
    many = _measure(manifest, lanes, threads)
    one = _measure(_first_scenes(manifest), 1, threads)
    measured = [many, one]
    if many.summary.clock.pictures:
        measured.append(_measure(_first_scenes(manifest), 1, threads, every_step=True))
    console.print(_table(f"{manifest.name}: rollout phase, {threads} threads", measured))
    console.print(f"peak memory of this process: {peak_bytes() / 2**30:.2f} GiB", highlight=False)
    ratio = _rate(many) / _rate(one)
    console.print(f"{lanes} lanes run {ratio:.1f} times the control steps a second of one lane", highlight=False)
    for line in _laziness(*measured[1:]) if len(measured) > 2 else []:
        console.print(line, highlight=False)


def _first_scenes(manifest: Manifest) -> Manifest:
    """The same cells with one scene each, which is enough to time one lane."""
    tasks = {name: task.model_copy(update={"scenes": task.scenes[:1]}) for name, task in manifest.panel.tasks.items()}
    return replace(manifest, panel=manifest.panel.model_copy(update={"tasks": tasks}))


def _laziness(lazy: _Measured, eager: _Measured) -> list[str]:
    """What it saves to draw only what is about to be seen: both ways measured on the same episodes, in one lane.

    The second way drew what was seen as well, which a simulator that renders at every step would not do twice.
    """
    seen, all_of_them = lazy.summary.clock, eager.summary.clock
    extra = all_of_them.pictures - seen.pictures
    each = (all_of_them.pictures_s - seen.pictures_s) / extra if extra else float("nan")
    return [
        f"pictures: {seen.pictures} drawn as they were seen, {extra} at every step, {1e3 * each:.1f} ms each",
        f"drawing only what is seen: {extra / max(1, seen.pictures):.1f} times fewer pictures, "
        f"{(all_of_them.total_s - seen.pictures_s) / seen.total_s:.1f} times the control steps a second",
    ]


def _measure(manifest: Manifest, lanes: int, threads: int, *, every_step: bool = False) -> _Measured:
    with tempfile.TemporaryDirectory() as folder, bars() as watcher:
        out = Path(folder) / "bench.parquet"
        options = Options(out, lanes, threads, manifest.run.device, every_step=every_step)
        summary = run(manifest, options, watcher)
        title = f"{lanes} lanes" if lanes > 1 else "one lane"
        return _Measured(title + ", every step drawn" * every_step, summary, out.stat().st_size)


def _table(title: str, measured: list[_Measured]) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column("what")
    for item in measured:
        table.add_column(item.title, justify="right")
    for what, *figures in zip(_LINES, *map(_figures, measured), strict=True):
        table.add_row(what, *figures)
    return table


_LINES = (
    "physics",
    "forward passes",
    "pictures",
    "the rest",
    "engine efficiency",
    "wall time",
    "episodes",
    "control steps",
    "queries",
    "artifact",
)


def _figures(measured: _Measured) -> list[str]:
    clock, fresh = measured.summary.clock, measured.summary.fresh
    # Where forward passes run beside the physics, nothing may be left over.
    other = max(0.0, clock.total_s - clock.worked_s)
    parts = (clock.physics_s, clock.inference_s, clock.pictures_s, other)
    return [
        *(f"{part:.1f} s ({part / clock.total_s:.0%})" for part in parts),
        f"{clock.efficiency:.2f}",
        f"{clock.total_s:.1f} s",
        f"{fresh} ({fresh / clock.total_s:.1f}/s)",
        f"{clock.steps} ({_rate(measured):.0f}/s)",
        f"{clock.queries}",
        f"{measured.artifact_bytes / 1e6:.1f} MB",
    ]


def _rate(measured: _Measured) -> float:
    """Control steps a second."""
    return measured.summary.clock.steps / measured.summary.clock.total_s
