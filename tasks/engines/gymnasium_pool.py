"""A pool of worker processes, each with some environments; it sees to it that no one's crash is another's.

A worker that dies or hangs is replaced, and all that its slots held is lost (`Pool.epochs` tells). Nothing is left of a
pool that is closed, forgotten or interrupted: workers are killed, and the memory has no name that could stay behind.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from typing import IO, Any

import numpy as np
from jaxtyping import Int64

from harness.contract.fields import Array
from tasks.engines.gymnasium_memory import Answer, Description, Environment, Layout, Order, Shared, anonymous_file

__all__ = ["EnvironmentFailedError", "Failure", "Pool"]

_GRACE_S = 5.0
"""How much longer than its limit a worker may take before the pool kills it: the kernel's alarm comes first."""

_QUIET = {"PYGAME_HIDE_SUPPORT_PROMPT": "1", "SDL_VIDEODRIVER": "dummy", "OMP_NUM_THREADS": "1"}
"""Defaults for workers: no greeting, no window, and no threads that compete with the other workers."""


class EnvironmentFailedError(RuntimeError):
    """An environment raised, hung or took its process with it. The harness retries, then makes an `error` row of it."""


@dataclass(frozen=True)
class Failure:
    """Why an order failed; `guilty` unless another order of the same worker brought it down."""

    reason: str
    guilty: bool = True


@dataclass
class _Worker:
    """A running worker; `log` holds what it printed."""

    process: subprocess.Popen[bytes]
    connection: Connection[Any, Any]
    log: IO[bytes]

    def kill(self) -> int:
        """Returns its exit code; if it has died by itself, that is the code of its own death."""
        self.connection.close()
        try:
            code = self.process.wait(0.2)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        self.log.close()
        return code


class Pool:
    """Workers; the last one is a spare for suspects, which is started when it is needed.

    Args:
        environment: which environment.
        layout: sizes of the shared memory.

    Attributes:
        shared: the shared memory; whoever gives orders writes the actions before.
        description: what the environment says of itself.
        epochs: per worker, how often it has been replaced.

    Raises:
        EnvironmentFailedError: the environment cannot be made.
    """

    def __init__(self, environment: Environment, layout: Layout) -> None:
        self._environment, self._layout = environment, layout
        self._descriptor = anonymous_file(layout.bytes)
        self.shared = Shared.over(self._descriptor, layout)
        self.epochs: Int64[Array, " workers"] = np.zeros(layout.workers, np.int64)
        self._workers: list[_Worker | None] = [None] * layout.workers
        self.close = weakref.finalize(self, _close, self._workers, self._descriptor)
        try:
            ordinary = range(layout.workers - 1)
            for index in ordinary:
                self._workers[index] = self._launch(index)
            self.description, *_ = [self._welcome(index) for index in ordinary]
        except BaseException:
            self.close()
            raise

    @property
    def processes(self) -> list[int]:
        """Ids of the running workers."""
        return [worker.process.pid for worker in self._workers if worker is not None]

    def run(self, orders: Sequence[Order]) -> dict[int, Failure]:
        """Have orders obeyed, those of different workers side by side.

        Returns:
            By slot, why its order failed; where a worker died, all of its orders did.
        """
        shares: dict[int, list[Order]] = {}
        for order in orders:
            shares.setdefault(order.slot % self._layout.workers, []).append(order)
        try:
            return self._run(shares)
        except BaseException:  # an answer that nobody has read would be taken for the next one
            for index in shares:
                self._drop(index)
            raise

    def _run(self, shares: dict[int, list[Order]]) -> dict[int, Failure]:
        failed: dict[int, Failure] = {}
        for index, share in shares.items():
            if not self._send(index, share):
                self._drop(index)
                failed |= {order.slot: Failure("its worker had died", guilty=False) for order in share}
        busy = {index: share for index, share in shares.items() if share[0].slot not in failed}
        while busy:
            for index in self._ready(busy):
                answers = self._receive(index)
                share = busy.pop(index)
                if answers is None:
                    failed |= self._mourn(index, share)
                else:
                    failed |= {answer.slot: Failure(answer.error) for answer in answers if answer.error}
        return failed

    def _send(self, index: int, share: list[Order]) -> bool:
        """Give a worker its orders; one that died while it was idle is replaced first, since nobody's order did it."""
        for _ in range(2):
            worker = self._workers[index]
            if worker is None:
                worker = self._workers[index] = self._launch(index)
                self._welcome(index)
            try:
                if worker.process.poll() is None:
                    worker.connection.send(share)
                    return True
            except OSError:
                pass
            if any(order.seed is None for order in share):
                return False  # its environments are gone, and with them where these orders would go on
            self._drop(index)
        return False

    def _ready(self, busy: dict[int, list[Order]]) -> list[int]:
        """Workers that have answered or died; those that stay where they are too long are killed."""
        connections = {self._at(index).connection: index for index in busy}
        before = self.shared.beats[list(busy), 2].copy()
        heard = wait(list(connections), self._environment.time_limit_s + _GRACE_S)
        if not heard:
            stuck = self.shared.beats[list(busy), 2] == before
            for index, still in zip(list(busy), stuck, strict=True):
                if still:
                    os.kill(self._at(index).process.pid, signal.SIGKILL)
        return [connections[item] for item in heard if isinstance(item, Connection)]

    def _receive(self, index: int) -> list[Answer] | None:
        try:
            answers: list[Answer] = self._at(index).connection.recv()
            return answers
        except (EOFError, OSError):
            return None

    def _mourn(self, index: int, share: list[Order]) -> dict[int, Failure]:
        """Replace a worker that has died, and say of what."""
        slot, step, _ = self.shared.beats[index].tolist()
        code = self._drop(index)
        reason = f"{_reason(code, self._environment.time_limit_s)} in {'its reset' if step < 0 else f'step {step}'}"
        return {order.slot: Failure(reason, guilty=order.slot == slot) for order in share}

    def _drop(self, index: int) -> int:
        worker = self._workers[index]
        self._workers[index] = None
        self.epochs[index] += 1
        return worker.kill() if worker is not None else 0

    def _launch(self, index: int) -> _Worker:
        ours, theirs = Pipe()
        log = tempfile.TemporaryFile()  # noqa: SIM115 (closed with the worker)
        descriptors = (theirs.fileno(), self._descriptor)
        command = [sys.executable, "-m", "tasks.engines.gymnasium_worker", *map(str, descriptors), str(index)]
        path = os.pathsep.join(entry for entry in sys.path if entry)
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=_QUIET | dict(os.environ) | {"PYTHONPATH": path},
            pass_fds=descriptors,
            start_new_session=True,  # an interrupt from the keyboard is the pool's to handle
        )
        theirs.close()
        ours.send((self._environment, self._layout))
        return _Worker(process, ours, log)

    def _welcome(self, index: int) -> Description:
        """Wait until a worker has made its first environment. Raises EnvironmentFailedError if it cannot."""
        worker = self._at(index)
        said: Any = None
        try:
            if wait([worker.connection], self._environment.start_limit_s + _GRACE_S):
                said = worker.connection.recv()
        except (EOFError, OSError):
            pass
        if isinstance(said, Description):
            return said
        last = _last_line(worker.log)
        code = self._drop(index)
        reason = _reason(code, self._environment.start_limit_s)
        raise EnvironmentFailedError(said or f"{reason} before its first reset{last and f': {last}'}")

    def _at(self, index: int) -> _Worker:
        worker = self._workers[index]
        assert worker is not None, "a worker that is asked is running"
        return worker


def _reason(code: int, limit_s: float) -> str:
    """What an exit code says; nothing in it differs from one run to the next."""
    if code == -signal.SIGALRM:
        return f"took longer than {limit_s:g} s"
    return f"process died of {signal.Signals(-code).name}" if code < 0 else f"process ended with exit code {code}"


def _last_line(log: IO[bytes]) -> str:
    log.seek(0)
    return (log.read().decode(errors="replace").strip().splitlines() or [""])[-1]


def _close(workers: list[_Worker | None], descriptor: int) -> None:
    """Kill what runs; a worker keeps nothing that would have to be saved."""
    for index, worker in enumerate(workers):
        if worker is not None:
            worker.process.kill()
            worker.kill()
            workers[index] = None
    os.close(descriptor)
