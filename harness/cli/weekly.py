"""The verb `weekly`: run, find causes, compare with the week before, build the site, and say it on one screen."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from harness.artifact.reader import Artifact, open_artifact
from harness.cli.explaining import explained
from harness.cli.screen import bars, console, stderr
from harness.errors import SamepanelError
from harness.executors.explaining import Budget
from harness.executors.local import Options, Summary, run
from harness.manifest.loading import load_manifest
from harness.manifest.manifest import Manifest
from harness.reports.drift import Check, against_itself, anchor
from harness.reports.findings import Question, investigate
from harness.reports.headline import best, broke, caveats, warnings
from harness.reports.leaderboard.placing import place, refuse_foreign
from harness.reports.leaderboard.site import Wish, site

__all__ = ["Week", "run_week"]

NAMED = 4
"""Causes named on the screen."""


@dataclass(frozen=True)
class Week:
    """What the command line says.

    Attributes:
        folder: where the weeks lie, each an artifact and a site.
        week: name of the week; the present one of the ISO calendar if empty.
        baseline: artifact to compare with; the newest earlier one of the panel in the folder if None.
    """

    folder: Path
    week: str
    baseline: Path | None
    lanes: int | None
    threads: int
    command: tuple[str, ...]


def run_week(name: str, wanted: Week) -> bool:
    """All of it, and nothing twice. Returns whether controls, anchor and A/A pairs are in order."""
    manifest = load_manifest(name)
    week = wanted.week or datetime.now(UTC).strftime("%G-W%V")
    path = wanted.folder / f"{manifest.name}-{week}.parquet"
    pages = path.with_suffix("")
    refuse_foreign(pages)
    wanted.folder.mkdir(parents=True, exist_ok=True)
    started = time.perf_counter()
    options = Options(
        path, wanted.lanes or manifest.run.lanes, wanted.threads, manifest.run.device, command=wanted.command
    )
    with bars() as watcher:
        summary = run(manifest, options, watcher)
    artifact = _with_causes(path, manifest, wanted.threads)
    before = open_artifact(wanted.baseline) if wanted.baseline else _week_before(wanted.folder, artifact)
    with stderr.status("comparing, and building the site"):
        made = site([artifact], before, Wish(name=f"{manifest.name} {week}"))
        place(pages, made.files(), made.about)
        lines = list(_lines(artifact, before, manifest))
    checks = [*_anchors(artifact, before, manifest), *against_itself(artifact, Question().rules)]
    _print(f"{manifest.name} {week}", lines, checks, console)
    console.print(f"site: {pages / 'index.html'}", highlight=False, soft_wrap=True)
    stderr.print(_account(summary, time.perf_counter() - started), style="dim", highlight=False)
    return artifact.metadata["controls"]["valid"] and not any(check.holds is False for check in checks)


def _with_causes(path: Path, manifest: Manifest, threads: int) -> Artifact:
    """Causes are looked for once, within the manifest's budget."""
    artifact = open_artifact(path)
    if "explain" not in artifact.metadata:
        explained(artifact, Budget(manifest.explain.episodes, manifest.explain.replicates), threads)
    return open_artifact(path)


def _week_before(folder: Path, artifact: Artifact) -> Artifact | None:
    """The newest earlier artifact of the same panel, by name; other panels and damaged files are passed over."""
    panel = artifact.metadata["manifest"]["panel_id"]
    for path in sorted(folder.glob("*.parquet"), reverse=True):
        if path.name >= artifact.path.name:
            continue
        try:
            earlier = open_artifact(path)
        except SamepanelError as error:
            stderr.print(f"passed over: {error}", style="yellow", highlight=False)
            continue
        if earlier.metadata["manifest"]["panel_id"] == panel:
            return earlier
        stderr.print(f"passed over: {path} is of another panel", style="yellow", highlight=False)
    return None


def _anchors(artifact: Artifact, before: Artifact | None, manifest: Manifest) -> list[Check]:
    return [] if manifest.anchor is None else [anchor(artifact, before, manifest.anchor)]


def _lines(artifact: Artifact, before: Artifact | None, manifest: Manifest) -> Iterator[str]:
    found = investigate([artifact], before, Question(by="task"))
    yield from warnings(found)
    yield best(found)
    yield broke(found.since) if before else "broke: unknown, this is the first week of the panel here"
    rows = artifact.columns("outcome", "purpose", "cause").to_pylist()
    planned = [row for row in rows if row["purpose"] != "probe"]
    errors = sum(row["outcome"] == "error" for row in planned)
    yield f"run: {len(planned)} episodes, {errors} errors, panel {artifact.metadata['manifest']['panel_id'][:12]}"
    causes = Counter(row["cause"] for row in planned if row["cause"])
    if causes:
        named = ", ".join(f"{cause} {count}" for cause, count in causes.most_common(NAMED))
        yield f"causes of {causes.total()} failures: {named}"
    yield from caveats(found)


def _print(title: str, lines: list[str], checks: list[Check], to: Console) -> None:
    to.rule(title)
    for line in lines:
        style = "bold red" if line.startswith("INVALID") else "bold" if line.startswith(("best", "broke")) else ""
        to.print(escape(line), style=style, highlight=False)
    marks = {True: "[green]holds[/]", False: "[bold red]DRIFTED[/]", None: "[yellow]unknown[/]"}
    for check in checks:
        to.print(f"{check.what}: {marks[check.holds]}  {escape(check.text)}", highlight=False)


def _account(summary: Summary, wall_s: float) -> str:
    return f"{summary.fresh} of {summary.total} episodes run, all done in {wall_s:.0f} s"
