"""The process that environments live in: it takes orders, steps, and records what it sees in the shared memory.

    python -m tasks.engines.gymnasium_worker CONNECTION MEMORY INDEX

It ends when its pool does, since the connection closes then, and it is killed by an alarm of the kernel when a reset or
a step takes too long: a loop in C that never comes back to Python is stopped as well.
"""

from __future__ import annotations

import importlib
import signal
import sys
from multiprocessing.connection import Connection
from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Box
from gymnasium.spaces.utils import flatdim, flatten

from tasks.engines.gymnasium_memory import (
    ENDED,
    HEAD,
    REWARD,
    TERMINATED,
    TRUNCATED,
    Answer,
    Description,
    Environment,
    Layout,
    Order,
    Shared,
)

__all__ = ["Worker", "main"]


class Worker:
    """Environments of one kind, one a slot.

    Args:
        environment: which.
        shared: where moments are recorded.
        index: of this worker among those of its pool.
    """

    def __init__(self, environment: Environment, shared: Shared, index: int) -> None:
        self._environment, self._shared, self._beat = environment, shared, shared.beats[index]
        if environment.module:
            importlib.import_module(environment.module)
        self._spare: gymnasium.Env[Any, Any] | None = self._make()
        self._made: dict[int, gymnasium.Env[Any, Any]] = {}
        self._observed, self._acted = self._spare.observation_space, self._spare.action_space

    def describe(self) -> Description:
        """What the pool checks the contract against. Raises TypeError for actions that are no vector of numbers."""
        space, spec = self._acted, self._spare.spec if self._spare else None
        if not isinstance(space, Box):
            raise TypeError(f"its actions are {space}, and a contract needs a Box")
        low, high = (tuple(np.ravel(limit).astype(float).tolist()) for limit in (space.low, space.high))
        steps = spec.max_episode_steps if spec else None
        return Description(flatdim(self._observed), flatdim(space), low, high, steps)

    def obey(self, order: Order) -> Answer:
        """Reset and step as ordered. An environment that raises is dropped; the slot gets another one next time."""
        try:
            self._act(order)
            return Answer(order.slot, "")
        except Exception as error:  # an environment may raise anything
            self._made.pop(order.slot, None)
            what = "its reset" if self._beat[1] < 0 else f"step {self._beat[1]}"
            return Answer(order.slot, f"{type(error).__name__} in {what}: {error}")
        finally:
            _alarm(0)

    def _act(self, order: Order) -> None:
        env, records = self._env(order.slot), self._shared.records[order.slot]
        if order.seed is not None:
            self._arm(order.slot, -1)
            observation, info = env.reset(seed=order.seed)
            self._record(records[0], observation, (0.0, False, False), info)
        for step in range(order.first, order.last):
            if records[step, ENDED].any():
                records[step + 1] = records[step]
                continue
            self._arm(order.slot, step)
            action = self._shared.actions[order.slot, step].astype(self._acted.dtype).reshape(self._acted.shape)
            observation, reward, terminated, truncated, info = env.step(action)
            self._record(records[step + 1], observation, (float(reward), terminated, truncated), info)

    def _record(self, record: Any, observation: Any, head: tuple[float, bool, bool], info: dict[str, Any]) -> None:
        """The observation as it is; what signals are made of in single precision, which is theirs.

        The last bit of a double may be chance: gym_pusht's reward, an area from GEOS, differs in it now and then.
        """
        record[REWARD], record[TERMINATED], record[TRUNCATED] = np.float32(head[0]), head[1], head[2]
        seen: Any = observation if isinstance(self._observed, Box) else flatten(self._observed, observation)
        at = HEAD + np.size(seen)
        record[HEAD:at] = np.ravel(seen)
        for name, size in self._environment.info.items():
            if name not in info and self._beat[1] >= 0:
                raise KeyError(f"info has no {name!r}")
            record[at : at + size] = np.ravel(info.get(name, 0.0)).astype(np.float32)
            at += size

    def _arm(self, slot: int, step: int) -> None:
        """Say where it is, and be killed if it stays there."""
        self._beat[:] = slot, step, self._beat[2] + 1
        _alarm(self._environment.time_limit_s)

    def _env(self, slot: int) -> gymnasium.Env[Any, Any]:
        if slot not in self._made:
            self._made[slot], self._spare = self._spare or self._make(), None
        return self._made[slot]

    def _make(self) -> gymnasium.Env[Any, Any]:
        _alarm(self._environment.start_limit_s)
        env = gymnasium.make(self._environment.id, disable_env_checker=True, **self._environment.arguments)
        _alarm(0)
        return env


def _alarm(seconds: float) -> None:
    signal.setitimer(signal.ITIMER_REAL, seconds)


def main(arguments: list[str]) -> None:
    """Serve one pool until it hangs up."""
    connection, index = Connection(int(arguments[0])), int(arguments[2])
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    try:
        environment, layout = _told(connection)
        try:
            worker = Worker(environment, Shared.over(int(arguments[1]), layout), index)
            connection.send(worker.describe())
        except Exception as error:  # an environment may raise anything
            connection.send(f"{type(error).__name__}: {error}")
            return
        while True:
            orders: list[Order] = connection.recv()
            connection.send([worker.obey(order) for order in orders])
    except (EOFError, OSError):
        return


def _told(connection: Any) -> tuple[Environment, Layout]:
    environment, layout = connection.recv()
    return environment, layout


if __name__ == "__main__":
    main(sys.argv[1:])
