"""The verbs that compute: run, validate, train, demos."""

from __future__ import annotations

import time
from pathlib import Path

from harness.cli.screen import bars, console, cores, stderr
from harness.cli.tables import print_summary
from harness.contract.task import Task
from harness.demonstrations import read, write
from harness.executors.local import Options, Summary, check_datasets
from harness.executors.local import run as run_locally
from harness.executors.recording import record
from harness.executors.teams import checkpoints, ticket_for
from harness.executors.training import train_missing
from harness.manifest.loading import load_manifest
from harness.manifest.plan import episodes
from harness.registry import load

__all__ = ["record_demonstrations", "run_manifest", "train_manifest", "validate_manifest"]


def run_manifest(
    name: str, out: Path | None, lanes: int | None, threads: int | None, *, overwrite: bool, command: tuple[str, ...]
) -> None:
    """Run a manifest to its artifact, then print the summary."""
    manifest = load_manifest(name)
    options = Options(
        out=out or Path("results") / f"{manifest.name}.parquet",
        lanes=lanes or manifest.run.lanes,
        threads=threads or manifest.run.threads or cores(),
        device=manifest.run.device,
        overwrite=overwrite,
        command=command,
    )
    started = time.perf_counter()
    with bars() as watcher:
        summary = run_locally(manifest, options, watcher)
    print_summary(options.out)
    stderr.print(_account(summary, time.perf_counter() - started), style="dim", highlight=False)


def _account(summary: Summary, wall_s: float) -> str:
    """Where the time went, in one line."""
    if summary.complete_before:
        return f"{summary.out} was complete: nothing to run"
    clock = summary.clock
    speed = f"{summary.fresh / clock.total_s:.1f} episodes/s" if clock.total_s else "no rollouts"
    return (
        f"{summary.out}: {summary.fresh} of {summary.total} episodes run in {wall_s:.0f} s "
        f"(training {summary.training_s:.0f} s, rollouts {clock.total_s:.0f} s, {speed}, "
        f"engine efficiency {clock.efficiency:.2f})"
    )


def validate_manifest(name: str) -> None:
    """Load a manifest and its data sets; say what it would run."""
    manifest = load_manifest(name)
    check_datasets(manifest)
    tickets = checkpoints(ticket_for(spec, manifest.run.device) for spec in manifest.policies)
    missing = sum(not ticket.trained for ticket in tickets)
    console.print(
        f"{manifest.name} is valid: panel {manifest.panel.panel_id}, {len(episodes(manifest))} episodes, "
        f"{len(tickets)} checkpoints ({missing} to train)",
        highlight=False,
        soft_wrap=True,
    )


def train_manifest(name: str, threads: int) -> None:
    """Train what is missing and say where it lies."""
    manifest = load_manifest(name)
    tickets = checkpoints(ticket_for(spec, manifest.run.device) for spec in manifest.policies)
    with bars() as watcher:
        train_missing(tickets, workers=threads, report=watcher.training(tickets))
    for ticket in tickets:
        console.print(f"{ticket.words}: {ticket.directory}", highlight=False)


def record_demonstrations(task_id: str, out: Path | None, lanes: int, threads: int) -> None:
    """Record a data set and say what it holds."""
    task: Task = load("tasks", task_id)
    with bars() as watcher:
        demonstrations = record(task, lanes=lanes, threads=threads, progress=watcher.recording(task_id))
    directory = out or task.demonstrations
    write(directory, task.contract, demonstrations)
    info = read(directory, task.contract).info
    frames = sum(len(actions) for actions in demonstrations.actions)
    console.print(
        f"{directory}: {len(demonstrations.actions)} demonstrations, {frames} frames, "
        f"expert {info['expert_successes']} of {info['expert_attempts']}, content hash {info['content_hash']}",
        highlight=False,
    )
