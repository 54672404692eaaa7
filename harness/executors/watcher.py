"""What an executor tells while it works. The default watcher says nothing; the command line draws bars."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.executors.training import Ticket

__all__ = ["Report", "Watcher"]

type Report = Callable[[Ticket, int, int, float], None]
"""Called as report(ticket, step, total_steps, loss)."""


class Watcher:
    """Told what happens."""

    def training(self, tickets: Sequence[Ticket]) -> Report:
        """Trainings start."""
        return lambda ticket, step, total, loss: None

    def rolling(self, total: int, done: int) -> Callable[[str, int], None]:
        """Rollouts start, `done` of `total` episodes are safe already; returns what is called with (group, more)."""
        return lambda group, count: None

    def probing(self, phase: str, more: int) -> Callable[[int], None]:
        """More probes of a phase start; returns what is called with how many have ended."""
        return lambda count: None
