"""The verb `calibrate`: how good labels and causes are, on failures whose category is known."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from rich.table import Table

from harness.cli.screen import bars, console, stderr
from harness.contract.failure import BLAMES
from harness.evidence.calibration import ABSTAINED, Score
from harness.executors.calibrating import Calibration, calibrate
from harness.executors.local import Options
from harness.manifest.loading import load_manifest
from harness.reports.confusion import draw_confusion

__all__ = ["calibrate_instrument"]


def calibrate_instrument(
    name: str, out: Path | None, lanes: int | None, threads: int, *, as_json: bool, command: tuple[str, ...]
) -> None:
    """Run the manifest, score labels and causes, draw the matrices, and print them."""
    manifest = load_manifest(name)
    path = out or Path("results") / f"{manifest.name}.parquet"
    options = Options(path, lanes or manifest.run.lanes, threads, manifest.run.device, command=command)
    started = time.perf_counter()
    with bars() as watcher:
        found = calibrate(manifest, options, watcher)
    picture = path.with_suffix(".png")
    draw_confusion(found.document(), picture)
    if as_json:
        sys.stdout.write(json.dumps(found.document(), indent=2) + "\n")
    else:
        _print(found)
    stderr.print(f"{path} and {picture} in {time.perf_counter() - started:.0f} s", style="dim", highlight=False)


def _print(found: Calibration) -> None:
    for title, whole, parts in (
        ("labels", found.labels, found.labels_by_task),
        ("causes", found.causes, found.causes_by_task),
    ):
        console.print(_table(f"{title}: known category (rows) against what was said", whole))
        console.print(_summary(title, whole), highlight=False)
        for task, part in parts.items():
            console.print(f"  [dim]{_summary(task, part)}[/]", highlight=False)


def _summary(what: str, score: Score) -> str:
    return f"{what}: macro-F1 {score.macro_f1:.3f}, abstained on {score.abstention:.1%} of {score.cases} failures"


def _table(title: str, score: Score) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    table.add_column("known", no_wrap=True)
    for name in (*BLAMES, ABSTAINED):
        table.add_column("".join(word[0] for word in name.split("_")) if name in BLAMES else "?", justify="right")
    for name in ("precision", "recall", "F1"):
        table.add_column(name, justify="right")
    for row, name in enumerate(BLAMES):
        cells = [_cell(int(count), same=row == column) for column, count in enumerate(score.matrix[row])]
        shares = (f"{float(values[row]):.2f}" for values in (score.precision, score.recall, score.f1))
        table.add_row(name.replace("_", " "), *cells, *shares)
    return table


def _cell(count: int, *, same: bool) -> str:
    if not count:
        return ""
    return f"[bold]{count}[/]" if same else f"[red]{count}[/]"
