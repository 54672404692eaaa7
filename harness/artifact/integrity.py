"""What can be checked of an artifact without a simulator: that its parts still belong together.

Every row must be an episode of the plan, every planned episode a row, every chain must follow from its row, every
summary from the rows. Whoever alters a part has to alter all that is derived from it; what is then still consistent
is left to re-execution.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pyarrow as pa

from harness.artifact.columns import conform
from harness.artifact.digest import run_digest, stored_chain
from harness.artifact.labelling import LABEL_COLUMNS, relabel
from harness.artifact.reader import Artifact
from harness.contract.task import TaskContract
from harness.evidence.company import EVERYWHERE, Company
from harness.evidence.controls import check_controls
from harness.evidence.labels import LABEL_VERSION
from harness.manifest.manifest import Manifest
from harness.manifest.plan import EpisodeKey, episode_id, episodes

__all__ = ["Finding", "inspect"]

_IDENTITY = ("purpose", "policy", "task", "split", "condition", "scene", "replicate", "panel_id")


@dataclass(frozen=True)
class Finding:
    """One thing that does not hold.

    Attributes:
        component: what differs: `panel`, `plan`, `row`, `policy`, `dataset`, `digest`, `label`, `controls`, or, of an
            episode acted out again, `scene`, `fault draw`, `observation`, `inference`, `action`, `physics`.
        text: in words.
        episode, step: where, if it is about one episode, and about one control step of it.
    """

    component: str
    text: str
    episode: str | None = None
    step: int | None = None

    def __str__(self) -> str:
        where = "" if self.episode is None else f" of episode {self.episode}"
        when = "" if self.step is None else f" at step {self.step}"
        return f"{self.component}{where}{when}: {self.text}"


def inspect(artifact: Artifact, manifest: Manifest) -> Iterator[Finding]:
    """Everything that does not hold, cheapest checks first.

    Args:
        artifact: to be checked.
        manifest: as restored from its metadata.
    """
    light = artifact.columns("episode", "method", "policy_hash", "digest", "success", *_IDENTITY).to_pylist()
    plan = {episode_id(key, manifest.panel.panel_id): key for key in episodes(manifest)}
    yield from _panel(artifact, manifest)
    yield from _plan(light, plan)
    yield from _policies(light, artifact.metadata["policies"])
    yield from _summaries(light, artifact, manifest)
    company = Company(light)
    for table in artifact.row_groups():
        yield from _rows(table, manifest)
        yield from _labels(table, company)


def _panel(artifact: Artifact, manifest: Manifest) -> Iterator[Finding]:
    stated = artifact.metadata["manifest"]["panel_id"]
    if stated != manifest.panel.panel_id:
        yield Finding("panel", f"its hash is {manifest.panel.panel_id}, the metadata say {stated}")


def _plan(light: Sequence[Mapping[str, Any]], plan: Mapping[str, EpisodeKey]) -> Iterator[Finding]:
    """Every planned episode is there once, in order, and says of itself what its id is the hash of."""
    found = [row["episode"] for row in light if row["purpose"] != "probe"]
    counts = Counter(found)
    for episode, count in counts.items():
        if count > 1:
            yield Finding("plan", f"there {count} times", episode)
    for episode, key in plan.items():
        if episode not in counts:
            yield Finding("plan", f"missing: {_place(key)}", episode)
    for row in light:
        if row["purpose"] != "probe" and row["episode"] not in plan:
            yield Finding("plan", "the manifest plans no such episode", row["episode"])
        elif row["episode"] in plan and (wrong := _misnamed(row, plan[row["episode"]])):
            yield Finding("row", f"its id belongs to another {wrong}", row["episode"])
    if [episode for episode in found if episode in plan] != [episode for episode in plan if episode in counts]:
        yield Finding("plan", "the rows are not in canonical order")


def _place(key: EpisodeKey) -> str:
    cell = key.cell
    return f"{cell.policy} on {cell.task}/{cell.split}, {cell.condition}, scene {key.scene}, replicate {key.replicate}"


def _misnamed(row: Mapping[str, Any], key: EpisodeKey) -> str:
    expected = {**asdict(key.cell), "scene": key.scene, "replicate": key.replicate}
    return next((name for name, value in expected.items() if row[name] != value), "")


def _policies(light: Sequence[Mapping[str, Any]], cards: Mapping[str, Any]) -> Iterator[Finding]:
    """One hash a policy and task, and for trained ones the hash of the weights on the card."""
    hashes: dict[tuple[str, str, str], Counter[str]] = {}
    for row in light:
        if row["purpose"] != "probe":
            hashes.setdefault((row["policy"], row["task"], row["purpose"]), Counter())[row["policy_hash"]] += 1
    for (policy, task, purpose), count in hashes.items():
        card = cards.get(f"{policy}/{task}", {})
        expected = card.get("weights") if purpose == "panel" else next(iter(count))
        for other in count.keys() - {expected}:
            yield Finding("policy", f"{count[other]} rows of {policy} on {task} name {other}, its card {expected}")


def _summaries(light: Sequence[Mapping[str, Any]], artifact: Artifact, manifest: Manifest) -> Iterator[Finding]:
    planned = [row for row in light if row["purpose"] != "probe"]
    if (whole := run_digest(row["digest"] for row in planned)) != artifact.metadata["digest"]:
        yield Finding("digest", f"that of the rows is {whole}, the metadata say {artifact.metadata['digest']}")
    checks = [asdict(check) for check in check_controls(planned, manifest.bands)]
    if checks != artifact.metadata["controls"]["checks"]:
        yield Finding("controls", "the validity in the metadata does not follow from the rows")
    if {row["panel_id"] for row in light} - {manifest.panel.panel_id}:
        yield Finding("panel", "some rows are of another panel")


def _rows(table: pa.Table, manifest: Manifest) -> Iterator[Finding]:
    """Each row's chain, and what is derived from its trace."""
    contracts = {entry.contract.id: entry.contract for entry in manifest.panel.tasks.values()}
    names = ["episode", "task", "policy_hash", "faults_hash", "initial_state", "outcome", "success", "error", "steps"]
    for row in table.select([*names, "progress", "digest", "trace"]).to_pylist(maps_as_pydicts="strict"):
        if finding := _broken(row) or _derived(row, contracts.get(row["task"])):
            yield finding


def _broken(row: Mapping[str, Any]) -> Finding | None:
    """The first link that does not follow from the row."""
    try:
        expected = stored_chain(row)
    except (ValueError, TypeError, KeyError, OverflowError) as error:
        return Finding("row", f"its trace is damaged ({error})", row["episode"])
    for step, (link, stored) in enumerate(zip(expected.links, row["trace"]["chain"], strict=False)):
        if link != stored:
            return Finding("row", "the trace is not what was hashed when it was recorded", row["episode"], step)
    if len(expected.links) != len(row["trace"]["chain"]):
        return Finding("row", "its chain is shorter or longer than its trace", row["episode"])
    if expected.digest != row["digest"]:
        return Finding("row", "outcome, error or digest was changed after the recording", row["episode"])
    return None


def _derived(row: Mapping[str, Any], contract: TaskContract | None) -> Finding | None:
    """Columns that only repeat what the trace says."""
    if row["success"] != {"success": True, "failure": False}.get(row["outcome"]):
        return Finding("row", f"success is {row['success']}, outcome {row['outcome']}", row["episode"])
    trace = row["trace"]
    if row["steps"] != len(trace["chain"]):
        return Finding("row", f"steps is {row['steps']}, the trace has {len(trace['chain'])}", row["episode"])
    if contract is not None and row["steps"]:
        progress = next(signal.name for signal in contract.signals if signal.role == "progress")
        if trace["progress"] != trace["signals"][progress] or row["progress"] != max(trace["progress"]):
            return Finding("row", "progress is not what the signals say", row["episode"])
    return None


def _labels(table: pa.Table, company: Company) -> Iterator[Finding]:
    """Labels of the version here must be what the rules here say; those of another version are not checked."""
    fresh = relabel(conform(table), company)
    pairs = zip(_light_labels(table), _light_labels(fresh), strict=True)
    for stored, expected in pairs:
        if stored["label_version"] == LABEL_VERSION and _text(stored) != _text(expected):
            text = f"the rules say {expected['failure_category']}, the row {stored['failure_category']}"
            yield Finding("label", text, stored["episode"])


def _light_labels(table: pa.Table) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = table.select(["episode", *EVERYWHERE, *LABEL_COLUMNS]).to_pylist()
    return rows


def _text(row: Mapping[str, Any]) -> str:
    return json.dumps(row, sort_keys=True)
