"""The verb `supervise`: episodes again, with the expert taking over wherever they leave the safety envelope."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table

from harness.artifact.amend import amend
from harness.artifact.reader import Artifact, open_artifact
from harness.cli.screen import bars, console
from harness.contract.policy import Runtime
from harness.contract.task import TaskContract
from harness.errors import ArtifactError, UnknownIdError
from harness.evidence.company import EVERYWHERE
from harness.evidence.envelope import Envelope, learned, parsed
from harness.executors.supervising import Supervised, Terms, supervise
from harness.seeding import generator
from harness.statistics.proportions import Proportion, wilson

__all__ = ["Wanted", "supervise_artifact"]


@dataclass(frozen=True)
class Wanted:
    """What the command line says.

    Attributes:
        condition: whose episodes are supervised.
        episodes: of each policy and task, a seeded draw.
        limits: `signal:low:high`, of the tasks that have the signal; the expert's own range if empty.
        safe_steps: steps inside the envelope after which the expert hands back.
    """

    condition: str
    episodes: int
    limits: tuple[str, ...]
    safe_steps: int
    seed: int
    threads: int
    as_json: bool


def supervise_artifact(path: Path, wanted: Wanted) -> None:
    """Supervise a draw of episodes, store them as probe rows, and print interventions and what they were good for."""
    artifact = open_artifact(path)
    chosen, tasks = _chosen(artifact, wanted)
    terms = Terms(_envelopes(artifact, tasks, wanted.limits), wanted.safe_steps)
    with bars() as watcher:
        found = supervise(artifact, chosen, terms, Runtime(wanted.threads), watcher=watcher)
    amend(artifact, {}, [item.row for item in found], {})
    groups = _grouped(found)
    if wanted.as_json:
        document = [{"policy": policy, "task": task, **_numbers(items)} for (policy, task), items in groups.items()]
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
        return
    console.print(_table(groups, wanted.condition))
    for task, envelope in terms.envelopes.items():
        console.print(f"{task}: {envelope}", highlight=False, style="dim")


def _chosen(artifact: Artifact, wanted: Wanted) -> tuple[list[str], list[TaskContract]]:
    names = ("episode", "purpose", "policy", "outcome", *EVERYWHERE)
    rows = [row for row in artifact.columns(*names).to_pylist() if row["purpose"] == "panel"]
    if not any(row["condition"] == wanted.condition for row in rows):
        raise UnknownIdError.of("condition of the artifact", wanted.condition, {row["condition"] for row in rows})
    groups: dict[tuple[str, str, str], list[str]] = {}
    for row in rows:
        if row["condition"] == wanted.condition and row["outcome"] != "error":
            groups.setdefault((row["policy"], row["task"], row["split"]), []).append(row["episode"])
    chosen: list[str] = []
    for group, members in groups.items():
        order = generator(wanted.seed, "supervise", *group).permutation(len(members))
        chosen += [members[k] for k in sorted(order[: wanted.episodes])]
    entries = artifact.metadata["manifest"]["panel"]["tasks"].values()
    contracts = {entry["contract"]["id"]: TaskContract.model_validate(entry["contract"]) for entry in entries}
    return chosen, list(contracts.values())


def _envelopes(artifact: Artifact, tasks: Sequence[TaskContract], limits: Sequence[str]) -> dict[str, Envelope]:
    """Given ones hold where the task has the signal; without any, those of the expert."""
    if limits:
        known = {signal.name for task in tasks for signal in task.signals}
        for text in limits:
            if (name := text.partition(":")[0]) not in known:
                raise UnknownIdError.of("signal of the artifact's tasks", name, known)
        own = {task.id: [t for t in limits if t.partition(":")[0] in {s.name for s in task.signals}] for task in tasks}
        return {task.id: parsed(own[task.id], task) for task in tasks}
    names = ("policy", "task", "condition", "success", "signals_min", "signals_max")
    rows = artifact.columns(*names).to_pylist(maps_as_pydicts="strict")
    found = {task.id: learned(rows, task) for task in tasks}
    if missing := [task for task, envelope in found.items() if envelope is None]:
        raise ArtifactError(
            f"artifact {artifact.path}",
            expected="solved episodes of the control `expert`, to read the envelope off",
            got=f"none on {', '.join(missing)}",
            fix="give the envelope with --limit signal:low:high",
        )
    return {task: envelope for task, envelope in found.items() if envelope is not None}


def _grouped(found: Iterable[Supervised]) -> dict[tuple[str, str], list[Supervised]]:
    groups: dict[tuple[str, str], list[Supervised]] = {}
    for item in found:
        groups.setdefault((item.row["policy"], item.row["task"]), []).append(item)
    return groups


def _numbers(items: Sequence[Supervised]) -> dict[str, Any]:
    takeovers = [len(item.row["interventions"]) for item in items]
    lengths = [sum(part["length"] for part in item.row["interventions"]) for item in items]
    steps = sum(item.row["steps"] for item in items)
    return {
        "episodes": len(items),
        "left_the_envelope": vars(_share(item.left > 0 for item in items)),
        "steps_outside": float(np.mean([item.left for item in items])),
        "interventions_per_episode": float(np.mean(takeovers)),
        "time_under_supervision": sum(lengths) / max(steps, 1),
        "seconds_under_supervision": float(np.mean(lengths)) * items[0].seconds,
        "success_alone": vars(_share(bool(item.parent["success"]) for item in items)),
        "success_supervised": vars(_share(bool(item.row["success"]) for item in items)),
    }


def _share(outcomes: Iterable[bool]) -> Proportion:
    known = list(outcomes)
    return wilson(sum(known), len(known))


def _table(groups: dict[tuple[str, str], list[Supervised]], condition: str) -> Table:
    table = Table(title=f"under supervision, {condition}", title_justify="left", title_style="bold")
    table.add_column("policy", no_wrap=True)
    for name in ("left it", "takeovers an episode", "expert's share of time", "success alone", "supervised"):
        table.add_column(name, justify="right")
    for (policy, task), items in groups.items():
        numbers = _numbers(items)
        left, alone, guarded = (
            f"{numbers[name]['successes']}/{numbers[name]['scored']}"
            for name in ("left_the_envelope", "success_alone", "success_supervised")
        )
        rate, time = f"{numbers['interventions_per_episode']:.2f}", f"{numbers['time_under_supervision']:.0%}"
        table.add_row(f"{policy}\n[dim]{task}[/]", left, rate, time, alone, guarded)
    return table
