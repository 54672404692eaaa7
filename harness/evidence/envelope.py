"""The safety envelope: the range in which the signals of an episode must stay, and where they leave it.

It is not a field of the contract, since watching changes no outcome of a panel. It is given, or read off the artifact:
the range that the signals of the task's own expert had in the scenes it solved without faults, widened by a quarter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from harness.contract.fields import Array
from harness.contract.task import TaskContract
from harness.errors import ManifestError, UnknownIdError
from harness.evidence.company import EXPERT
from harness.manifest.documents import NOMINAL

__all__ = ["Envelope", "learned", "parsed"]

WIDER = 0.25
"""Share of the range by which it is widened on either side."""
WATCHED = ("tracking_error", "distance", "other")
"""Roles of signals that an envelope may hold; progress and contact are what a task is about."""


@dataclass(frozen=True)
class Envelope:
    """Inclusive ranges by name of the signal, in the contract's units."""

    limits: Mapping[str, tuple[float, float]]

    def __str__(self) -> str:
        return ", ".join(f"{name} {low:.3g} to {high:.3g}" for name, (low, high) in sorted(self.limits.items()))

    def left(self, signals: Float[Array, "steps signal"], contract: TaskContract) -> Bool[Array, " steps"]:
        """The steps at the end of which some signal is outside."""
        low, high = self._bounds(contract)
        return np.asarray(((signals < low) | (signals > high)).any(axis=1))

    def trigger(self, signals: Float[Array, " signal"], contract: TaskContract) -> str:
        """What left it at one step, in words: the signal that is out the farthest, by its range if that is closed."""
        low, high = self._bounds(contract)
        span = np.where(np.isfinite(high - low), high - low, np.float32(1))
        worst = int(np.argmax(np.maximum(low - signals, signals - high) / span))
        name, value = contract.signals[worst].name, float(signals[worst])
        limit = f"< {low[worst]:.3g}" if value < low[worst] else f"> {high[worst]:.3g}"
        return f"{name} {value:.3g} {limit} {contract.signals[worst].unit}".strip()

    def _bounds(self, contract: TaskContract) -> tuple[Array, Array]:
        free = (-np.inf, np.inf)
        pairs = [self.limits.get(signal.name, free) for signal in contract.signals]
        # The signals are float32: a limit that was read off one must not be left by the same number.
        low, high = np.array(pairs, np.float32).T
        return low, high


def learned(rows: Iterable[Mapping[str, Any]], contract: TaskContract) -> Envelope | None:
    """The envelope of a task from the expert's own episodes; None if it solved none without faults.

    Args:
        rows: need `policy`, `task`, `condition`, `success`, `signals_min` and `signals_max` (dicts).
        contract: of the task.
    """
    own = [
        row
        for row in rows
        if (row["policy"], row["task"], row["condition"]) == (EXPERT, contract.id, NOMINAL) and row["success"]
    ]
    if not own:
        return None
    limits = {}
    for signal in contract.signals:
        if signal.role in WATCHED:
            low = min(row["signals_min"][signal.name] for row in own)
            high = max(row["signals_max"][signal.name] for row in own)
            limits[signal.name] = (low - WIDER * (high - low), high + WIDER * (high - low))
    return Envelope(limits)


def parsed(texts: Sequence[str], contract: TaskContract) -> Envelope:
    """An envelope as the command line gives it: `signal:low:high`, an empty end being open.

    Raises:
        UnknownIdError: the task has no such signal.
        ManifestError: an end is no number, or they are in the wrong order.
    """
    limits = {}
    known = [signal.name for signal in contract.signals]
    for text in texts:
        name, _, ends = text.partition(":")
        if name not in known:
            raise UnknownIdError.of(f"signal of {contract.id}", name, known)
        low, _, high = ends.partition(":")
        try:
            limits[name] = (float(low) if low else -np.inf, float(high) if high else np.inf)
        except ValueError:
            fix = "write distance::0.4 for at most 0.4"
            raise ManifestError(f"--limit {text}", expected="signal:low:high", got=ends, fix=fix) from None
        if limits[name][0] >= limits[name][1]:
            raise ManifestError(f"--limit {text}", expected="low < high", got=ends)
    return Envelope(limits)
