"""From a complete journal to the artifact: labels, validity of the controls, metadata, atomic rename."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import batched, groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from harness.artifact.digest import run_digest
from harness.artifact.journal import Journal, write_parquet
from harness.artifact.labelling import relabel
from harness.artifact.provenance import provenance
from harness.artifact.schema import VERSION
from harness.contract.task import Task
from harness.demonstrations import dataset_hash, read
from harness.evidence.calibrated import calibrated
from harness.evidence.codebook import code_use
from harness.evidence.company import EVERYWHERE, Company
from harness.evidence.controls import check_controls
from harness.manifest.manifest import Manifest
from harness.manifest.plan import EpisodeKey, episode_id
from harness.registry import load

if TYPE_CHECKING:
    from harness.executors.local import Options

__all__ = ["assemble", "stored_run_id"]

ROW_GROUP = 128
"""Most rows of a row group, which holds one policy on one task: small in memory, large enough to scan."""


def assemble(
    manifest: Manifest,
    plan: Sequence[EpisodeKey],
    journal: Journal,
    cards: Mapping[str, Any],
    options: Options,
    run_id: str,
) -> None:
    """Write the artifact in canonical order; memory stays flat, since few whole rows are held at a time."""
    ids = [episode_id(key, manifest.panel.panel_id) for key in plan]
    light = journal.read(ids, columns=["purpose", "policy", *EVERYWHERE, "success", "digest"]).to_pylist()
    checks = check_controls(light, manifest.bands)
    metadata = {
        "schema_version": VERSION,
        "run_id": run_id,
        "manifest": manifest.document(),
        "datasets": dataset_cards(manifest),
        "policies": _with_code_use(cards, plan, ids, journal),
        "controls": {
            "valid": bool(checks) and all(check.in_band for check in checks),
            "checks": [asdict(check) for check in checks],
        },
        "calibration": calibrated(),
        "digest": run_digest(row["digest"] for row in light),
        "provenance": provenance(lanes=options.lanes, threads=options.threads, command=list(options.command)),
    }
    write_parquet(options.out, _labelled(plan, ids, journal, light), metadata)


def _with_code_use(
    cards: Mapping[str, Any], plan: Sequence[EpisodeKey], ids: Sequence[str], journal: Journal
) -> dict[str, Any]:
    """The cards; those of policies with discrete codes also say how the rollouts used them."""
    full = {name: dict(card) for name, card in cards.items()}
    for name, card in full.items():
        if "codebook_perplexity" not in card.get("report", {}):
            continue
        own = [episode for key, episode in zip(plan, ids, strict=True) if f"{key.cell.policy}/{key.cell.task}" == name]
        tokens = journal.read(own, columns=["tokens"])["tokens"].to_pylist()
        card["rollout_codes"] = [asdict(layer) for layer in code_use(item for item in tokens if item)]
    return full


def stored_run_id(path: Path) -> str | None:
    """Run id of an artifact, or None if the file is no artifact of this project."""
    try:
        metadata = pq.read_metadata(path).metadata or {}
        return str(json.loads(metadata[b"samepanel.run_id"]))
    except (OSError, pa.ArrowException, KeyError, ValueError):
        return None


def dataset_cards(manifest: Manifest) -> dict[str, Any]:
    """Per task, what its demonstrations are and their content hash."""
    cards = {}
    for entry in manifest.panel.tasks.values():
        task: Task = load("tasks", entry.contract.id)
        if not task.contract.dataset.episodes:
            continue
        info = dict(read(task.demonstrations, task.contract).info)
        cards[entry.contract.id] = info | {"content_hash": dataset_hash(task.demonstrations)}
    return cards


def _labelled(
    plan: Sequence[EpisodeKey], ids: Sequence[str], journal: Journal, light: Sequence[Mapping[str, Any]]
) -> Iterator[pa.Table]:
    company = Company(light)
    pairs = zip(plan, ids, strict=True)
    for _, group in groupby(pairs, lambda pair: (pair[0].cell.policy, pair[0].cell.task)):
        for block in batched((episode for _, episode in group), ROW_GROUP):
            yield relabel(journal.read(block), company)
