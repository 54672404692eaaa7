"""Sections of `show` beside the summary: recovery, latency tolerance, timing, tokens; as tables and for machines."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from rich.markup import escape
from rich.table import Table

from harness.artifact.reader import Artifact, open_artifact
from harness.cli.screen import console
from harness.reports.comparison import Rules
from harness.reports.leaderboard.gathering import Actor, Field, gather
from harness.reports.leaderboard.timing import FaultRecovery, Measures, fault_recoveries, inside, measure
from harness.reports.timing import Timing, action_ages, timing
from harness.reports.tokens import CodesOver, codes_over
from harness.reports.tolerance import Point, Tolerance, halving_text, interval_text, latency_ladder, tolerances
from harness.reports.worlds import Scope
from harness.statistics.intervals import Interval

__all__ = ["SECTIONS", "print_sections", "sections_json"]

FEW = 3
"""Codes that are shown where none is significant."""
_RECOVERY_NOTE = (
    "[dim]steps, s: median time until progress resumed; a window after which it did not counts as longer. "
    "late: the task was solved before the fault; left out.[/]"
)
_TIMING_NOTE = (
    "[dim]command age: since the query that gave the command. inference: wall time of a batch; p50 and p95 over the "
    "episodes' medians; it decides no outcome.[/]"
)
_TOKENS_NOTE = (
    "[dim]switching: share of queries at which the code differs from the one before, nominal episodes. failed, solved: "
    "episodes that chose the code; as many queries of each as the shortest has; Fisher's exact test, adjusted by Holm "
    "over all codes.[/]"
)


@dataclass(frozen=True)
class _Opened:
    """An artifact, read once for all sections."""

    artifact: Artifact

    @cached_property
    def field(self) -> Field:
        return gather([self.artifact])

    @cached_property
    def measures(self) -> Measures:
        return measure(self.field)

    @property
    def actors(self) -> tuple[Actor, ...]:
        """The policies, and the expert beside them."""
        return (*self.field.policies, *self.field.experts)

    def recoveries(self) -> list[FaultRecovery]:
        return fault_recoveries(self.field, self.measures, self.actors, Rules())

    def tolerances(self) -> list[Tolerance]:
        conditions = self.artifact.metadata["manifest"]["panel"]["conditions"]
        return tolerances(self.field, self.actors, Rules()) if latency_ladder(conditions) else []

    def timings(self) -> list[tuple[Actor, str, Timing]]:
        rows = np.array([purpose != "probe" for purpose in self.artifact.columns("purpose")["purpose"].to_pylist()])
        columns = self.measures.columns | {"action_age": action_ages(self.artifact)[rows]}
        told = [
            (actor, task, inside(self.field, Scope(task), actor)) for task in self.field.tasks for actor in self.actors
        ]
        return [(actor, task, timing(columns, rows)) for actor, task, rows in told if rows.any()]


def print_sections(path: Path, names: Sequence[str]) -> None:
    """Print some of `SECTIONS`."""
    opened = _Opened(open_artifact(path))
    for name in names:
        for item in SECTIONS[name].tables(opened):
            console.print(item)


def sections_json(path: Path) -> dict[str, Any]:
    """All sections, by name."""
    opened = _Opened(open_artifact(path))
    return {name: section.document(opened) for name, section in SECTIONS.items()}


def _recovery_tables(opened: _Opened) -> list[Table | str]:
    found, made = opened.recoveries(), []
    for task in dict.fromkeys(item.task for item in found):
        table = _table(f"{task}: recovery from faults in a window, 95 % intervals")
        for name in ("policy, fault", "windows", "resumed", "steps", "s", "solved"):
            table.add_column(name, justify="left" if name.startswith("policy") else "right")
        for item in (item for item in found if item.task == task):
            back, late = item.recovery, f"\n[dim]+{item.recovery.late} late[/]" if item.recovery.late else ""
            table.add_row(
                f"{escape(item.actor.name)}\n[dim]{escape(item.fault)}[/]",
                f"{back.windows}{late}",
                _share(back.resumed_share),
                _waited(back.windows, back.steps, 0),
                _waited(back.windows, back.seconds, 2),
                _share(back.solved_share),
            )
        made.append(table)
    if not made:
        return ["no fault of this artifact acts in a window: there is nothing to recover from"]
    return [*made, _RECOVERY_NOTE]


def _recovery_json(opened: _Opened) -> list[dict[str, Any]]:
    return [
        {
            "policy": item.actor.label,
            "task": item.task,
            "fault": item.fault,
            "conditions": list(item.conditions),
            **vars(item.recovery),
            "resumed_share": _interval_json(item.recovery.resumed_share),
            "solved_share": _interval_json(item.recovery.solved_share),
        }
        for item in opened.recoveries()
    ]


def _tolerance_tables(opened: _Opened) -> list[Table | str]:
    found = opened.tolerances()
    made: list[Table | str] = []
    for task, family in dict.fromkeys((item.task, item.family) for item in found):
        table = _table(f"{task}: latency at which success halves, over {family}")
        for name in ("policy", "halves at", "95 %", "success by latency, ms"):
            table.add_column(name, justify="right" if name == "95 %" else "left")
        for item in (item for item in found if (item.task, item.family) == (task, family)):
            curve = "  ".join(f"[dim]{point.latency_ms:.0f}:[/]{_rate(point)}" for point in item.points)
            table.add_row(escape(item.actor.name), halving_text(item), interval_text(item), curve)
        made.append(table)
    return made


def _tolerance_json(opened: _Opened) -> list[dict[str, Any]]:
    """What lies above the ladder is null, as is what is unknown; `told` says which."""
    return [
        {
            "policy": item.actor.label,
            "task": item.task,
            "family": item.family,
            "latency_ms": _finite(item.halving.estimate),
            "low": _finite(item.halving.low),
            "high": _finite(item.halving.high),
            "told": halving_text(item),
            "told_interval": interval_text(item),
            "points": [vars(point) | {"conditions": list(point.conditions)} for point in item.points],
        }
        for item in opened.tolerances()
    ]


def _timing_tables(opened: _Opened) -> list[Table | str]:
    made: list[Table | str] = []
    told = opened.timings()
    for task in opened.field.tasks:
        virtual = _table(f"{task}: virtual time, control steps")
        for name in ("policy", "latency", "misses a 100", "frame age", "oldest", "command age"):
            virtual.add_column(name, justify="left" if name == "policy" else "right")
        measured = _table(f"{task}: measured inference, ms")
        for name in ("policy", "p50", "p95", "max", "over budget"):
            measured.add_column(name, justify="left" if name == "policy" else "right")
        for actor, _, item in (entry for entry in told if entry[1] == task):
            ages = (_number(item.observation_age), _number(item.observation_age_max, 0), _number(item.action_age))
            virtual.add_row(escape(actor.name), _number(item.latency), _number(item.misses, 1), *ages)
            took = (_number(item.inference_p50, 1), _number(item.inference_p95, 1), _number(item.inference_max, 1))
            measured.add_row(escape(actor.name), *took, "" if item.over_budget is None else f"{item.over_budget:.1%}")
        made += [virtual, measured]
    return [*made, _TIMING_NOTE]


def _timing_json(opened: _Opened) -> list[dict[str, Any]]:
    return [{"policy": actor.label, "task": task, **vars(item)} for actor, task, item in opened.timings()]


def _token_tables(opened: _Opened) -> list[Table | str]:
    found = codes_over(opened.artifact)
    if not found:
        return ["no policy of this artifact chooses codes"]
    return [*(table for item in found for table in (_switching_table(item), _suspect_table(item))), _TOKENS_NOTE]


def _switching_table(item: CodesOver) -> Table:
    table = _table(f"{item.policy}, {item.task}: switching")
    for name in ("layer", "rate", "1st quarter", "2nd", "3rd", "4th"):
        table.add_column(name, justify="right")
    for layer in item.switching:
        table.add_row(str(layer.layer), _number(layer.rate), *(_number(value) for value in layer.quarters))
    return table


def _suspect_table(item: CodesOver) -> Table | str:
    """Those that are significant, or the most suspicious ones for a look."""
    if not item.suspects:
        return "[dim]no code can be tied to failure: nothing failed, or nothing was solved[/]\n"
    kind = "more in failures" if item.significant else "none significant"
    table = _table(f"codes in the first {item.queries} queries: {kind}")
    for name in ("layer", "code", "failed", "solved", "p", "adjusted"):
        table.add_column(name, justify="right")
    for code in item.significant or item.suspects[:FEW]:
        shares = (f"{code.failed} of {code.failed_of}", f"{code.solved} of {code.solved_of}")
        table.add_row(str(code.layer), str(code.code), *shares, f"{code.p:.2g}", f"{code.p_adjusted:.2g}")
    return table


def _tokens_json(opened: _Opened) -> list[dict[str, Any]]:
    return [asdict(item) for item in codes_over(opened.artifact)]


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", title_style="bold")


def _share(interval: Interval | None) -> str:
    if interval is None:
        return ""
    return f"[bold]{interval.estimate:.2f}[/]\n[dim]{interval.low:.2f}-{interval.high:.2f}[/]"


def _waited(windows: int, value: float | None, places: int) -> str:
    if not windows:
        return ""
    return "longer" if value is None else f"{value:.{places}f}"


def _number(value: float | None, places: int = 2) -> str:
    return "" if value is None else f"{value:.{places}f}"


def _rate(point: Point) -> str:
    return f"{point.successes / point.scored:.2f}"


def _finite(value: float | None) -> float | None:
    """JSON has no infinity."""
    return None if value is None or math.isinf(value) else value


def _interval_json(interval: Interval | None) -> dict[str, float] | None:
    return None if interval is None else dict(vars(interval))


@dataclass(frozen=True)
class _Section:
    tables: Callable[[_Opened], list[Table | str]]
    document: Callable[[_Opened], Any]


SECTIONS = {
    "recovery": _Section(_recovery_tables, _recovery_json),
    "latency_tolerance": _Section(_tolerance_tables, _tolerance_json),
    "timing": _Section(_timing_tables, _timing_json),
    "tokens": _Section(_token_tables, _tokens_json),
}
"""By name."""
