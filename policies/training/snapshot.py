"""Snapshots of a training, from which it resumes bit for bit after an interruption."""

from __future__ import annotations

import pickle
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from policies.training.files import write_atomically

__all__ = ["History", "Moment", "Snapshots"]


@dataclass
class History:
    """What a training has led to so far.

    Attributes:
        curve: (overall step, mean loss since the last point).
        total, count: sum and number of the losses since the last point.
        seconds: wall time, over all sessions.
    """

    curve: list[tuple[int, float]] = field(default_factory=list)
    total: float = 0.0
    count: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Moment:
    """A training after `step` steps of its `phase`-th phase.

    It holds no generator state: batches and noise are functions of the step.
    """

    phase: int
    step: int
    learner: dict[str, Any]
    optimizer: dict[str, Any]
    average: list[torch.Tensor] | None
    history: dict[str, Any]


class Snapshots:
    """One snapshot file, rewritten at most every `interval` seconds, of the training named by `identity`."""

    def __init__(self, path: Path, identity: str, interval: float = 15.0) -> None:
        self._path, self._identity, self._interval = path, identity, interval
        self._written = time.monotonic()

    def due(self) -> bool:
        """Whether it is time for the next one."""
        return time.monotonic() - self._written >= self._interval

    def write(self, moment: Moment) -> None:
        """Replace the snapshot."""
        content = {"identity": self._identity, **vars(moment)}
        write_atomically(self._path, lambda partial: torch.save(content, partial))
        self._written = time.monotonic()

    def read(self) -> Moment | None:
        """The snapshot, or None if there is none of this training. A damaged one counts as none: it only saves time."""
        if not self._path.exists():
            return None
        try:
            content = torch.load(self._path, map_location="cpu", weights_only=True)
        except (OSError, RuntimeError, EOFError, pickle.UnpicklingError):
            return None
        if content.pop("identity", None) != self._identity:
            return None
        return Moment(**content)

    def remove(self) -> None:
        """Delete the snapshot of a finished training."""
        self._path.unlink(missing_ok=True)
