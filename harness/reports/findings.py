"""All that a comparison found in artifacts of one panel: standings, couples, methods, what changed since a baseline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from harness.artifact.reader import Artifact
from harness.errors import UnknownIdError
from harness.evidence.controls import ControlCheck
from harness.reports.comparison import (
    By,
    Comparison,
    Rules,
    Unjudged,
    changes,
    compare,
    couples_since,
    scopes,
    unjudged,
)
from harness.reports.methods import MethodClaim, methods, trained
from harness.reports.pairing import Entrant, Flip, Scope, entrants, file_names, flips, leave_out, pair, same_panel
from harness.reports.standing import Standing, standings

__all__ = ["Findings", "Question", "Since", "Source", "investigate", "judge"]


@dataclass(frozen=True)
class Question:
    """What is asked.

    Attributes:
        policies: labels to keep; all policies of the panel if empty.
        by: parts of the panel that are told apart, beside all of it.
        rules: margin, level and seed.
        controls: whether controls take part.
        without: parts of the panel that nothing is concluded from.
    """

    policies: tuple[str, ...] = ()
    by: By = "task"
    rules: Rules = field(default_factory=Rules)
    controls: bool = False
    without: tuple[Scope, ...] = ()


@dataclass(frozen=True)
class Source:
    """An artifact that was read; `valid` is None where no control with a band ran."""

    name: str
    path: Path
    panel_id: str
    digest: str
    valid: bool | None
    out_of_band: tuple[ControlCheck, ...]


@dataclass(frozen=True)
class Since:
    """What changed since the baseline, in policies of the same label.

    Attributes:
        changes: now minus before, overall and by part, the worst first; one family for Holm.
        unjudged: what no pair is scored of.
        gone, new: labels that only the baseline has, and that it has not.
    """

    baseline: Source
    changes: tuple[Comparison, ...]
    flips: tuple[Flip, ...]
    unjudged: tuple[Unjudged, ...]
    gone: tuple[str, ...]
    new: tuple[str, ...]

    @property
    def regressions(self) -> tuple[Comparison, ...]:
        """What got significantly worse."""
        return tuple(item for item in self.changes if item.verdict == "worse")


@dataclass(frozen=True)
class Findings:
    """The answer.

    Attributes:
        standings: overall, best first.
        overall: all couples on all of the panel, the higher success first; one family for Holm.
        parts: the same couples on each part; another family.
        methods: claims about methods, where there are training seeds enough.
        seeds: training seeds of each method.
        uneven: whether the policies were evaluated on different parts of the panel.
    """

    question: Question
    sources: tuple[Source, ...]
    standings: tuple[Standing, ...]
    overall: tuple[Comparison, ...]
    parts: tuple[Comparison, ...]
    unjudged: tuple[Unjudged, ...]
    methods: tuple[MethodClaim, ...]
    seeds: dict[str, int]
    uneven: bool
    since: Since | None

    @property
    def invalid(self) -> tuple[Source, ...]:
        """Artifacts whose controls left their band, the baseline among them."""
        read = (*self.sources, self.since.baseline) if self.since else self.sources
        return tuple(source for source in read if source.valid is False)

    def document(self) -> dict[str, Any]:
        """As JSON: numbers that are not known are null."""
        found: dict[str, Any] = _plain(self)
        return found


def investigate(artifacts: Sequence[Artifact], baseline: Artifact | None, question: Question) -> Findings:
    """Compare everybody with everybody, and with the baseline if there is one.

    Raises:
        PanelMismatchError: the artifacts are not of one panel.
        UnknownIdError: a policy has no such name, or none is in the baseline, too.
        ArtifactError: a file is damaged.
    """
    return judge(entrants(artifacts, question.policies, controls=question.controls), artifacts, baseline, question)


def judge(
    met: Sequence[Entrant], artifacts: Sequence[Artifact], baseline: Artifact | None, question: Question
) -> Findings:
    """The same, of entrants that were read from the artifacts before."""
    if baseline is not None:
        same_panel([*artifacts, baseline])
    entered = sorted((leave_out(entrant, question.without) for entrant in met), key=_success, reverse=True)
    couples, rules = list(combinations(entered, 2)), question.rules
    parts = () if question.by == "overall" else scopes(entered, question.by)
    overall = compare(couples, [Scope()], rules)
    return Findings(
        question=question,
        sources=tuple(map(_source, artifacts, file_names(artifacts))),
        standings=tuple(standings(entered, overall, Scope(), rules)),
        overall=overall,
        parts=compare(couples, parts, rules),
        unjudged=unjudged(couples, [Scope(), *parts]),
        methods=methods(entered, [Scope(), *parts], rules),
        seeds={name: len(group) for name, group in trained(entered).items()},
        uneven=any(pair(one, entered[0], Scope()).missing for one in entered[1:]),
        since=None if baseline is None else _since(baseline, entered, question),
    )


def _success(entrant: Entrant) -> float:
    pairs = pair(entrant, entrant, Scope())
    return float(pairs.first.mean()) if len(pairs) else -1.0


def _source(artifact: Artifact, name: str) -> Source:
    checks = tuple(ControlCheck(**check) for check in artifact.metadata["controls"]["checks"])
    return Source(
        name=name,
        path=artifact.path,
        panel_id=artifact.metadata["manifest"]["panel_id"],
        digest=artifact.metadata["digest"],
        valid=bool(artifact.metadata["controls"]["valid"]) if checks else None,
        out_of_band=tuple(check for check in checks if not check.in_band),
    )


def _since(baseline: Artifact, entered: Sequence[Entrant], question: Question) -> Since:
    labels = list(dict.fromkeys(entrant.label for entrant in entered))
    met = entrants([baseline], controls=question.controls or bool(question.policies))
    found = [leave_out(entrant, question.without) for entrant in met]
    [name] = file_names([baseline])
    before = [replace(entrant, name=f"{name}:{entrant.label}") for entrant in found if entrant.label in labels]
    if not before:
        raise UnknownIdError(
            f"baseline {baseline.path}",
            expected=f"one of the policies {', '.join(sorted(labels))}",
            got=", ".join(sorted(entrant.label for entrant in found)) or "none",
        )
    couples = couples_since(before, entered)
    parts = list(dict.fromkeys([Scope(), *scopes([one for couple in couples for one in couple], question.by)]))
    kept = {entrant.label for entrant in before}
    return Since(
        baseline=_source(baseline, name),
        changes=changes(before, entered, parts, question.rules),
        flips=tuple(flips(before, entered)),
        unjudged=unjudged(couples, parts),
        gone=() if question.policies else tuple(one.label for one in found if one.label not in labels),
        new=tuple(label for label in labels if label not in kept),
    )


def _plain(value: Any) -> Any:
    """Dataclasses, with their properties of a number or a word, as dicts; NaN and infinity as null."""
    if hasattr(value, "__dataclass_fields__"):
        told = {name: _plain(item) for name, item in vars(value).items()}
        more = [name for name, item in vars(type(value)).items() if isinstance(item, property)]
        return told | {name: _plain(getattr(value, name)) for name in more if _is_small(getattr(value, name))}
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, Path):
        return str(value)
    return None if isinstance(value, float) and not np.isfinite(value) else value


def _is_small(value: object) -> bool:
    return isinstance(value, (bool, int, float, str))
