"""The trace of one episode as drawings: progress, signals, commands, ages of frames, with faults as bands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.contract.fields import Array
from harness.reports.leaderboard.svg import Axis, Span, axis_of, path, spans, stairs

__all__ = ["Drawing", "FaultBand", "Line", "Mark", "Plot", "trace_plots"]

WIDTH, LEFT, RIGHT = 480, 44, 8
"""Of every plot, in its own units."""
HEIGHT, TOP, BOTTOM = 140, 20, 20


@dataclass(frozen=True)
class Line:
    """One curve.

    Attributes:
        shade: number of its colour.
        faint: drawn thin, as what was asked for and not what was done.
    """

    name: str
    d: str
    shade: int
    faint: bool = False


@dataclass(frozen=True)
class Plot:
    """One plot over time; `level` is where a threshold is drawn."""

    title: str
    unit: str
    lines: tuple[Line, ...]
    ticks: tuple[tuple[float, str], ...]
    level: tuple[float, str] | None = None


@dataclass(frozen=True)
class FaultBand:
    """When a fault acts, as pixels and in words."""

    fault: str
    span: Span
    text: str
    shade: int


@dataclass(frozen=True)
class Mark:
    """A moment that a reader looks for."""

    name: str
    x: float


@dataclass(frozen=True)
class Drawing:
    """All plots of an episode over one time axis; `seconds` is how long it lasted."""

    plots: tuple[Plot, ...]
    bands: tuple[FaultBand, ...]
    marks: tuple[Mark, ...]
    contact: tuple[Span, ...]
    ticks: tuple[tuple[float, str], ...]
    seconds: float


def trace_plots(row: Mapping[str, Any], contract: Mapping[str, Any]) -> Drawing | None:
    """Draw an episode; None where it has no trace.

    Args:
        row: whole.
        contract: of its task, as a document.
    """
    trace, period = row["trace"], float(contract["control_period_s"])
    if not trace or not trace.get("progress"):
        return None
    steps = len(trace["progress"])
    time = Axis(0.0, steps * period, LEFT, WIDTH - RIGHT)
    after = (1 + np.arange(steps)) * period
    roles = {signal["name"]: signal for signal in contract["signals"]}
    plots = [_signal(name, values, after, time, contract) for name, values in _shown(trace["signals"], roles)]
    plots += _actions(trace, contract["action"], time, period)
    plots.append(_age(trace["obs_id"], time, period))
    touching = [name for name, signal in roles.items() if signal["role"] == "contact" and name in trace["signals"]]
    contact = spans(time, np.array(trace["signals"][touching[0]]) > 0.5, period) if touching else []
    return Drawing(
        tuple(plots),
        tuple(_bands(row["faults"] or (), time, steps, period)),
        tuple(_marks(row, time, period)),
        tuple(contact),
        tuple(time.ticks(6)),
        steps * period,
    )


def _shown(signals: Mapping[str, Any], roles: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, Any]]:
    """Progress first; contact is a band of its own."""
    order = sorted(signals, key=lambda name: roles.get(name, {}).get("role") != "progress")
    return [(name, signals[name]) for name in order if roles.get(name, {}).get("role") != "contact"]


def _signal(name: str, values: Any, after: Array, time: Axis, contract: Mapping[str, Any]) -> Plot:
    known = {signal["name"]: signal for signal in contract["signals"]}
    threshold = contract["success_threshold"] if name == contract["success_signal"] else None
    reach = [*values, *([threshold] if threshold is not None else [])]
    whole = known.get(name, {}).get("role") == "progress"
    up = Axis(-0.04, 1.04, HEIGHT - BOTTOM, TOP) if whole else axis_of(reach, HEIGHT - BOTTOM, TOP)
    level = None if threshold is None else (up(threshold), f"success at {threshold:g}")
    curve = Line(name, path(time, up, after, values), 0)
    return Plot(name.replace("_", " "), known.get(name, {}).get("unit", ""), (curve,), tuple(up.ticks(3)), level)


def _actions(trace: Mapping[str, Any], fields: Sequence[Mapping[str, Any]], time: Axis, period: float) -> list[Plot]:
    commanded, applied = (np.array(trace[name], float) for name in ("commanded", "applied"))
    if commanded.ndim != 2 or commanded.shape[1] != sum(field["size"] for field in fields):
        return []
    start = np.arange(len(commanded) + 1) * period
    plots, first = [], 0
    for field in fields:
        columns = slice(first, first + field["size"])
        first += field["size"]
        asked, done = (np.vstack([values[:, columns], values[-1:, columns]]) for values in (commanded, applied))
        up = axis_of([asked, done], HEIGHT - BOTTOM, TOP)
        names = [f"{field['name']} {k}" if field["size"] > 1 else str(field["name"]) for k in range(field["size"])]
        lines = [
            Line(f"{name}, {said}", stairs(time, up, start, values[:, k]), k, faint=said == "commanded")
            for said, values in (("commanded", asked), ("applied", done))
            for k, name in enumerate(names)
        ]
        title = f"action: {str(field['name']).replace('_', ' ')}"
        plots.append(Plot(title, str(field["unit"]), tuple(lines), tuple(up.ticks(3))))
    return plots


def _age(obs_id: Sequence[int], time: Axis, period: float) -> Plot:
    """Of the delivered frame."""
    age = (np.arange(len(obs_id)) - np.array(obs_id)) * period
    up = Axis(0.0, max(float(age.max(initial=0.0)), period) * 1.1, HEIGHT - BOTTOM, TOP)
    start = np.arange(len(age) + 1) * period
    line = Line("age", stairs(time, up, start, [*age, age[-1]]), 0)
    return Plot("age of the observation", "s", (line,), tuple(up.ticks(3)))


def _bands(faults: Sequence[Mapping[str, Any]], time: Axis, steps: int, period: float) -> list[FaultBand]:
    found = []
    for shade, fault in enumerate(faults):
        start, stop = fault["start"], max(min(fault["stop"], steps), fault["start"] + 1)
        if start < steps:
            first, last = time(start * period), time(min(stop, steps) * period)
            text = f"{start * period:.1f} to {stop * period:.1f} s"
            found.append(FaultBand(fault["fault"], Span(first, max(1.5, round(last - first, 1))), text, shade))
    return found


def _marks(row: Mapping[str, Any], time: Axis, period: float) -> list[Mark]:
    evidence = row["failure_evidence"] or {}
    moments = (
        ("success", row["success_step"]),
        ("point of no return", row["point_of_no_return"]),
        ("evidence of the label", evidence.get("step")),
    )
    return [Mark(name, time(step * period)) for name, step in moments if step is not None and step >= 0]
