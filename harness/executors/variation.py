"""One episode acted out again with one thing changed: a fault taken away or added, or another policy in its place.

Scene, the draws of the faults that stay, and the policy noise are those of the recorded episode (law 3), so that what
differs afterwards comes from the change alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml
from pydantic import TypeAdapter, ValidationError

from harness.artifact.integrity import Finding
from harness.artifact.reader import Artifact
from harness.contract.policy import Runtime
from harness.contract.task import Task, TaskContract
from harness.errors import ManifestError, UnknownIdError
from harness.executors.audit import difference, open_manifest
from harness.executors.stage import Act, Call, stage_for
from harness.executors.watcher import Watcher
from harness.faults.base import Fault
from harness.faults.catalogue import AnyFault, acting_on, canonical, check
from harness.manifest.manifest import Manifest
from harness.manifest.panel import Panel
from harness.manifest.plan import EpisodeKey, episode_id, episodes
from harness.registry import load

__all__ = ["ALL", "Change", "Variation", "vary"]

ALL = "all"
"""Stands for every fault of the episode."""


@dataclass(frozen=True)
class Change:
    """What is changed; nothing if left as it is.

    Attributes:
        without: identities of faults of the episode's condition, as in its column `faults`, or `all`.
        with_: names of conditions of the panel whose faults are added, or faults as a manifest writes them (YAML).
        policy: label of the policy or control that acts instead.
    """

    without: tuple[str, ...] = ()
    with_: tuple[str, ...] = ()
    policy: str | None = None

    def __str__(self) -> str:
        parts = [*(f"without {name}" for name in self.without), *(f"with {name}" for name in self.with_)]
        return ", ".join(parts + ([f"{self.policy} acting"] if self.policy else [])) or "nothing changed"


@dataclass(frozen=True)
class Variation:
    """An episode and what became of it under a change.

    Attributes:
        task: of the episode.
        stored: its row in the artifact.
        act: what happened now.
        parting: the first component and step in which it differs from the recording; None if in none.
    """

    task: Task
    stored: Mapping[str, Any]
    act: Act
    parting: Finding | None


def vary(
    artifact: Artifact, episode: str, change: Change, runtime: Runtime, watcher: Watcher | None = None
) -> Variation:
    """Act out one episode again.

    Raises:
        UnknownIdError: no such episode, fault, condition or policy.
        ManifestError: an added fault is malformed, or cannot act beside the others.
        ArtifactError: the artifact's tasks are not here as they were.
    """
    manifest = open_manifest(artifact)
    stored = artifact.row(episode)
    key = _key(manifest, stored)
    label, task = change.policy or key.cell.policy, load("tasks", key.cell.task)
    _check_label(manifest, label)
    stage = stage_for(manifest, [(label, task.contract.id)], runtime, watcher)
    faults = _faults(manifest.panel, key, task.contract, change)
    [act] = stage.act(label, task.contract.id, [Call(key, faults=faults)], lanes=1)
    return Variation(task, stored, act, difference(stored, act.row))


def _key(manifest: Manifest, stored: Mapping[str, Any]) -> EpisodeKey:
    keys = {episode_id(key, manifest.panel.panel_id): key for key in episodes(manifest)}
    if stored["episode"] not in keys:
        raise UnknownIdError(f"episode {stored['episode']}", expected="an episode of the artifact's manifest")
    return keys[stored["episode"]]


def _check_label(manifest: Manifest, label: str) -> None:
    labels = {*(control.label for control in manifest.controls), *(spec.label for spec in manifest.policies)}
    if label not in labels:
        raise UnknownIdError.of("policy or control of the artifact", label, labels)


def _faults(panel: Panel, key: EpisodeKey, contract: TaskContract, change: Change) -> tuple[Fault, ...]:
    """The faults of the episode's condition after the change, checked to act together."""
    own = acting_on(panel.conditions[key.cell.condition], contract.id)
    known = {fault.identity for fault in own}
    for name in change.without:
        if name not in known | {ALL}:
            raise UnknownIdError.of(f"fault of condition {key.cell.condition!r}", name, known)
    kept = [fault for fault in own if not {fault.identity, ALL} & set(change.without)]
    added = [fault for text in change.with_ for fault in _added(panel, text)]
    check([*kept, *added], contract, "--with")
    return canonical([*kept, *added])


def _added(panel: Panel, text: str) -> Sequence[Fault]:
    """Faults of a condition of the panel, or one fault in YAML."""
    if text in panel.conditions:
        return panel.conditions[text]
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ManifestError("--with", expected="a fault in YAML", got=str(error).splitlines()[0]) from None
    if not isinstance(document, dict):
        raise UnknownIdError.of("condition of the panel", text, panel.conditions)
    try:
        fault: Fault = TypeAdapter[Fault](AnyFault).validate_python(document)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"][1:]) or "fault"
        raise ManifestError(f"--with: {where}", got=first["msg"], fix="see `samepanel list faults`") from None
    return [fault]
