"""Whether the instrument drifted: an anchor that must be the same bit for bit, and a policy against itself."""

from __future__ import annotations

from dataclasses import dataclass

from harness.artifact.reader import Artifact
from harness.evidence.company import EVERYWHERE
from harness.reports.comparison import Rules, compare
from harness.reports.pairing import Scope, entrants

__all__ = ["AGAIN", "Check", "against_itself", "anchor"]

AGAIN = "again"
"""The control that is a policy under other draws of its noise."""


@dataclass(frozen=True)
class Check:
    """One check; `holds` is None where nothing can be told."""

    what: str
    holds: bool | None
    text: str


def anchor(now: Artifact, before: Artifact | None, label: str) -> Check:
    """The same checkpoint in the same worlds must have the same digests as in an earlier artifact of the panel."""
    if before is None:
        return Check("anchor", None, f"{label}: the first run of this panel here, so nothing to hold it against")
    old, new = _episodes(before, label), _episodes(now, label)
    shared = old.keys() & new.keys()
    if not shared:
        return Check("anchor", None, f"{label}: not in {before.path.name}")
    if any(old[world][0] != new[world][0] for world in shared):
        return Check("anchor", None, f"{label}: another checkpoint than in {before.path.name}, so nothing can be told")
    differ = sum(old[world][1] != new[world][1] for world in shared)
    if differ:
        text = f"{label}: {differ} of {len(shared)} episodes differ from {before.path.name}, with the same checkpoint"
        return Check("anchor", False, f"{text}; `samepanel audit` both before a method is blamed")
    return Check("anchor", True, f"{label}: {len(shared)} episodes, the same bit for bit as in {before.path.name}")


def _episodes(artifact: Artifact, label: str) -> dict[tuple[object, ...], tuple[str, str]]:
    """Checkpoint and digest by world."""
    rows = artifact.columns("purpose", "policy", "policy_hash", "digest", *EVERYWHERE).to_pylist()
    return {
        tuple(row[name] for name in EVERYWHERE): (row["policy_hash"], row["digest"])
        for row in rows
        if row["purpose"] != "probe" and row["policy"] == label
    }


def against_itself(artifact: Artifact, rules: Rules) -> list[Check]:
    """Every policy that ran again under other noise, against itself: a significant difference is a false one."""
    found = entrants([artifact], controls=True)
    by_name = {entrant.label: entrant for entrant in found}
    checks = []
    for entrant in found:
        twin = by_name.get(entrant.label.removeprefix(f"{AGAIN}-"))
        if twin is None or twin is entrant:
            continue
        for item in compare([(twin, entrant)], [Scope()], rules):
            same = item.verdict not in ("better", "worse")
            interval = item.interval
            text = f"{twin.label} against itself {interval.estimate:+.2f} ({interval.low:+.2f} to {interval.high:+.2f})"
            checks.append(Check("A/A", same, f"{text}: {'no difference, as it should be' if same else 'FALSE ALARM'}"))
    return checks
