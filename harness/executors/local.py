"""A run on this machine: train what is missing, roll out what is missing, assemble the artifact."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.artifact.journal import Journal
from harness.artifact.schema import VERSION
from harness.contract.policy import Runtime
from harness.contract.task import Task
from harness.demonstrations import read
from harness.errors import ArtifactError
from harness.executors.assembly import assemble, stored_run_id
from harness.executors.stage import Call, Stage
from harness.executors.teams import AnyTicket, checkpoints, ticket_for
from harness.executors.training import train_missing
from harness.executors.watcher import Watcher
from harness.hashing import content_hash
from harness.manifest.manifest import Manifest
from harness.manifest.plan import EpisodeKey, episode_id, episodes
from harness.registry import load
from harness.rollout.rounds import Clock

__all__ = ["Options", "Summary", "by_group", "check_datasets", "run"]

FLUSH_ROWS = 64
FLUSH_SECONDS = 5.0


@dataclass(frozen=True)
class Options:
    """How to use the machine; nothing here may change an outcome.

    Attributes:
        command: as typed, for provenance.
        every_step: draw every frame of the cameras that a policy reads, seen or not; for `bench`.
    """

    out: Path
    lanes: int
    threads: int
    device: str = "auto"
    overwrite: bool = False
    command: tuple[str, ...] = ()
    every_step: bool = False


@dataclass
class Summary:
    """What a run did."""

    out: Path
    total: int
    fresh: int = 0
    training_s: float = 0.0
    clock: Clock = field(default_factory=Clock)
    complete_before: bool = False


def run(manifest: Manifest, options: Options, watcher: Watcher | None = None) -> Summary:
    """Bring the artifact of a manifest into being; what is done already is not done again (law 11).

    Raises:
        SamepanelError: anything a person can repair, before the first rollout wherever it can be known by then.
    """
    watcher = watcher or Watcher()
    check_datasets(manifest)
    tickets = {(spec.label, spec.task): ticket_for(spec, options.device) for spec in manifest.policies}
    identity = run_identity(manifest, list(tickets.values()))
    plan = episodes(manifest)
    summary = Summary(options.out, len(plan))
    if _complete_before(options, identity):
        summary.complete_before = True
        return summary
    journal = Journal(options.out, identity, overwrite=options.overwrite)
    kept = True
    try:
        started = time.perf_counter()
        made = checkpoints(tickets.values())
        train_missing(made, workers=options.threads, report=watcher.training(made))
        summary.training_s = time.perf_counter() - started
        cards = _roll_out(manifest, plan, tickets, options, journal, watcher, summary)
        try:
            assemble(manifest, plan, journal, cards, options, identity)
        except OSError as error:
            raise ArtifactError(
                f"output {options.out}",
                got=str(error),
                fix="make room and run the same command again; finished episodes are kept",
            ) from error
        kept = False
    finally:
        journal.close(remove=not kept)
    return summary


def run_identity(manifest: Manifest, tickets: Sequence[AnyTicket]) -> str:
    """Hash of all that a run's rows and validity depend on; a journal or artifact of another is never continued."""
    return content_hash(
        {
            "schema": VERSION,
            "panel_id": manifest.panel.panel_id,
            "policies": sorted(
                [ticket.label, ticket.key, *map(str, vars(ticket.execution).values())] for ticket in tickets
            ),
            "controls": sorted([item.label, *item.conditions] for item in manifest.controls),
            "bands": manifest.bands,
        }
    )


def check_datasets(manifest: Manifest) -> None:
    """Read and verify every data set before anything is trained on it."""
    for entry in manifest.panel.tasks.values():
        task: Task = load("tasks", entry.contract.id)
        if task.contract.dataset.episodes:
            read(task.demonstrations, task.contract)


def _complete_before(options: Options, identity: str) -> bool:
    """Whether the artifact of just this run is there already. Raises ArtifactError if the path holds anything else."""
    if options.overwrite or not options.out.exists():
        return False
    if stored_run_id(options.out) == identity:
        with suppress(ArtifactError):  # a journal beside it may be another run's; ours may be left from a late kill
            Journal(options.out, identity).close(remove=True)
        return True
    raise ArtifactError(
        f"output {options.out}",
        expected="a new path, or the artifact of this very run",
        got="a file of something else",
        fix="choose another path with --out, or replace it with --overwrite",
    )


def _roll_out(
    manifest: Manifest,
    plan: Sequence[EpisodeKey],
    tickets: dict[tuple[str, str], AnyTicket],
    options: Options,
    journal: Journal,
    watcher: Watcher,
    summary: Summary,
) -> dict[str, Any]:
    """Run every episode that the journal lacks, group by group; returns the cards of the policies."""
    panel = manifest.panel
    missing = [key for key in plan if episode_id(key, panel.panel_id) not in journal.finished]
    tell = watcher.rolling(len(plan), len(plan) - len(missing))
    stage = Stage(manifest, tickets, Runtime(options.threads, options.device), every_step=options.every_step)
    actors = {group: stage.actor(*group) for group in by_group(plan)}
    for (label, task_id), keys in by_group(missing).items():
        summary.fresh += len(keys)
        acts = stage.act(label, task_id, [Call(key) for key in keys], lanes=options.lanes, clock=summary.clock)
        for part in _batches(act.row for act in acts):
            journal.append(part)
            tell(f"{label} on {task_id}", len(part))
    return {f"{label}/{task_id}": dict(actor.policy.card) for (label, task_id), actor in actors.items()}


def by_group(plan: Sequence[EpisodeKey]) -> dict[tuple[str, str], list[EpisodeKey]]:
    """Episodes by policy and task, one task after the other, so that few engines are needed at a time."""
    groups: dict[tuple[str, str], list[EpisodeKey]] = {}
    for key in sorted(plan, key=lambda key: key.cell.task):
        groups.setdefault((key.cell.policy, key.cell.task), []).append(key)
    return groups


def _batches(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Rows in parts that become safe together: some dozens, or what came within some seconds."""
    part: list[dict[str, Any]] = []
    since = time.monotonic()
    for row in rows:
        part.append(row)
        if len(part) >= FLUSH_ROWS or time.monotonic() - since > FLUSH_SECONDS:
            yield part
            part, since = [], time.monotonic()
    if part:
        yield part
