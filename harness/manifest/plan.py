"""The plan: every episode of a manifest, in canonical order, each with an id that says what it is."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

from harness.contract.task import Split
from harness.hashing import content_hash
from harness.manifest.manifest import Manifest

__all__ = ["Cell", "EpisodeKey", "Purpose", "episode_id", "episodes"]

Purpose = Literal["panel", "control", "probe"]


@dataclass(frozen=True, order=True)
class Cell:
    """Episodes that differ in scene and replicate only; `policy` is a label of a policy or control."""

    purpose: Purpose
    policy: str
    task: str
    split: Split
    condition: str


@dataclass(frozen=True, order=True)
class EpisodeKey:
    """One episode of a panel."""

    cell: Cell
    scene: int
    replicate: int


def episode_id(key: EpisodeKey, panel_id: str) -> str:
    """12 hex digits of the content hash of key and panel: the same in every run, process and order."""
    return content_hash({"panel_id": panel_id, **asdict(key)})[:12]


def episodes(manifest: Manifest) -> tuple[EpisodeKey, ...]:
    """All episodes, sorted; the order in which a manifest lists things does not matter."""
    panel = manifest.panel
    return tuple(
        EpisodeKey(cell, scene, replicate)
        for cell in sorted({*_policy_cells(manifest), *_control_cells(manifest)})
        for scene in panel.tasks[f"{cell.task}/{cell.split}"].scenes
        for replicate in range(panel.replicates)
    )


def _policy_cells(manifest: Manifest) -> list[Cell]:
    return [
        Cell("panel", policy.label, policy.task, task.split, condition)
        for policy in manifest.policies
        for task in manifest.panel.tasks.values()
        if task.contract.id == policy.task
        for condition in manifest.panel.conditions
    ]


def _control_cells(manifest: Manifest) -> list[Cell]:
    return [
        Cell("control", control.label, task.contract.id, task.split, condition)
        for control in manifest.controls
        for task in manifest.panel.tasks.values()
        for condition in control.conditions
    ]
