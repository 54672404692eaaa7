"""The picture of a calibration: known categories against what labels and causes say, a square for each pair."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

__all__ = ["draw_confusion"]


def draw_confusion(document: Mapping[str, Any], path: Path) -> None:
    """Write a PNG.

    Args:
        document: of a calibration, as `samepanel calibrate --json` prints it.
        path: of the picture.
    """
    figure = Figure(figsize=(12, 5.6), layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    _matrix(left, "labels, from the row alone", document)
    _matrix(right, "causes, by re-simulation", document["causes"])
    left.set_ylabel("known category")
    right.set_yticklabels([])
    figure.suptitle(f"{document['label_version']} on failures whose category is known", fontsize=12)
    figure.savefig(path, dpi=120, metadata={"Software": None})


def _matrix(axes: Axes, title: str, score: Mapping[str, Any]) -> None:
    """Shares of a row as shades, counts as numbers."""
    rows = list(score["matrix"])
    columns = list(score["matrix"][rows[0]])
    counts = np.array([[score["matrix"][row][column] for column in columns] for row in rows], float)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1.15)
    for (row, column), count in np.ndenumerate(counts):
        if count:
            dark = shares[row, column] > 0.6
            axes.text(column, row, f"{count:.0f}", ha="center", va="center", color="white" if dark else "black")
    axes.set_xticks(range(len(columns)), [name.replace("_", " ") for name in columns], rotation=40, ha="right")
    axes.set_yticks(range(len(rows)), [name.replace("_", " ") for name in rows])
    axes.set_xlabel("what was said")
    axes.set_title(f"{title}\n{_numbers(score)}", fontsize=10)
    axes.spines[:].set_visible(False)


def _numbers(score: Mapping[str, Any]) -> str:
    known = "unknown" if score["macro_f1"] is None else f"{score['macro_f1']:.3f}"
    return f"macro-F1 {known}, abstained on {score['abstention'] or 0:.1%} of {score['cases']}"
