"""The verb `label`: an artifact labelled again, and what changes by it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from rich.table import Table

from harness.artifact.reader import open_artifact
from harness.artifact.relabelling import Relabelling, relabel_artifact
from harness.cli.screen import console
from harness.evidence.labels import CATEGORIES, LABEL_VERSION

__all__ = ["label_artifact"]

SHOWN = 10
"""Changed episodes printed; JSON has all."""


def label_artifact(path: Path, *, write: bool, as_json: bool) -> None:
    """Label the rows again, print the diff, and write it if asked."""
    found = relabel_artifact(open_artifact(path), write=write)
    if as_json:
        sys.stdout.write(json.dumps(_document(found), indent=2) + "\n")
        return
    console.print(_table(found))
    for episode, before, after in found.changed[:SHOWN]:
        console.print(f"  {episode}  {before} -> {after}", highlight=False)
    if len(found.changed) > SHOWN:
        console.print(f"  [dim]and {len(found.changed) - SHOWN} more: --json[/]")
    failures, kept = found.moves.total(), "written" if write else "nothing written; --write stores them"
    console.print(f"{path}: {len(found.changed)} of {failures} failures change category; {kept}", highlight=False)


def _document(found: Relabelling) -> dict[str, object]:
    return {
        "from": dict(found.versions),
        "to": LABEL_VERSION,
        "failures": found.moves.total(),
        "moves": [{"from": old, "to": new, "failures": n} for (old, new), n in sorted(found.moves.items())],
        "changed": [{"episode": episode, "from": old, "to": new} for episode, old, new in found.changed],
    }


def _table(found: Relabelling) -> Table:
    """Failures by category before (rows) and after (columns)."""
    versions = ", ".join(str(name) for name in sorted(found.versions, key=str))
    table = Table(title=f"labels: {versions} (rows) against {LABEL_VERSION}", title_justify="left", title_style="bold")
    table.add_column("before", no_wrap=True)
    after = [name for name in CATEGORIES if any(new == name for _, new in found.moves)]
    for name in after:
        table.add_column(name.replace("_", " "), justify="right")
    for old in dict.fromkeys([*CATEGORIES, *(old for old, _ in found.moves)]):
        if any(before == old for before, _ in found.moves):
            cells = (_cell(found.moves[old, new], same=old == new) for new in after)
            table.add_row(str(old).replace("_", " "), *cells)
    return table


def _cell(count: int, *, same: bool) -> str:
    if not count:
        return ""
    return f"[dim]{count}[/]" if same else f"[bold yellow]{count}[/]"
