"""State rows of an environment that keeps its state to itself, and which slot of a pool can go on from one.

A row says how its moment is reached, and what was seen there: (seed, step, record, all actions so far). So it is whole:
any process can reach the moment by a reset with the seed and the actions, and the same request gives the same bits.
Actions are float32 and lie in pairs in the row's float64 numbers, zero from the row's step on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64, Int64

from harness.contract.fields import Array
from tasks.engines.gymnasium_memory import HEAD, Layout

__all__ = ["Path", "Rows", "Table", "observations"]

_SEED, _STEP, _FIXED = 0, 1, 2
_STALE = 4
"""Calls of `reset` after which an episode that was not touched is over: a lane that runs is touched in every round."""


@dataclass(frozen=True)
class Path:
    """How a moment is reached: a reset with the seed, then the actions."""

    seed: int
    actions: Float32[Array, "steps action"]


def observations(rows: Float64[Array, "... state"], width: int) -> Float64[Array, "... observation"]:
    """What was seen, as the environment gave it, flat: a view into the rows."""
    return rows[..., _FIXED + HEAD : _FIXED + HEAD + width]


class Rows:
    """Reads and writes state rows.

    Args:
        layout: of the memory that records come from.
        observation: components of the flat observation.
    """

    def __init__(self, layout: Layout, observation: int) -> None:
        self._layout = layout
        self._observation = observation
        self._recorded = slice(_FIXED, _FIXED + layout.record)
        self._pairs = -(-layout.horizon * layout.action // 2)

    @property
    def width(self) -> int:
        """Numbers in a row."""
        return self._recorded.stop + self._pairs

    def observations(self, rows: Float64[Array, "... state"]) -> Float64[Array, "... observation"]:
        """What was seen: a view into the rows."""
        return observations(rows, self._observation)

    def records(self, rows: Float64[Array, "... state"]) -> Float64[Array, "... record"]:
        """What was recorded: a view into the rows."""
        return rows[..., self._recorded]

    def steps(self, rows: Float64[Array, "lanes state"]) -> Int64[Array, " lanes"]:
        """Control steps since the reset; 0 for a row that is not finite."""
        return np.nan_to_num(rows[:, _STEP]).astype(np.int64)

    def path(self, row: Float64[Array, " state"], further: Float32[Array, "n action"]) -> Path:
        """The way to the row's moment, and on from there."""
        step = int(row[_STEP])
        past = np.ascontiguousarray(row[self._recorded.stop :]).view(np.float32)
        taken = past[: step * self._layout.action].reshape(step, self._layout.action)
        return Path(int(row[_SEED]), np.concatenate([taken, further]))

    def write(self, path: Path, first: int, records: Float64[Array, "n record"]) -> Float64[Array, "n state"]:
        """Rows of the moments on a path from moment `first` on."""
        count = len(records)
        rows = np.zeros((count, self.width))
        rows[:, _SEED], rows[:, _STEP] = path.seed, np.arange(first, first + count)
        self.records(rows)[:] = records
        past = np.zeros((count, 2 * self._pairs), np.float32)
        for row, step in enumerate(range(first, first + count)):
            past[row, : step * self._layout.action] = path.actions[:step].ravel()
        rows[:, self._recorded.stop :] = past.view(np.float64)
        return rows


class Table:
    """Which slot of the pool holds which episode, as far as it was stepped. It decides the speed, never a result.

    Args:
        layout: of the shared memory.
        actions: the shared actions of the slots.
    """

    def __init__(self, layout: Layout, actions: Float32[Array, "slots steps action"]) -> None:
        self._workers, self._actions = layout.workers, actions
        self.length: Int64[Array, " slots"] = np.full(layout.slots, -1, np.int64)
        self._seed: Int64[Array, " slots"] = np.full(layout.slots, -1, np.int64)
        self._touched: Int64[Array, " slots"] = np.full(layout.slots, -1, np.int64)
        self._spare = np.arange(layout.slots) % layout.workers == layout.workers - 1
        self._resets = 0

    def count_reset(self) -> None:
        """Called when episodes begin, so that others have ended."""
        self._resets += 1

    def find(self, path: Path, taken: set[int]) -> int | None:
        """A slot, not taken yet, whose episode is on the path or has followed it already."""
        for slot in np.flatnonzero((self._seed == path.seed) & (self.length >= 0)).tolist():
            common = min(int(self.length[slot]), len(path.actions))
            if slot not in taken and self._actions[slot, :common].tobytes() == path.actions[:common].tobytes():
                self._touched[slot] = self._resets
                return int(slot)
        return None

    def claim(self, path: Path, taken: set[int], *, spare: bool) -> int:
        """A slot for another episode: one that is over, else a new one, else the one not touched for longest."""
        free = self._spare == spare
        free[list(taken)] = False
        candidates = np.flatnonzero(free)
        over = candidates[(self._touched[candidates] >= 0) & (self._touched[candidates] <= self._resets - _STALE)]
        fresh = candidates[self._touched[candidates] < 0]
        choice = over if len(over) else fresh if len(fresh) else candidates
        slot = int(choice[np.argmin(self._touched[choice])])
        self._seed[slot], self.length[slot], self._touched[slot] = path.seed, -1, self._resets
        return slot

    def forget(self, worker: int) -> None:
        """A worker was replaced."""
        self.length[worker :: self._workers] = -1
