"""What a run will cost on this machine, found before it starts: some of its episodes are acted out and timed.

A pilot takes episodes evenly from all conditions and scenes of a policy on a task. Policies that differ in the training
seed only share one pilot. Nothing is trained and nothing is kept.
"""

from __future__ import annotations

import json
import math
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from harness.artifact.columns import table
from harness.artifact.journal import Journal
from harness.artifact.labelling import relabel
from harness.contract.policy import Runtime
from harness.errors import PrerequisiteError
from harness.evidence.company import Company
from harness.executors.local import by_group
from harness.executors.stage import Call, Stage
from harness.executors.teams import AnyTicket, checkpoints, ticket_for
from harness.executors.training import Ticket, cache_folder
from harness.executors.watcher import Watcher
from harness.manifest.manifest import Manifest
from harness.manifest.plan import EpisodeKey, episodes
from harness.rollout.rounds import Clock

__all__ = ["Forecast", "Group", "Trainings", "forecast"]

PILOT = 24
"""Episodes of a pilot; the first one on every task fills all lanes, since memory and overhead depend on them."""


@dataclass(frozen=True)
class Group:
    """One policy on one task: its episodes, and the seconds that they are expected to take.

    Attributes:
        piloted: episodes that were acted out; 0 if the figures are those of another policy on the task.
    """

    label: str
    task: str
    episodes: int
    piloted: int
    physics_s: float
    inference_s: float
    rest_s: float

    @property
    def total_s(self) -> float:
        """Seconds of all its episodes."""
        return self.physics_s + self.inference_s + self.rest_s


@dataclass(frozen=True)
class Trainings:
    """Checkpoints that are missing.

    Attributes:
        missing: how many.
        known: how many of them have a sibling in the cache, of the same method and task, that tells how long they take.
        seconds: of all that are missing, side by side on all threads, the unknown ones at the mean of the known.
    """

    missing: int
    known: int
    seconds: float


@dataclass(frozen=True)
class Forecast:
    """Of one manifest on this machine.

    Attributes:
        labelling_s: to label all rows and write them again.
        artifact_bytes: size of the file; the journal beside it is as large while the run lasts.
    """

    groups: tuple[Group, ...]
    trainings: Trainings
    labelling_s: float
    artifact_bytes: int

    @property
    def episodes(self) -> int:
        """All episodes of the run."""
        return sum(group.episodes for group in self.groups)

    @property
    def rollouts_s(self) -> float:
        """Seconds of the rollout phase."""
        return sum(group.total_s for group in self.groups)

    @property
    def guessed(self) -> int:
        """Episodes whose policies could not be tried, since they are not trained."""
        return sum(group.episodes for group in self.groups if not group.piloted)


@dataclass
class _Pilots:
    """Rows of all pilots, with the time to store and label them."""

    bytes: int = 0
    rows: int = 0
    labelling_s: float = 0.0
    done: dict[tuple[str, str], Group] = field(default_factory=dict)


def forecast(manifest: Manifest, *, lanes: int, threads: int, watcher: Watcher | None = None) -> Forecast:
    """Act out the pilots and reckon.

    Raises:
        PrerequisiteError: no policy of a task can be tried, since nothing is trained and no control runs.
    """
    tickets = {(spec.label, spec.task): ticket_for(spec, manifest.run.device) for spec in manifest.policies}
    plan = by_group(episodes(manifest))
    stage = Stage(manifest, tickets, Runtime(threads, manifest.run.device))
    ready = [group for group in plan if _ready(manifest, tickets, group)]
    for group in ready:
        stage.actor(*group)  # a run holds them all: they count in the peak of memory
    samples = _samples(plan, _to_try(manifest, ready), lanes)
    tell = (watcher or Watcher()).probing("pilot", sum(map(len, samples.values())))
    pilots = _Pilots()
    for group, keys in samples.items():
        _try(pilots, stage, group, keys, plan[group], lanes)
        tell(len(keys))
    groups = tuple(_group(manifest, group, keys, pilots.done) for group, keys in plan.items())
    total = sum(group.episodes for group in groups)
    share = total / pilots.rows
    return Forecast(
        groups,
        _trainings(checkpoints(tickets.values()), threads),
        pilots.labelling_s * share,
        int(pilots.bytes * share),
    )


def _family(manifest: Manifest, label: str) -> str:
    """What a policy is called without its training seed; a control is a family of its own."""
    return next((spec.name for spec in manifest.policies if spec.label == label), label)


def _ready(manifest: Manifest, tickets: Mapping[tuple[str, str], AnyTicket], group: tuple[str, str]) -> bool:
    """Whether who acts in a group is trained, or is a control that needs no missing checkpoint."""
    label, task = group
    ticket = tickets.get((manifest.behind(label), task))
    return ticket is None or ticket.trained


def _to_try(manifest: Manifest, ready: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """One of each family on each task."""
    found: dict[tuple[str, str], tuple[str, str]] = {}
    for label, task in ready:
        found.setdefault((_family(manifest, label), task), (label, task))
    return list(found.values())


def _samples(
    plan: Mapping[tuple[str, str], list[EpisodeKey]], chosen: Sequence[tuple[str, str]], lanes: int
) -> dict[tuple[str, str], list[EpisodeKey]]:
    """Episodes of each pilot, evenly over the group's; the largest group of a task fills all lanes."""
    largest = {task: max((g for g in chosen if g[1] == task), key=lambda g: len(plan[g])) for _, task in chosen}
    samples = {}
    for group in chosen:
        keys = plan[group]
        count = min(len(keys), max(lanes, PILOT) if largest[group[1]] == group else PILOT)
        samples[group] = [keys[int((k + 0.5) * len(keys) / count)] for k in range(count)]
    return samples


def _try(
    pilots: _Pilots,
    stage: Stage,
    group: tuple[str, str],
    sample: Sequence[EpisodeKey],
    keys: Sequence[EpisodeKey],
    lanes: int,
) -> None:
    """Act out a sample, and reckon what the whole group takes."""
    contract = stage.actor(*group).policy.contract
    clock = Clock()
    rows = [act.row for act in stage.act(*group, [Call(key) for key in sample], lanes=lanes, clock=clock)]
    share = len(keys) / len(sample)
    # A forward pass has one width, however few lanes ask; in a full run nearly every pass is full.
    full = math.ceil(clock.queries / min(contract.width, lanes))
    passes = share if contract.privileged else share * min(1.0, full / max(1, clock.batches))
    rest = max(0.0, clock.total_s - clock.physics_s - clock.inference_s)
    pilots.done[group] = Group(
        *group, len(keys), len(sample), clock.physics_s * share, clock.inference_s * passes, rest * share
    )
    _store(pilots, rows)


def _store(pilots: _Pilots, rows: list[dict[str, Any]]) -> None:
    """Write and label rows as a run does, in a place that is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        journal = Journal(Path(folder) / "pilot.parquet", "pilot")
        journal.append(rows)
        relabel(table(rows), Company(rows))
        pilots.labelling_s += time.perf_counter() - started
        pilots.bytes += sum(part.stat().st_size for part in journal.folder.glob("part-*.parquet"))
        pilots.rows += len(rows)
        journal.close(remove=True)


def _group(
    manifest: Manifest,
    group: tuple[str, str],
    keys: Sequence[EpisodeKey],
    done: Mapping[tuple[str, str], Group],
) -> Group:
    """Its own pilot, its sibling's, or the mean of the others' on the task."""
    if group in done:
        return done[group]
    label, task = group
    others = [item for item in done.values() if item.task == task]
    siblings = [item for item in others if _family(manifest, item.label) == _family(manifest, label)]
    if not others:
        raise PrerequisiteError(
            f"forecast of {manifest.name}",
            expected=f"a trained policy or a control on {task}",
            got="none",
            fix=f"`samepanel train {manifest.name}` first",
        )
    like = siblings or others
    shares = [len(keys) / item.episodes / len(like) for item in like]
    physics, inference, rest = (
        sum(share * getattr(item, name) for share, item in zip(shares, like, strict=True))
        for name in ("physics_s", "inference_s", "rest_s")
    )
    known = Group(label, task, len(keys), 0, physics, inference, rest)
    return replace(known, piloted=siblings[0].piloted) if siblings else known


def _trainings(tickets: Sequence[Ticket], threads: int) -> Trainings:
    """How long the missing checkpoints took others, by the cards in the cache."""
    missing = [ticket for ticket in tickets if not ticket.trained]
    cards = [json.loads(path.read_text()) for path in cache_folder().glob("checkpoints/*/card.json")]
    took: dict[tuple[str, str], list[float]] = {}
    for card in cards:
        if "wall_seconds" not in card:  # a method of somebody else's need not say
            continue
        took.setdefault((card["method"], card["task"]), []).append(float(card["wall_seconds"]))
    means = {key: sum(values) / len(values) for key, values in took.items()}
    known = [means[ticket.method, ticket.task] for ticket in missing if (ticket.method, ticket.task) in means]
    seconds = len(missing) * sum(known) / len(known) / threads if known else math.nan
    return Trainings(len(missing), len(known), seconds if missing else 0.0)
