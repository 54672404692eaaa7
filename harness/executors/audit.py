"""An audit: the artifact's own consistency, then a sample of its episodes acted out again and compared bit for bit."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any, Literal

from harness.artifact.columns import table
from harness.artifact.integrity import Finding, inspect
from harness.artifact.labelling import LABEL_COLUMNS
from harness.artifact.provenance import provenance
from harness.artifact.reader import Artifact
from harness.artifact.schema import measured_columns
from harness.contract.policy import Runtime
from harness.contract.task import Task
from harness.demonstrations import dataset_hash
from harness.errors import ArtifactError, UnknownIdError
from harness.executors.stage import Call, Stage, stage_for
from harness.executors.watcher import Watcher
from harness.manifest.manifest import Manifest
from harness.manifest.panel import first_difference
from harness.manifest.plan import EpisodeKey, episode_id, episodes
from harness.manifest.stored import restore
from harness.registry import load
from harness.seeding import generator
from harness.statistics.proportions import Proportion, wilson

__all__ = ["Audit", "Sample", "audit", "check_repeats", "difference", "open_manifest"]

_NOT_OF_THE_EPISODE = {*LABEL_COLUMNS, "cause", "verdict", "point_of_no_return", "media", *measured_columns()}
"""Columns that another part of the harness fills in, or that hold wall-clock times."""


@dataclass(frozen=True)
class Sample:
    """Which episodes are acted out again: those named, or else a seeded random share of all, rounded up."""

    share: float = 0.05
    seed: int = 0
    episodes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Audit:
    """What an audit found.

    Attributes:
        digest: of the run, as the rows give it; compare it with the one that was published.
        episodes: in the artifact, probes apart.
        checked: acted out again.
        reproduced: of those, bit for bit.
        findings: everything that does not hold.
        environment: per package, processor or version that differs here: (recorded, here).
        agreement: outcomes that came out the same among those acted out again, with its 95 % Wilson interval.
    """

    digest: str
    episodes: int
    checked: int
    reproduced: int
    findings: tuple[Finding, ...]
    environment: Mapping[str, tuple[str, str]]
    agreement: Proportion

    @property
    def verdict(self) -> Literal["reproduced", "not reproduced"]:
        """`reproduced` only if nothing at all differs, the environment included or not."""
        return "not reproduced" if self.findings else "reproduced"

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "verdict": self.verdict,
            "digest": self.digest,
            "episodes": self.episodes,
            "checked": self.checked,
            "reproduced": self.reproduced,
            "findings": [asdict(finding) for finding in self.findings],
            "environment": {name: {"recorded": then, "here": now} for name, (then, now) in self.environment.items()},
            "agreement": asdict(self.agreement) if self.checked else None,
        }


def audit(
    artifact: Artifact, sample: Sample, runtime: Runtime, *, lanes: int | None = None, watcher: Watcher | None = None
) -> Audit:
    """Check an artifact from itself alone, and from the checkpoints it names by hash; absent ones are trained again.

    Raises:
        SamepanelError: it cannot be audited here: another contract, method version or schema, or a missing package.
    """
    watcher = watcher or Watcher()
    manifest = open_manifest(artifact)
    findings = [*_datasets(artifact, manifest), *inspect(artifact, manifest)]
    chosen = _chosen(artifact, manifest, sample)
    stage = stage_for(manifest, {(key.cell.policy, key.cell.task) for key in chosen}, runtime, watcher)
    differences, same = _act_out(artifact, manifest, stage, chosen, lanes or manifest.run.lanes, watcher)
    return Audit(
        digest=artifact.metadata["digest"],
        episodes=len(episodes(manifest)),
        checked=len(chosen),
        reproduced=len(chosen) - len(differences),
        findings=(*findings, *differences),
        environment=_environment(artifact.metadata["provenance"]),
        agreement=wilson(same, len(chosen)),
    )


def open_manifest(artifact: Artifact) -> Manifest:
    """The manifest in an artifact, if its tasks are here as they were.

    Raises:
        ArtifactError: a task's contract has changed; the message names the first field.
        ManifestError: a method has changed.
    """
    manifest = restore(artifact.metadata["manifest"])
    for entry in manifest.panel.tasks.values():
        here: Task = load("tasks", entry.contract.id)
        recorded, found = (item.model_dump(mode="json") for item in (entry.contract, here.contract))
        if changed := first_difference(recorded, found):
            raise ArtifactError(
                f"artifact {artifact.path}",
                expected=f"the contract of {entry.contract.id} that it was recorded under",
                got=f"another one here, first in {changed}",
                fix="use the samepanel version in its provenance",
            )
    return manifest


def _datasets(artifact: Artifact, manifest: Manifest) -> Iterator[Finding]:
    for task_id, card in artifact.metadata["datasets"].items():
        found = dataset_hash(load("tasks", task_id).demonstrations)
        if found != card["content_hash"]:
            yield Finding("dataset", f"{task_id} was recorded on {card['content_hash']}, the one here is {found}")


def _chosen(artifact: Artifact, manifest: Manifest, sample: Sample) -> list[EpisodeKey]:
    """Keys in canonical order; error rows are left out, since nothing was simulated (law 8)."""
    keys = {episode_id(key, manifest.panel.panel_id): key for key in episodes(manifest)}
    outcomes = artifact.columns("episode", "outcome").to_pylist()
    there = [row["episode"] for row in outcomes if row["outcome"] != "error" and row["episode"] in keys]
    if sample.episodes:
        wanted = {_named(name, there, artifact) for name in sample.episodes}
    else:
        order = generator(sample.seed, "audit/sample").permutation(len(there))
        wanted = {there[k] for k in order[: math.ceil(sample.share * len(there))]}
    return [key for episode, key in keys.items() if episode in wanted]


def _named(name: str, there: Sequence[str], artifact: Artifact) -> str:
    found = [episode for episode in there if episode.startswith(name)]
    if len(found) != 1:
        raise UnknownIdError(
            f"episode {name!r} of {artifact.path}",
            expected="the beginning of one episode that is no error",
            got=f"{len(found)} such",
        )
    return found[0]


def _act_out(
    artifact: Artifact,
    manifest: Manifest,
    stage: Stage,
    chosen: Sequence[EpisodeKey],
    lanes: int,
    watcher: Watcher,
) -> tuple[list[Finding], int]:
    """Differences, at most one an episode, and how many outcomes agree."""
    tell = watcher.rolling(len(chosen), 0)
    differences: list[Finding] = []
    same = 0
    for (label, task_id), group in groupby(chosen, lambda key: (key.cell.policy, key.cell.task)):
        keys = list(group)
        recorded = artifact.rows({episode_id(key, manifest.panel.panel_id) for key in keys})
        for act in stage.act(label, task_id, [Call(key) for key in keys], lanes=lanes):
            stored = recorded[act.row["episode"]]
            same += stored["outcome"] == act.row["outcome"]
            if finding := difference(stored, act.row):
                differences.append(finding)
            tell(f"{label} on {task_id}", 1)
    return differences, same


def difference(stored: Mapping[str, Any], fresh: Mapping[str, Any]) -> Finding | None:
    """The first component, and the first step, in which an episode acted out again differs from its row.

    Args:
        stored: a row as read from an artifact.
        fresh: a row as built from a rollout.
    """
    [again] = table([dict(fresh)]).to_pylist(maps_as_pydicts="strict")
    found = _start(stored, again) or _step(stored["trace"], again["trace"])
    if found is not None:
        component, step, text = found
        return Finding(component, text, stored["episode"], step)
    later = {name for name in again if name not in stored}
    # A file of an earlier minor version lacks columns, and what its exposures amount to was counted otherwise.
    skipped = _NOT_OF_THE_EPISODE | later | ({"exposure"} if later else set())
    other = [name for name in again if name not in skipped and _text(stored[name]) != _text(again[name])]
    if not other:
        return None
    text = "; ".join(f"{name} is {_brief(again[name])}, recorded {_brief(stored[name])}" for name in other)
    return Finding("row", text, stored["episode"])


def check_repeats(stored: Mapping[str, Any], fresh: Mapping[str, Any], why: str) -> None:
    """Raise ArtifactError, with why it matters, unless an episode acted out again is the recorded one."""
    if found := difference(stored, fresh):
        raise ArtifactError(
            f"episode {stored['episode']}",
            expected="the recorded episode, acted out again",
            got=f"another one ({found})",
            fix=f"run `samepanel audit`; {why}",
        )


type _Found = tuple[str, int | None, str]


def _start(stored: Mapping[str, Any], again: Mapping[str, Any]) -> _Found | None:
    """Differences that are there before the first step."""
    for component, name in (
        ("policy", "policy_hash"),
        ("scene", "scene_variables"),
        ("scene", "initial_state"),
        ("fault draw", "faults_hash"),
    ):
        if _text(stored[name]) != _text(again[name]):
            return component, None, f"{name} is {_brief(again[name])}, recorded {_brief(stored[name])}"
    return None


def _step(stored: Mapping[str, Any], again: Mapping[str, Any]) -> _Found | None:
    """The first step that differs, in the order in which a control step works."""
    views = [(component, name, look(stored), look(again)) for component, name, look in _LOOKS]
    for step in range(max(len(stored["chain"]), len(again["chain"]))):
        for component, name, then, now in views:
            before, after = then(step), now(step)
            if _text(before) != _text(after):
                return component, step, f"{name} is {_brief(after)}, recorded {_brief(before)}"
    return None


type _Look = Callable[[int], object]


def _series(name: str) -> Callable[[Mapping[str, Any]], _Look]:
    """Entry of a step; None past the end."""
    return lambda trace: lambda step: trace[name][step] if step < len(trace[name]) else None


def _queries(trace: Mapping[str, Any]) -> _Look:
    return dict(zip(trace["query_steps"], trace["query_hashes"], strict=False)).get


def _signals(trace: Mapping[str, Any]) -> _Look:
    return lambda step: {name: values[step] for name, values in trace["signals"].items() if step < len(values)}


_LOOKS: tuple[tuple[str, str, Callable[[Mapping[str, Any]], _Look]], ...] = (
    ("fault draw", "obs_id", _series("obs_id")),
    ("observation", "hash of the window that the policy saw", _queries),
    ("inference", "plan_step", _series("plan_step")),
    ("inference", "chunk_index", _series("chunk_index")),
    ("inference", "commanded action", _series("commanded")),
    ("action", "applied action", _series("applied")),
    ("physics", "hash of the state", _series("state_hashes")),
    ("physics", "signals", _signals),
    ("row", "link of the chain", _series("chain")),
)


def _text(value: object) -> str:
    """Comparable, NaN included."""
    return json.dumps(value, sort_keys=True, default=str)


def _brief(value: object) -> str:
    text = _text(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _environment(recorded: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """What is another here than it was there, of what may change the last bits."""
    here = provenance(lanes=0, threads=0, command=[])
    names = ("samepanel", "python", "processor")
    pairs = {name: (str(recorded[name]), str(here[name])) for name in names}
    pairs |= {name: (then, here["packages"].get(name, "absent")) for name, then in recorded["packages"].items()}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
