"""The verb `audit`: what does not hold, and a verdict for people and machines."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from pydantic import TypeAdapter, ValidationError
from rich.markup import escape

from harness.artifact.reader import open_artifact
from harness.cli.screen import bars, console
from harness.contract.policy import Runtime
from harness.errors import SamepanelError
from harness.executors.audit import Audit, Sample, audit
from harness.quantities import Ratio

__all__ = ["audit_artifact", "chosen_sample"]

SHOWN = 20
"""Findings printed before the rest is only counted."""


def chosen_sample(share: str, seed: int, episodes: Iterable[str]) -> Sample:
    """What the options say. Raises SamepanelError for a share that is none."""
    try:
        part = TypeAdapter[float](Ratio).validate_python(share)
    except ValidationError:
        part = 0.0
    if not 0 < part <= 1:
        raise SamepanelError("option --sample", expected="a share above 0 and up to 100 %, such as 5%", got=repr(share))
    return Sample(part, seed, tuple(episodes))


def audit_artifact(path: Path, sample: Sample, threads: int, lanes: int | None, *, as_json: bool) -> bool:
    """Audit, print, and return whether the artifact was reproduced."""
    artifact = open_artifact(path)
    with bars() as watcher:
        found = audit(artifact, sample, Runtime(threads), lanes=lanes, watcher=watcher)
    if as_json:
        sys.stdout.write(json.dumps(found.document(), indent=2) + "\n")
    else:
        _print(path, found)
    return found.verdict == "reproduced"


def _print(path: Path, found: Audit) -> None:
    for finding in found.findings[:SHOWN]:
        console.print(f"[red]✗[/] {escape(str(finding))}", highlight=False, soft_wrap=True)
    if len(found.findings) > SHOWN:
        counts = Counter(finding.component for finding in found.findings[SHOWN:])
        rest = ", ".join(f"{count} of {component}" for component, count in counts.most_common())
        console.print(f"[red]✗[/] and {len(found.findings) - SHOWN} more: {rest}", highlight=False)
    for name, (then, now) in found.environment.items():
        console.print(f"[yellow]![/] {name} was {escape(then)}, here it is {escape(now)}", highlight=False)
    if found.findings and found.environment and found.checked:
        console.print(
            "Another machine or package may change the last bits of a forward pass. "
            f"Outcomes agree in {found.agreement.successes} of {found.agreement.scored} episodes "
            f"({found.agreement.rate:.2f}, 95 % Wilson interval {found.agreement.low:.2f}-{found.agreement.high:.2f}).",
            highlight=False,
        )
    colour = "green" if found.verdict == "reproduced" else "bold red"
    console.print(
        f"[{colour}]{found.verdict}[/]: {path}, {found.reproduced} of {found.checked} episodes acted out again are "
        f"equal bit for bit ({found.episodes} in all), digest {found.digest}",
        highlight=False,
        soft_wrap=True,
    )
