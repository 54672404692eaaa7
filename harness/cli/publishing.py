"""The verb `leaderboard`: artifacts of one panel as a static site."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.artifact.reader import open_artifact
from harness.cli.screen import console, stderr
from harness.reports.headline import best, broke, warnings
from harness.reports.leaderboard.placing import place, refuse_foreign
from harness.reports.leaderboard.site import Wish, site

__all__ = ["Request", "publish"]


@dataclass(frozen=True)
class Request:
    """What the command line says, beside the artifacts."""

    out: Path
    baseline: Path | None
    wish: Wish


def publish(artifacts: Sequence[Path], request: Request) -> None:
    """Build the site, put it in its place, and say the answers and where it is.

    Raises:
        ArtifactError: a file cannot be read, or `out` holds something else than an earlier site.
        PanelMismatchError: the artifacts are not of one panel.
    """
    refuse_foreign(request.out)
    with stderr.status("reading and comparing"):
        baseline = None if request.baseline is None else open_artifact(request.baseline)
        made = site([open_artifact(path) for path in artifacts], baseline, request.wish)
        count = place(request.out, made.files(), made.about)
    found = made.ranking.found
    for line in (*warnings(found), best(found), broke(found.since)):
        console.print(line, highlight=False, markup=False)
    console.print(f"{request.out / 'index.html'}: {count} files", highlight=False, markup=False, soft_wrap=True)
