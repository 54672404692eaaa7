"""How good labels and causes are: episodes whose category is known are run, labelled and explained as any others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from harness.artifact.amend import amend
from harness.artifact.reader import Artifact, open_artifact
from harness.contract.failure import Blame
from harness.contract.policy import Runtime
from harness.errors import ManifestError
from harness.evidence.calibration import Score, known, score
from harness.evidence.company import EVERYWHERE
from harness.evidence.labels import LABEL_VERSION
from harness.executors.explaining import Budget, explain
from harness.executors.local import Options, run
from harness.executors.watcher import Watcher
from harness.manifest.manifest import Manifest
from harness.seeding import generator

__all__ = ["Calibration", "calibrate"]


@dataclass(frozen=True)
class Calibration:
    """What came of it.

    Attributes:
        labels: scored on all failures whose category is known; by task beside.
        causes: scored on a draw of them.
    """

    labels: Score
    causes: Score
    labels_by_task: dict[str, Score]
    causes_by_task: dict[str, Score]
    digest: str

    def document(self) -> dict[str, Any]:
        """As JSON: the score of the labels and, beside it, that of the causes."""
        return {
            "label_version": LABEL_VERSION,
            "digest": self.digest,
            **self.labels.document(),
            "causes": self.causes.document(),
            "tasks": {
                task: {"labels": item.document(), "causes": self.causes_by_task[task].document()}
                for task, item in self.labels_by_task.items()
            },
        }


def calibrate(manifest: Manifest, options: Options, watcher: Watcher | None = None) -> Calibration:
    """Run the manifest, look for the causes of a draw of the failures whose category is known, and score.

    The verdicts and their probes are added to the artifact, which then holds all that the scores are computed from.

    Raises:
        ManifestError: nothing is known of the manifest's episodes.
    """
    if manifest.calibration is None:
        raise ManifestError(
            f"manifest {manifest.name!r}", expected="a section `calibration`", got="none", fix="use `calibration`"
        )
    run(manifest, options, watcher)
    artifact = open_artifact(options.out)
    truths = known(_light(artifact), manifest)
    drawn = _draw(_light(artifact), truths, manifest)
    if missing := drawn - _explained(artifact):
        budget = Budget(len(missing), manifest.explain.replicates, tuple(sorted(missing)))
        runtime = Runtime(options.threads, options.device)
        found = explain(artifact, budget, runtime, lanes=options.lanes, watcher=watcher)
        amend(artifact, found.verdicts, found.probes, {})
        artifact = open_artifact(options.out)
    return _scored(artifact, truths)


def _light(artifact: Artifact) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = artifact.columns(
        "episode", "purpose", "policy", "outcome", "success", "failure_category", *EVERYWHERE
    ).to_pylist()
    return rows


def _explained(artifact: Artifact) -> set[str]:
    return {row["episode"] for row in artifact.columns("episode", "cause").to_pylist() if row["cause"] is not None}


def _draw(rows: list[dict[str, Any]], truths: dict[str, Blame], manifest: Manifest) -> set[str]:
    """So many failures of each task and category, since each costs a dozen probes."""
    assert manifest.calibration is not None, "checked before anything was run"
    groups: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        if row["episode"] in truths:
            groups.setdefault((row["task"], truths[row["episode"]]), []).append(row["episode"])
    drawn: set[str] = set()
    for (task, truth), members in groups.items():
        order = generator(manifest.panel.seed, "calibrate/causes", task, truth).permutation(len(members))
        drawn |= {members[k] for k in order[: manifest.calibration.causes]}
    return drawn


def _scored(artifact: Artifact, truths: dict[str, Blame]) -> Calibration:
    rows = artifact.columns("episode", "task", "failure_category", "verdict").to_pylist()
    tasks = sorted({row["task"] for row in rows if row["episode"] in truths})
    labels = {row["episode"]: row["failure_category"] for row in rows}
    causes = {row["episode"]: row["verdict"]["category"] for row in rows if row["verdict"] is not None}
    of = {row["episode"]: row["task"] for row in rows}

    def on(task: str) -> dict[str, Blame]:
        return {episode: truth for episode, truth in truths.items() if of[episode] == task}

    return Calibration(
        labels=score(truths, labels),
        causes=score(truths, causes),
        labels_by_task={task: score(on(task), labels) for task in tasks},
        causes_by_task={task: score(on(task), causes) for task in tasks},
        digest=artifact.metadata["digest"],
    )
