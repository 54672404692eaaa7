"""The three questions of the first screen, answered in the words of `samepanel compare`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from harness.reports.findings import Findings, Since
from harness.reports.headline import broke, lead
from harness.statistics.intervals import Interval

__all__ = ["Answers", "answer"]

_NO_EVIDENCE = "Controls left their bands, so the numbers are no evidence."


@dataclass(frozen=True)
class Answers:
    """What a team lead wants to know on Monday.

    Attributes:
        leader: name of the policy with the highest success; None where none is scored.
        standing: whether it is settled that it is the best.
        success: of the leader; None where it is no evidence.
        relations: words and the rivals of whom they are true.
        notes: what else bounds the certainty.
        broke: what got worse, in a few words; `broke_more` names it.
        regressions: whether something did.
        flips: episodes that ended otherwise.
    """

    leader: str | None
    standing: str
    success: Interval | None
    relations: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    broke: str
    broke_more: str
    regressions: bool
    flips: str


def answer(found: Findings) -> Answers:
    """Answer them."""
    first = lead(found)
    changed = found.since
    return Answers(
        leader=None if first is None else first.leader,
        standing=_standing(found),
        success=None if first is None or found.invalid else first.success,
        relations=() if first is None else first.relations,
        notes=_notes(found),
        broke="Unknown" if found.invalid else _broke(changed),
        broke_more=_NO_EVIDENCE if found.invalid and changed else _broke_more(changed),
        regressions=bool(changed and changed.regressions and not found.invalid),
        flips=_flips(changed),
    )


def _standing(found: Findings) -> str:
    first = lead(found)
    if first is None:
        return ""
    if found.invalid:
        return f"The run is invalid and ranks nothing. {first.leader} has the highest success."
    if not first.relations:
        return "There is nobody to compare it with."
    if first.settled:
        return "Settled: better than the other." if first.rivals == 1 else f"Settled: better than all {first.rivals}."
    return "It leads, but it is not settled that it is the best."


def _notes(found: Findings) -> tuple[str, ...]:
    if found.invalid:
        return (_NO_EVIDENCE,)
    if not found.standings:
        return ()
    rank, count = found.standings[0].rank, len(found.standings)
    notes = [f"Rank {rank.best}" + (f" to {rank.worst}" if rank.worst != rank.best else "") + f" of {count}."]
    if found.seeds and max(found.seeds.values()) == 1:
        notes.append("One training seed each: this speaks of checkpoints, not of methods.")
    return tuple(notes)


def _broke(since: Since | None) -> str:
    if since is None or not since.changes:
        return "Unknown"
    count = len(since.regressions)
    return f"{count} regression{'s' if count > 1 else ''}" if count else "Nothing significant"


def _broke_more(since: Since | None) -> str:
    if since is None:
        return "No earlier artifact was named: build the page with --baseline to see what changed."
    if since.regressions:
        told = broke(since).split(": ", 2)[2]
        return re.sub(r" -(?=\d)", " \N{MINUS SIGN}", f"{told}.")
    if not since.changes:
        return "No pair of episodes is scored in both."
    doubt = sum(item.verdict == "inconclusive" for item in since.changes)
    if not doubt:
        return f"All {len(since.changes)} comparisons are better or equivalent."
    return f"{doubt} of {len(since.changes)} comparisons are inconclusive, so this is no proof that nothing broke."


def _flips(since: Since | None) -> str:
    if since is None:
        return ""
    lost = sum(not flip.now for flip in since.flips)
    if not since.flips:
        return "Every scored episode ended as before"
    return f"{lost} episodes fail that succeeded, {len(since.flips) - lost} succeed that failed"
