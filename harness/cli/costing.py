"""`validate --cost`: what a run of a manifest will take here."""

from __future__ import annotations

import math

from rich.table import Table

from harness.cli.memory import peak_bytes
from harness.cli.screen import bars, console, cores
from harness.executors.forecasting import Forecast, Group, Trainings, forecast
from harness.manifest.loading import load_manifest

__all__ = ["print_forecast"]


def print_forecast(name: str, lanes: int | None, threads: int | None) -> None:
    """Try a part of the manifest and print the forecast of the whole."""
    manifest = load_manifest(name)
    threads = threads or manifest.run.threads or cores()
    with bars() as watcher:
        found = forecast(manifest, lanes=lanes or manifest.run.lanes, threads=threads, watcher=watcher)
    console.print(_table(f"{manifest.name}: forecast for {threads} threads", found))
    for line in _lines(found):
        console.print(line, highlight=False)


def _table(title: str, found: Forecast) -> Table:
    table = Table(title=title, title_justify="left")
    for column in ("task", "episodes", "physics", "forward passes", "the rest", "rollouts"):
        table.add_column(column, justify="left" if column == "task" else "right")
    for task in dict.fromkeys(group.task for group in found.groups):
        table.add_row(task, *_sums([group for group in found.groups if group.task == task]))
    table.add_section()
    table.add_row("all", *_sums(found.groups))
    return table


def _sums(groups: list[Group] | tuple[Group, ...]) -> list[str]:
    parts = [sum(getattr(group, name) for group in groups) for name in ("physics_s", "inference_s", "rest_s")]
    return [str(sum(group.episodes for group in groups)), *(_time(part) for part in (*parts, sum(parts)))]


def _lines(found: Forecast) -> list[str]:
    lines = [
        _training(found.trainings),
        f"rollouts: {_time(found.rollouts_s)} for {found.episodes} episodes; labels and the file: "
        f"{_time(found.labelling_s)}",
        f"memory: {peak_bytes() / 2**30:.2f} GiB at the peak of the pilots; disk: {found.artifact_bytes / 1e6:.0f} MB, "
        "and as much again while it runs",
    ]
    if found.guessed:
        lines.append(f"{found.guessed} episodes are of policies not trained yet: taken as the mean of the others there")
    return lines


def _training(trainings: Trainings) -> str:
    if not trainings.missing:
        return "training: none, all checkpoints are cached"
    if math.isnan(trainings.seconds):
        return f"training: {trainings.missing} checkpoints, time unknown, since none like them is in the cache"
    basis = "as long as those of the same method and task in the cache"
    if trainings.known < trainings.missing:
        basis += f"; {trainings.missing - trainings.known} of them have none there and count as the mean"
    return f"training: {_time(trainings.seconds)} for {trainings.missing} checkpoints, {basis}"


def _time(seconds: float) -> str:
    minutes = seconds / 60
    return f"{seconds:.0f} s" if seconds < 100 else f"{minutes:.0f} min" if minutes < 100 else f"{minutes / 60:.1f} h"
