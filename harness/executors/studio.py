"""Pictures drawn by several processes, each with a graphics context of its own.

Which process draws a picture, beside what, and when, changes no bit of it. A process that dies over pictures is
replaced and they are drawn once more, one at a time; one that kills its process again has no picture, and costs its own
episode only (law 8).
"""

from __future__ import annotations

import multiprocessing
import weakref
from collections.abc import Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from multiprocessing.sharedctypes import RawArray
from typing import Any

import numpy as np

from harness.contract.fields import Array
from harness.contract.task import Task
from harness.errors import SamepanelError, WorkerError
from harness.registry import load
from harness.rollout.sight import Artist, Painted, Shot, Solo

__all__ = ["Studio", "artist_for"]

_ROOM = 1 << 21
"""Bytes of shared memory of a process, if no picture needs more: the pictures of one errand."""
_DIED = "the process that draws pictures ended with code {}"


def artist_for(task_id: str, threads: int) -> Artist:
    """One process draws in this one; more are started."""
    task: Task = load("tasks", task_id)
    return Studio(task, threads) if threads > 1 else Solo(task)


@dataclass
class _Errand:
    """Shots that one process draws at a time."""

    shots: Sequence[Shot]
    where: list[int]
    again: bool = False


@dataclass
class _Worker:
    """A process, the pipe to it, the memory it draws into, whether it has said that it can, and what it draws now."""

    process: SpawnProcess
    pipe: Connection
    memory: Any
    ready: bool = False
    errand: _Errand | None = None


@dataclass
class _Sheet:
    """The pictures of one request, as they come."""

    pictures: list[Array | None]
    failed: dict[int, str] = field(default_factory=dict)


class Studio:
    """Keeps `harness.rollout.sight.Artist`.

    Args:
        task: a registered one; each process loads its own.
        workers: processes.
    """

    def __init__(self, task: Task, workers: int) -> None:
        self._context = multiprocessing.get_context("spawn")
        self._task_id = task.contract.id
        largest = max((3 * camera.width * camera.height for camera in task.contract.cameras), default=0)
        self._room = max(_ROOM, largest)
        self._workers: list[_Worker] = []
        self._close = weakref.finalize(self, _close, self._workers)
        for _ in range(workers):
            self._workers.append(self._hire())

    def paint(self, shots: Sequence[Shot]) -> Painted:
        """Pictures of the shots, drawn side by side.

        Raises:
            WorkerError: a process cannot even be started.
        """
        self._forget()
        sheet, todo = _Sheet([None] * len(shots)), self._errands(shots)
        while todo or any(worker.errand for worker in self._workers):
            for at, worker in enumerate(self._workers):
                if worker.errand is None and todo:
                    self._send(at, todo.pop(0), todo, sheet)
            self._listen(todo, sheet)
        return Painted(sheet.pictures, sheet.failed)

    def close(self) -> None:
        """End the processes."""
        self._close()

    def _forget(self) -> None:
        """Replace processes whose last errand was interrupted: its answer would be taken for that of the next one."""
        for at, worker in enumerate(self._workers):
            if worker.errand is not None:
                _end(worker)
                self._workers[at] = self._hire()

    def _errands(self, shots: Sequence[Shot]) -> list[_Errand]:
        """Parts of about equal length that fit into the memory of a process, one through each camera as far as can be.

        Neighbours of one camera stay together: changing the size of the picture costs a renderer.
        """
        order = sorted(range(len(shots)), key=lambda k: shots[k].camera.name)
        most = max(1, -(-len(shots) // max(1, len(self._workers))))
        errands: list[_Errand] = []
        used = self._room
        for k in order:
            size = _bytes(shots[k])
            if not errands or used + size > self._room or len(errands[-1].where) >= most:
                errands.append(_Errand([], []))
                used = 0
            errands[-1] = _Errand([*errands[-1].shots, shots[k]], [*errands[-1].where, k])
            used += size
        return errands

    def _send(self, at: int, errand: _Errand, todo: list[_Errand], sheet: _Sheet) -> None:
        worker = self._workers[at]
        self._await(worker)
        worker.errand = errand
        try:
            worker.pipe.send(errand.shots)
        except OSError:  # it died while it had nothing to do
            self._replace(at, todo, sheet)

    def _await(self, worker: _Worker) -> None:
        """Until a process has loaded the task; if it cannot, the next one could not either."""
        if worker.ready:
            return
        try:
            worker.ready = worker.pipe.recv()
        except (EOFError, OSError):
            worker.process.join()
            raise WorkerError(
                f"a process that draws pictures of {self._task_id}",
                got=f"it ended with code {worker.process.exitcode} before it drew any",
                fix="read what it printed, or run with --threads 1",
            ) from None

    def _listen(self, todo: list[_Errand], sheet: _Sheet) -> None:
        """Wait for one answer at least, or the death of a process."""
        busy = {worker.pipe: at for at, worker in enumerate(self._workers) if worker.errand}
        for pipe in wait(list(busy)) if busy else []:
            at = busy[pipe]  # type: ignore[index]
            try:
                answer = self._workers[at].pipe.recv()
            except (EOFError, OSError):
                self._replace(at, todo, sheet)
                continue
            if isinstance(answer, SamepanelError):
                self._workers[at].errand = None
                raise answer
            self._take(self._workers[at], answer, sheet)

    def _take(self, worker: _Worker, failed: dict[int, str], sheet: _Sheet) -> None:
        """Copy the pictures out of the memory of a process."""
        assert worker.errand is not None, "nobody answers who was not asked"
        drawn, start = np.frombuffer(worker.memory, np.uint8), 0
        for k, (shot, where) in enumerate(zip(worker.errand.shots, worker.errand.where, strict=True)):
            size, camera = _bytes(shot), shot.camera
            if k in failed:
                sheet.failed[where] = failed[k]
            else:
                sheet.pictures[where] = drawn[start : start + size].reshape(camera.height, camera.width, 3).copy()
            start += size
        worker.errand = None

    def _replace(self, at: int, todo: list[_Errand], sheet: _Sheet) -> None:
        """Another process in the place of one that died; what it drew comes again, one picture at a time."""
        dead = self._workers[at]
        _end(dead)
        self._workers[at] = self._hire()
        errand = dead.errand
        assert errand is not None, "only who has an errand is listened to"
        if errand.again:
            sheet.failed[errand.where[0]] = _DIED.format(dead.process.exitcode)
        else:
            todo += [_Errand([shot], [k], again=True) for shot, k in zip(errand.shots, errand.where, strict=True)]

    def _hire(self) -> _Worker:
        memory = RawArray("B", self._room)
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=_draw, args=(self._task_id, theirs, memory), daemon=True)
        process.start()
        theirs.close()
        return _Worker(process, ours, memory)


def _bytes(shot: Shot) -> int:
    return 3 * shot.camera.width * shot.camera.height


def _draw(task_id: str, pipe: Connection, memory: Any) -> None:
    """Body of a process: draws what comes until the pipe is closed."""
    task: Task = load("tasks", task_id)
    sheet = np.frombuffer(memory, np.uint8)
    try:
        pipe.send(True)
        while True:
            pipe.send(_answer(task, pipe.recv(), sheet))
    except (EOFError, OSError, KeyboardInterrupt):
        return


def _answer(task: Task, shots: Sequence[Shot], sheet: Array) -> dict[int, str] | SamepanelError:
    """Draw into the sheet; says which shots failed, or what a person can repair."""
    try:
        painted = Solo(task).paint(shots)
    except SamepanelError as error:
        return error
    start = 0
    for shot, picture in zip(shots, painted.pictures, strict=True):
        if picture is not None:
            sheet[start : start + _bytes(shot)] = picture.reshape(-1)
        start += _bytes(shot)
    return dict(painted.failed)


def _close(workers: list[_Worker]) -> None:
    for worker in workers:
        worker.pipe.close()
    for worker in workers:
        _end(worker)


def _end(worker: _Worker) -> None:
    """Let go of a process that has nobody to answer to."""
    worker.pipe.close()
    worker.process.join(timeout=2)
    if worker.process.is_alive():
        worker.process.kill()
        worker.process.join()
