"""The summary of an artifact as rich tables, and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from rich.table import Table

from harness.artifact.reader import open_artifact
from harness.cli.screen import console
from harness.evidence.labels import CATEGORIES
from harness.reports.summary import Cell, Summary, summarise

__all__ = ["print_summary", "summary_json"]


type Columns = dict[str, tuple[str, ...]]
"""Labels that share a column, by its name."""


def print_summary(path: Path) -> None:
    """Print success by policy and condition for each task, then failure categories, then the controls' validity."""
    artifact = open_artifact(path)
    summary = summarise(artifact)
    for task in summary.tasks:
        for table in _success_tables(summary, task):
            if table.row_count:
                console.print(table)
    if (failures := _category_table(summary)).row_count:
        console.print(failures)
    manifest = artifact.metadata["manifest"]
    console.print(
        f"{manifest['name']}: {summary.episodes} episodes, {summary.errors} errors, "
        f"panel {manifest['panel_id'][:12]}, digest {artifact.metadata['digest'][:12]}",
        highlight=False,
    )
    console.print(_validity(summary))


def summary_json(path: Path) -> dict[str, Any]:
    """The same for machines."""
    artifact = open_artifact(path)
    summary = summarise(artifact)
    return {
        "manifest": artifact.metadata["manifest"]["name"],
        "panel_id": artifact.metadata["manifest"]["panel_id"],
        "digest": artifact.metadata["digest"],
        "episodes": summary.episodes,
        "errors": summary.errors,
        "valid": summary.valid,
        "controls": [vars(check) | {"in_band": check.in_band} for check in summary.checks],
        "cells": [
            {"task": task, "policy": policy, "condition": condition, **_cell_json(cell)}
            for (task, policy, condition), cell in summary.cells.items()
        ],
    }


def _cell_json(cell: Cell) -> dict[str, Any]:
    scored = cell.success.scored > 0
    interval = {name: getattr(cell.success, name) if scored else None for name in ("rate", "low", "high")}
    return {
        "successes": cell.success.successes,
        "scored": cell.success.scored,
        **interval,
        "errors": cell.errors,
        "failure_categories": dict(cell.categories),
    }


def _success_tables(summary: Summary, task: str) -> list[Table]:
    """Methods beside the expert, who certifies that a cell can be solved; then the other controls."""
    reference: Columns = {name: (name,) for name in summary.controls if name == "expert"}
    others: Columns = {name: (name,) for name in summary.controls if name != "expert"}
    seeds = max(map(len, summary.methods.values()), default=1)
    what = (
        "95 % Wilson interval" if seeds == 1 else "95 % Wilson interval, or the mean of training seeds and their range"
    )
    return [
        _success_table(summary, task, summary.methods | reference, f"{task}: success, {what}"),
        _success_table(summary, task, others, f"{task}: controls"),
    ]


def _success_table(summary: Summary, task: str, columns: Columns, title: str) -> Table:
    """Rows are conditions and seeds share a column, so that the table stays readable however many there are."""
    table = Table(title=title, title_justify="left", title_style="bold")
    table.add_column("condition", no_wrap=True)
    for name, labels in columns.items():
        table.add_column(
            _heading(name, labels), justify="right", style="" if name in summary.methods else "dim", min_width=9
        )
    for condition in summary.conditions:
        found = [[summary.cells.get((task, label, condition)) for label in labels] for labels in columns.values()]
        cells = [[cell for cell in column if cell is not None] for column in found]
        if any(cells):
            table.add_row(condition, *map(_success, cells))
    return table


def _heading(method: str, labels: Sequence[str]) -> str:
    return labels[0] if len(labels) == 1 else f"{method}\n{len(labels)} seeds"


def _success(cells: Sequence[Cell]) -> str:
    """Rate and interval of one checkpoint; of several their mean, and the lowest and the highest."""
    if not cells:
        return ""
    errors = f" [red]{count} err[/]" if (count := sum(cell.errors for cell in cells)) else ""
    scored = [cell.success for cell in cells if cell.success.scored]
    if not scored:
        return f"unscored{errors}"
    rates = [success.rate for success in scored]
    low, high = (scored[0].low, scored[0].high) if len(cells) == 1 else (min(rates), max(rates))
    return f"[bold]{fmean(rates):.2f}[/]{errors}\n[dim]{low:.2f}-{high:.2f}[/]"


def _category_table(summary: Summary) -> Table:
    """Failures of the methods by label; a control's failures say nothing about a method."""
    table = Table(title="failures by label, all tasks and conditions", title_justify="left", title_style="bold")
    table.add_column("label", no_wrap=True)
    total = {method: Counter[str]() for method in summary.methods}
    method_of = {label: method for method, labels in summary.methods.items() for label in labels}
    for (_, policy, _), cell in summary.cells.items():
        if policy in method_of:
            total[method_of[policy]].update(cell.categories)
    for method, labels in summary.methods.items():
        table.add_column(_heading(method, labels), justify="right")
    for name in CATEGORIES:
        if any(count[name] for count in total.values()):
            table.add_row(name.replace("_", " "), *(str(count[name]) for count in total.values()))
    return table


def _validity(summary: Summary) -> str:
    """Validity of the run, by its controls."""
    if not summary.checks:
        return "[yellow]validity unknown: no control with a band ran under nominal[/]"
    out = [check for check in summary.checks if not check.in_band]
    if not out:
        names = dict.fromkeys(check.control for check in summary.checks)
        return "[green]valid: " + ", ".join(_in_band(summary, name) for name in names) + "[/]"
    reasons = ", ".join(f"{c.control} on {c.task} {c.successes}/{c.scored}, band {c.low:.2f}-{c.high:.2f}" for c in out)
    return f"[bold red]invalid: controls left their band: {reasons}[/]"


def _in_band(summary: Summary, control: str) -> str:
    """What a control scored: as counted, or its range where it ran on several tasks and splits."""
    checks = [check for check in summary.checks if check.control == control]
    if len(checks) == 1:
        return f"{control} {checks[0].successes}/{checks[0].scored}"
    rates = [check.successes / check.scored for check in checks]
    low, high = f"{min(rates):.2f}", f"{max(rates):.2f}"
    return f"{control} {low if low == high else f'{low} to {high}'} on {len(checks)} splits"
