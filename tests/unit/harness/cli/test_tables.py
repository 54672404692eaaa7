"""What `show` prints: a column a method, whatever its training seeds, and one line on the controls."""

from collections import Counter

import pytest
from rich.console import Console

from harness.cli import tables
from harness.evidence.controls import ControlCheck
from harness.reports.summary import Cell, Summary
from harness.statistics.proportions import wilson


def checks(control, *successes, scored=20):
    return [ControlCheck(control, f"task-{k}", "heldout", count, scored, 0, 1) for k, count in enumerate(successes)]


def summary(successes, *, checked=(), errors=0):
    """One method on one task, with so many of ten successes for each training seed; None for a seed without scores."""
    cells = {
        ("task/heldout", f"act-s{seed}", "nominal"): Cell(
            wilson(count or 0, 0 if count is None else 10), errors, Counter(control=2)
        )
        for seed, count in enumerate(successes)
    }
    labels = tuple(label for _, label, _ in cells)
    tasks, conditions = ("task/heldout",), ("nominal",)
    methods = {"act": labels} if labels else {}
    return Summary(cells, methods, (), tasks, conditions, 10, errors, True, tuple(checked))


@pytest.fixture
def printed(monkeypatch, capsys):
    """What is printed of a summary, with single spaces."""

    class Artifact:
        def __init__(self, path):
            self.metadata = {"manifest": {"name": "made", "panel_id": "p" * 32}, "digest": "d" * 64}

    def show(found):
        monkeypatch.setattr(tables, "open_artifact", Artifact)
        monkeypatch.setattr(tables, "summarise", lambda artifact: found)
        monkeypatch.setattr(tables, "console", Console(width=200))
        tables.print_summary("made.parquet")
        return " ".join(capsys.readouterr().out.split())

    return show


@pytest.mark.parametrize(
    ("successes", "heading", "shown"),
    [
        ([7], "act-s0", "0.70 │ │ │ 0.40-0.89"),
        ([7, 8, 3], "act │ │ condition │ 3 seeds", "0.60 │ │ │ 0.30-0.80"),
        ([7, None, 3], "act │ │ condition │ 3 seeds", "0.50 │ │ │ 0.30-0.70"),
        ([None, None], "act │ │ condition │ 2 seeds", "unscored"),
    ],
)
def test_seeds_share_a_column(printed, successes, heading, shown):
    said = printed(summary(successes)).replace("┃", "│")
    assert heading in said
    assert f"nominal │ {shown}" in said


def test_errors_and_failures_of_seeds_are_added_up(printed):
    said = printed(summary([7, 3], errors=2))
    assert "0.50 4 err" in said
    assert "control │ 4 │" in said


def test_controls_without_methods_have_no_failures_to_show(printed):
    assert "failures" not in printed(summary([]))


@pytest.mark.parametrize(
    ("checked", "said"),
    [
        (checks("expert", 19), "valid: expert 19/20"),
        (checks("expert", 20, 19), "valid: expert 0.95 to 1.00 on 2 splits"),
        (checks("expert", 20, 20) + checks("zero", 0), "valid: expert 1.00 on 2 splits, zero 0/20"),
    ],
)
def test_the_controls_take_one_line(printed, checked, said):
    assert printed(summary([7], checked=checked)).endswith(said)
