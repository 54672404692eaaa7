"""What a terminal sees: two consoles and the progress bars."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from harness.executors.watcher import Report, Watcher

if TYPE_CHECKING:
    from harness.executors.training import Ticket

__all__ = ["Bars", "bars", "console", "cores", "stderr"]

console = Console()
stderr = Console(stderr=True)


def cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0))


class _Rate(ProgressColumn):
    """Episodes or steps per second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:.1f}/s" if task.speed else "", style="dim")


class Bars(Watcher):
    """One bar a training with its loss, one bar for all rollouts with what is running now."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._phases: dict[str, TaskID] = {}

    def training(self, tickets: Sequence[Ticket]) -> Report:
        """Draw bars for the checkpoints that are missing; name those that are not."""
        cached = [ticket for ticket in tickets if ticket.trained]
        if cached:
            self._progress.console.print(f"{len(cached)} of {len(tickets)} checkpoints are cached", style="dim")
        rows: dict[str, TaskID] = {}

        def report(ticket: Ticket, step: int, total: int, loss: float) -> None:
            if ticket.key not in rows:
                rows[ticket.key] = self._progress.add_task(f"train {ticket.words}", total=total, note="")
            note = "draws pictures" if math.isnan(loss) else f"loss {loss:.4f}"
            self._progress.update(rows[ticket.key], completed=step, total=total, note=note)

        return report

    def rolling(self, total: int, done: int) -> Callable[[str, int], None]:
        """Draw the bar of the rollouts."""
        row = self._progress.add_task("roll out", total=total, completed=done, note=f"{done} kept" if done else "")

        def report(group: str, count: int) -> None:
            self._progress.update(row, advance=count, note=group)

        return report

    def probing(self, phase: str, more: int) -> Callable[[int], None]:
        """Draw one bar a phase, which grows when the phase asks again."""
        if phase not in self._phases:
            self._phases[phase] = self._progress.add_task(phase, total=0, note="")
        row = self._phases[phase]
        total = self._progress.tasks[self._progress.task_ids.index(row)].total or 0
        self._progress.update(row, total=total + more)
        return lambda count: self._progress.update(row, advance=count)

    def recording(self, task: str) -> Callable[[int, int], None]:
        """Draw the bar of a recording."""
        row = self._progress.add_task(f"record {task}", total=None, note="")
        return lambda done, total: self._progress.update(row, completed=done, total=total)


@contextmanager
def bars() -> Iterator[Bars]:
    """Bars on stderr while the body runs; plain terminals and files get none."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=28),
        MofNCompleteColumn(),
        _Rate(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("[dim]{task.fields[note]}"),
    )
    with Progress(*columns, console=stderr) as progress:
        yield Bars(progress)
