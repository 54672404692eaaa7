"""The figure of one explained episode: progress over time, of itself, its twin and its rescue, with faults as bands."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from harness.reports.story import Story

__all__ = ["draw"]

# Colours that stay apart for colour-blind readers (Okabe and Ito 2008).
_EPISODE, _TWIN, _RESCUE, _BANDS = "#D55E00", "#0072B2", "#009E73", ("#CC79A7", "#F0E442", "#56B4E9", "#E69F00")


def draw(story: Story, period_s: float, path: Path) -> None:
    """Write a PNG.

    Args:
        story: of an explained episode.
        period_s: control period of its task, second.
        path: of the picture.
    """
    figure = Figure(figsize=(9, 4.8), layout="constrained")
    FigureCanvasAgg(figure)
    lanes, axes = figure.subplots(2, 1, sharex=True, height_ratios=(max(1, len(story.row["faults"])), 8))
    _bands(lanes, story.row, period_s)
    _curve(axes, story.row, period_s, _EPISODE, f"the episode: {story.row['outcome']}", width=2.2)
    if story.twin is not None:
        _curve(axes, story.twin, period_s, _TWIN, f"without faults: {story.twin['outcome']}", style="--")
    step = story.row["point_of_no_return"]
    if step is not None:
        if story.rescue is not None:
            _curve(axes, story.rescue, period_s, _RESCUE, f"expert from step {step} on: saved", style=":", first=step)
        axes.axvline(step * period_s, color="0.3", linewidth=1)
        axes.annotate(" point of no return", (step * period_s, 0.03), color="0.3", fontsize=9)
    axes.set(xlabel="time, s", ylabel="progress of the task", ylim=(-0.02, 1.04))
    axes.grid(alpha=0.25)
    axes.legend(loc="upper left", frameon=False, fontsize=9)
    row = story.row
    figure.suptitle(
        f"{row['policy']} on {row['task']}, {row['condition']}, scene {row['scene']}: cause {row['cause']}", fontsize=11
    )
    figure.savefig(path, dpi=120, metadata={"Software": None})


def _curve(
    axes: Axes,
    row: Mapping[str, Any],
    period_s: float,
    colour: str,
    text: str,
    *,
    style: str = "-",
    width: float = 1.6,
    first: int = 0,
) -> None:
    progress = np.array(row["trace"]["progress"][first:])
    time = (first + 1 + np.arange(len(progress))) * period_s
    axes.plot(time, progress, color=colour, linestyle=style, linewidth=width, label=text)
    if len(progress) and row["outcome"] == "success":
        axes.plot(time[-1], progress[-1], "o", color=colour, markersize=6)


def _bands(axes: Axes, row: Mapping[str, Any], period_s: float) -> None:
    """One lane a fault, over the steps on which it acts."""
    faults = row["faults"]
    for lane, fault in enumerate(faults):
        stop = max(min(fault["stop"], row["steps"]), fault["start"] + 1)
        span = (fault["start"] * period_s, (stop - fault["start"]) * period_s)
        axes.broken_barh([span], (lane - 0.4, 0.8), color=_BANDS[lane % len(_BANDS)])
    axes.set_yticks(range(len(faults)), [fault["fault"] for fault in faults], fontsize=8)
    axes.set_ylim(-0.6, max(1, len(faults)) - 0.4)
    if not faults:
        axes.set_yticks([0], ["no fault"], fontsize=8)
    for side in ("top", "right", "bottom"):
        axes.spines[side].set_visible(False)
    axes.tick_params(axis="x", length=0)
