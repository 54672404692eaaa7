"""Training what is missing: one checkpoint a process at a time, as many processes as there are threads to use.

One core a process is faster than one process on all cores (the models are small) and independent of how many cores a
machine has, so the same seed gives the same weights at any `--threads`. An unchanged recipe on unchanged data finds its
checkpoint in the cache and is not trained again.
"""

from __future__ import annotations

import multiprocessing
import os
import queue
import signal
import tempfile
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any

from harness.contract.agents import view_of
from harness.contract.policy import Execution, Method, Progress, Runtime, TrainingJob
from harness.contract.task import Task, TaskContract
from harness.demonstrations import Demonstrations, Selection, acted_by, dataset_hash, read, select, write
from harness.errors import SamepanelError, WorkerError
from harness.executors.pictures import pictures_of
from harness.executors.watcher import Report
from harness.hashing import content_hash
from harness.manifest.manifest import PolicySpec
from harness.registry import declare, declared, load

__all__ = ["Ticket", "cache_folder", "make_ticket", "train_missing"]

INTERRUPTED = 130
"""Exit code of a training process that Ctrl-C ended."""


def cache_folder() -> Path:
    """Where checkpoints are kept: `$SAMEPANEL_CACHE`, or `.samepanel` in the working directory."""
    return Path(os.environ.get("SAMEPANEL_CACHE", ".samepanel"))


@dataclass(frozen=True)
class Ticket:
    """One checkpoint: what it is made of, and where it lies once made.

    Attributes:
        label: method and seed, as in the artifact's column `policy`.
        recipe: settings as the manifest gives them, overrides of the task merged in.
        key: hash of all that decides the weights.
        selection: of the task's demonstrations.
        agent: the only one that the policy acts for; None for all.
    """

    label: str
    method: str
    task: str
    recipe: dict[str, Any]
    execution: Execution
    seed: int
    device: str
    key: str
    selection: Selection = field(default_factory=Selection)
    agent: str | None = None

    @property
    def contract(self) -> TaskContract:
        """Of the task as the policy has it."""
        return view_of(load("tasks", self.task).contract, self.agent)

    @property
    def words(self) -> str:
        """Names the checkpoint for a person."""
        return f"{self.label}{f' ({self.agent})' if self.agent else ''} on {self.task}"

    @property
    def directory(self) -> Path:
        """The checkpoint's folder in the cache."""
        return cache_folder() / "checkpoints" / f"{self.label}-{self.task}-{self.key[:12]}"

    @property
    def trained(self) -> bool:
        """Whether the checkpoint is there; the card is written last."""
        return (self.directory / "card.json").is_file()

    def demonstrations(self) -> Demonstrations:
        """What the checkpoint is trained on."""
        task: Task = load("tasks", self.task)
        return select(read(task.demonstrations, task.contract), self.selection, task.contract)


def make_ticket(spec: PolicySpec, device: str) -> Ticket:
    """Hash what decides the weights: method and version, recipe, data, contract, seed."""
    task: Task = load("tasks", spec.task)
    recipe = spec.recipe.model_dump(mode="json")
    selection = spec.demonstrations.model_dump(mode="json", exclude_defaults=True)
    key = content_hash(
        {
            "method": spec.method,
            "version": spec.version,
            "recipe": recipe,
            "dataset": dataset_hash(task.demonstrations) if task.contract.dataset.episodes else None,
            "contract": view_of(task.contract, spec.agent).model_dump(mode="json"),
            "seed": spec.seed,
            **({"selection": selection} if selection else {}),
        }
    )
    return Ticket(
        spec.label,
        spec.method,
        spec.task,
        recipe,
        spec.execution,
        spec.seed,
        device,
        key,
        spec.demonstrations,
        spec.agent,
    )


def train_missing(tickets: Sequence[Ticket], *, workers: int, report: Report) -> None:
    """Train every checkpoint that is not in the cache.

    A training that is interrupted (Ctrl-C) leaves a snapshot and goes on from it when the same command runs again.

    Raises:
        SamepanelError: what a training raised.
        WorkerError: a training process died.
    """
    waiting = [ticket for ticket in tickets if not ticket.trained]
    if waiting:
        _Crew(waiting, min(workers, len(waiting))).run(report)


class _Crew:
    """Some processes that take tickets from one queue until it is empty; what they import is imported once each."""

    def __init__(self, tickets: Sequence[Ticket], workers: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._tickets = {ticket.key: ticket for ticket in tickets}
        self._todo: multiprocessing.Queue[Ticket | None] = context.Queue()
        self._messages: multiprocessing.Queue[tuple[int, str, Any]] = context.Queue()
        for item in (*tickets, *[None] * workers):
            self._todo.put(item)
        self._busy: dict[int, str] = {}
        self._processes: dict[int, SpawnProcess] = {
            number: context.Process(target=_work, args=(number, self._todo, self._messages, declared()))
            for number in range(workers)
        }

    def run(self, report: Report) -> None:
        """Start, listen until all have ended, and clean up whatever happens."""
        try:
            for process in self._processes.values():
                process.start()
            while any(process.is_alive() for process in self._processes.values()):
                self._listen(report)
                self._check()
            self._listen(report)
            self._check()
        finally:
            self._stop()

    def _listen(self, report: Report) -> None:
        """Hand on what the processes say; an error they report is raised here."""
        while True:
            try:
                number, key, content = self._messages.get(timeout=0.1)
            except queue.Empty:
                return
            self._busy[number] = key
            if isinstance(content, Exception):
                raise content
            if content is not None:
                report(self._tickets[key], *content)

    def _check(self) -> None:
        """A process that ended with anything but 0 died over the ticket it spoke of last."""
        for number, process in self._processes.items():
            if process.is_alive() or process.exitcode == 0:
                continue
            if process.exitcode == INTERRUPTED:
                raise KeyboardInterrupt
            self._listen(lambda *ignored: None)
            ticket = self._tickets.get(self._busy.get(number, ""))
            raise WorkerError(
                f"training of {ticket.words}" if ticket else "training",
                got=f"the process ended with code {process.exitcode}",
                fix="run the same command again; it goes on from the last snapshot",
            )

    def _stop(self) -> None:
        for process in self._processes.values():
            if process.is_alive() and process.pid is not None:
                os.kill(process.pid, signal.SIGINT)
        for process in self._processes.values():
            if process.pid is not None:
                process.join(timeout=20)
                process.kill()


def _work(
    number: int,
    todo: multiprocessing.Queue[Ticket | None],
    messages: multiprocessing.Queue[tuple[int, str, Any]],
    tasks: dict[str, tuple[str, Mapping[str, Any]]],
) -> None:
    """Body of a training process: one ticket after the other."""
    for task, (adapter, settings) in tasks.items():
        declare(task, adapter, settings)
    try:
        while (ticket := todo.get()) is not None:
            messages.put((number, ticket.key, None))
            _train_or_tell(number, ticket, messages)
    except KeyboardInterrupt:
        raise SystemExit(INTERRUPTED) from None


def _train_or_tell(number: int, ticket: Ticket, messages: multiprocessing.Queue[tuple[int, str, Any]]) -> None:
    """Train; what goes wrong is told, and ends the process."""
    whose = f"training of {ticket.words}"
    try:
        _train(ticket, _speaker(number, ticket.key, messages))
        if not ticket.trained:
            raise WorkerError(whose, expected=f"a checkpoint in {ticket.directory}", got="none")
    except SamepanelError as error:
        _end_quietly()
        messages.put((number, ticket.key, error))
        raise SystemExit(2) from None
    except Exception as error:
        _end_quietly()
        messages.put((number, ticket.key, WorkerError(whose, got=f"{type(error).__name__}: {error}")))
        traceback.print_exc()
        raise SystemExit(1) from None


def _end_quietly() -> None:
    """The parent interrupts who is still there when it hears of an error; this process is about to leave anyway."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _speaker(number: int, key: str, messages: multiprocessing.Queue[tuple[int, str, Any]]) -> Progress:
    """Tells the parent how far a training is; a training whose parent was killed ends as if it were interrupted."""
    parent = multiprocessing.parent_process()

    def speak(step: int, total: int, loss: float) -> None:
        if parent is not None and not parent.is_alive():
            raise KeyboardInterrupt
        messages.put((number, key, (step, total, loss)))

    return speak


def _train(ticket: Ticket, progress: Progress) -> None:
    plugin: Method = load("methods", ticket.method)
    task: Task = load("tasks", ticket.task)
    with _training_set(ticket, task) as (whole, dataset):
        job = TrainingJob(
            task=ticket.contract,
            dataset=dataset,
            dataset_hash=dataset_hash(dataset) if task.contract.dataset.episodes else "",
            recipe=plugin.recipe.model_validate(ticket.recipe),
            execution=ticket.execution,
            seed=ticket.seed,
            directory=ticket.directory,
            runtime=Runtime(threads=1, device=ticket.device),
            pictures=pictures_of(task, whole, cache_folder() / "pictures", progress, f"training of {ticket.words}"),
        )
        plugin.train(job, progress)


@contextmanager
def _training_set(ticket: Ticket, task: Task) -> Iterator[tuple[Path, Path]]:
    """The demonstrations with the actions of all agents, and with those that the policy is trained on.

    They lie in the task's own folder, or in one that is gone afterwards.
    """
    with tempfile.TemporaryDirectory() as folder:
        whole = dataset = task.demonstrations
        if ticket.selection != Selection():
            whole = dataset = Path(folder) / "selected"
            write(whole, task.contract, ticket.demonstrations())
        if ticket.agent is not None and task.contract.dataset.episodes:
            dataset = Path(folder) / "acted"
            write(dataset, ticket.contract, acted_by(ticket.demonstrations(), task.contract, ticket.agent))
        yield whole, dataset
