"""Training what is missing: one process a checkpoint, as many side by side as there are threads to use.

One core a process is faster than one process on all cores (the models are small) and independent of how many cores a
machine has, so the same seed gives the same weights at any `--threads`. An unchanged recipe on unchanged data finds its
checkpoint in the cache and is not trained again.
"""

from __future__ import annotations

import multiprocessing
import os
import queue
import signal
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any

from harness.contract.policy import Execution, Method, Runtime, TrainingJob
from harness.contract.task import Task
from harness.demonstrations import dataset_hash
from harness.errors import SamepanelError, WorkerError
from harness.executors.watcher import Report
from harness.hashing import content_hash
from harness.manifest.manifest import PolicySpec
from harness.registry import load

__all__ = ["Ticket", "cache_folder", "make_ticket", "train_missing"]


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
    """

    label: str
    method: str
    task: str
    recipe: dict[str, Any]
    execution: Execution
    seed: int
    device: str
    key: str

    @property
    def directory(self) -> Path:
        """The checkpoint's folder in the cache."""
        return cache_folder() / "checkpoints" / f"{self.label}-{self.task}-{self.key[:12]}"

    @property
    def trained(self) -> bool:
        """Whether the checkpoint is there; the card is written last."""
        return (self.directory / "card.json").is_file()


def make_ticket(spec: PolicySpec, device: str) -> Ticket:
    """Hash what decides the weights: method and version, recipe, data, contract, seed."""
    task: Task = load("tasks", spec.task)
    recipe = spec.recipe.model_dump(mode="json")
    key = content_hash(
        {
            "method": spec.method,
            "version": spec.version,
            "recipe": recipe,
            "dataset": dataset_hash(task.demonstrations),
            "contract": task.contract.model_dump(mode="json"),
            "seed": spec.seed,
        }
    )
    return Ticket(spec.label, spec.method, spec.task, recipe, spec.execution, spec.seed, device, key)


def train_missing(tickets: Sequence[Ticket], *, workers: int, report: Report) -> None:
    """Train every checkpoint that is not in the cache.

    A training that is interrupted (Ctrl-C) leaves a snapshot and goes on from it when the same command runs again.

    Raises:
        SamepanelError: what a training raised.
        WorkerError: a training process died.
    """
    waiting = [ticket for ticket in tickets if not ticket.trained]
    context = multiprocessing.get_context("spawn")
    messages: multiprocessing.Queue[tuple[str, Any]] = context.Queue()
    running: dict[str, tuple[Ticket, SpawnProcess]] = {}
    by_key = {ticket.key: ticket for ticket in waiting}
    try:
        while waiting or running:
            while waiting and len(running) < workers:
                ticket = waiting.pop(0)
                process = context.Process(target=_train, args=(ticket, messages), name=f"train {ticket.label}")
                process.start()
                running[ticket.key] = (ticket, process)
            _drain(messages, by_key, report)
            for key, (ticket, process) in list(running.items()):
                if not process.is_alive():
                    _finish(ticket, process, messages, by_key, report)
                    del running[key]
    finally:
        for _, process in running.values():
            if process.is_alive() and process.pid is not None:
                os.kill(process.pid, signal.SIGINT)
        for _, process in running.values():
            process.join(timeout=20)
            process.kill()


def _train(ticket: Ticket, messages: multiprocessing.Queue[tuple[str, Any]]) -> None:
    """Body of a training process."""
    try:
        plugin: Method = load("methods", ticket.method)
        task: Task = load("tasks", ticket.task)
        job = TrainingJob(
            task=task.contract,
            dataset=task.demonstrations,
            dataset_hash=dataset_hash(task.demonstrations),
            recipe=plugin.recipe.model_validate(ticket.recipe),
            execution=ticket.execution,
            seed=ticket.seed,
            directory=ticket.directory,
            runtime=Runtime(threads=1, device=ticket.device),
        )
        plugin.train(job, lambda step, total, loss: messages.put((ticket.key, (step, total, loss))))
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except SamepanelError as error:
        messages.put((ticket.key, error))
        raise SystemExit(2) from None
    except Exception as error:
        text = f"{type(error).__name__}: {error}"
        messages.put((ticket.key, WorkerError(f"training of {ticket.label} on {ticket.task}", got=text)))
        traceback.print_exc()
        raise SystemExit(1) from None


def _drain(
    messages: multiprocessing.Queue[tuple[str, Any]], by_key: dict[str, Ticket], report: Report, wait: float = 0.1
) -> None:
    """Hand on what the processes say; an error they report is raised here."""
    while True:
        try:
            key, content = messages.get(timeout=wait)
        except queue.Empty:
            return
        if isinstance(content, Exception):
            raise content
        report(by_key[key], *content)


def _finish(
    ticket: Ticket,
    process: SpawnProcess,
    messages: multiprocessing.Queue[tuple[str, Any]],
    by_key: dict[str, Ticket],
    report: Report,
) -> None:
    process.join()
    _drain(messages, by_key, report)
    if process.exitcode == 130:
        raise KeyboardInterrupt
    if process.exitcode != 0 or not ticket.trained:
        raise WorkerError(
            f"training of {ticket.label} on {ticket.task}",
            got=f"the process ended with code {process.exitcode}",
            fix="run the same command again; it goes on from the last snapshot",
        )
