"""The summary of an artifact as rich tables, and as JSON."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from rich.table import Table

from harness.artifact.reader import open_artifact
from harness.cli.screen import console
from harness.evidence.labels import CATEGORIES
from harness.reports.summary import Cell, Summary, summarise

__all__ = ["print_summary", "summary_json"]


def print_summary(path: Path) -> None:
    """Print success by policy and condition for each task, then failure categories, then the controls' validity."""
    artifact = open_artifact(path)
    summary = summarise(artifact)
    for task in summary.tasks:
        for table in _success_tables(summary, task):
            if table.row_count:
                console.print(table)
    console.print(_category_table(summary))
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
    """Policies beside the expert, who certifies that a cell can be solved; then the other controls."""
    reference = [name for name in summary.controls if name == "expert"]
    others = [name for name in summary.controls if name != "expert"]
    return [
        _success_table(summary, task, [*summary.policies, *reference], f"{task}: success, 95 % Wilson interval"),
        _success_table(summary, task, others, f"{task}: controls"),
    ]


def _success_table(summary: Summary, task: str, policies: list[str], title: str) -> Table:
    """Rows are conditions, so that the table stays readable however many there are."""
    table = Table(title=title, title_justify="left", title_style="bold")
    table.add_column("condition", no_wrap=True)
    for name in policies:
        table.add_column(name, justify="right", style="dim" if name in summary.controls else "", min_width=9)
    for condition in summary.conditions:
        cells = [summary.cells.get((task, policy, condition)) for policy in policies]
        if any(cells):
            table.add_row(condition, *(_success(cell) for cell in cells))
    return table


def _success(cell: Cell | None) -> str:
    if cell is None:
        return ""
    success = cell.success
    errors = f" [red]{cell.errors} err[/]" if cell.errors else ""
    if not success.scored:
        return f"unscored{errors}"
    return f"[bold]{success.rate:.2f}[/]{errors}\n[dim]{success.low:.2f}-{success.high:.2f}[/]"


def _category_table(summary: Summary) -> Table:
    """Failures of the policies by label; a control's failures say nothing about a method."""
    table = Table(title="failures by label, all tasks and conditions", title_justify="left", title_style="bold")
    table.add_column("label", no_wrap=True)
    total = {policy: Counter[str]() for policy in summary.policies}
    for (_, policy, _), cell in summary.cells.items():
        if policy in total:
            total[policy].update(cell.categories)
    for policy in summary.policies:
        table.add_column(policy, justify="right")
    for name in CATEGORIES:
        if any(count[name] for count in total.values()):
            table.add_row(name.replace("_", " "), *(str(total[policy][name]) for policy in summary.policies))
    return table


def _validity(summary: Summary) -> str:
    """Validity of the run, by its controls."""
    if not summary.checks:
        return "[yellow]validity unknown: no control with a band ran under nominal[/]"
    out = [check for check in summary.checks if not check.in_band]
    if not out:
        return "[green]valid: " + ", ".join(f"{c.control} {c.successes}/{c.scored}" for c in summary.checks) + "[/]"
    reasons = ", ".join(f"{c.control} on {c.task} {c.successes}/{c.scored}, band {c.low:.2f}-{c.high:.2f}" for c in out)
    return f"[bold red]invalid: controls left their band: {reasons}[/]"
