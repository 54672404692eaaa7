"""What episodes meet, whoever acts: worlds as columns.

A million episodes are paired without a walk in Python; what is asked for one by one is made on demand.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Bool, Int8, Int64

from harness.contract.fields import Array

__all__ = ["ABSENT", "ERROR", "FAILURE", "SUCCESS", "Met", "Named", "Scope", "World", "Worlds", "codes", "union"]

FAILURE, SUCCESS, ERROR, ABSENT = 0, 1, 2, -1
"""What came of a world; ABSENT where it was not met."""
_TOLD: dict[int, bool | None] = {FAILURE: False, SUCCESS: True, ERROR: None}


@dataclass(frozen=True, order=True)
class World:
    """What an episode meets, whoever acts."""

    task: str
    split: str
    condition: str
    scene: int
    replicate: int

    def __str__(self) -> str:
        return f"{self.task}/{self.split}, {self.condition}, scene {self.scene}, replicate {self.replicate}"


@dataclass(frozen=True)
class Scope:
    """A part of the panel; None stands for all of it. `task` is task/split."""

    task: str | None = None
    condition: str | None = None

    def __contains__(self, world: World) -> bool:
        task = f"{world.task}/{world.split}"
        return self.task in (None, task) and self.condition in (None, world.condition)

    def __str__(self) -> str:
        return ", ".join(part for part in (self.task, self.condition) if part) or "overall"


@dataclass(frozen=True, eq=False)
class Worlds:
    """Different worlds, in order. `task` and `condition` point into the names.

    Attributes:
        tasks: (task, split), sorted.
        conditions: sorted.
    """

    tasks: tuple[tuple[str, str], ...]
    conditions: tuple[str, ...]
    task: Int64[Array, " worlds"]
    condition: Int64[Array, " worlds"]
    scene: Int64[Array, " worlds"]
    replicate: Int64[Array, " worlds"]

    def __len__(self) -> int:
        return len(self.task)

    def __getitem__(self, index: int) -> World:
        task, split = self.tasks[self.task[index]]
        condition = self.conditions[self.condition[index]]
        return World(task, split, condition, int(self.scene[index]), int(self.replicate[index]))

    @cached_property
    def each(self) -> tuple[World, ...]:
        """One by one. Slow where there are many."""
        return tuple(self[index] for index in range(len(self)))

    @cached_property
    def place(self) -> dict[World, int]:
        """Where each is. Slow where there are many."""
        return {world: index for index, world in enumerate(self.each)}

    @cached_property
    def cluster(self) -> Int64[Array, " worlds"]:
        """A number for each scene, which conditions and replicates share."""
        return self.task * (int(self.scene.max(initial=0)) + 1) + self.scene

    def within(self, scope: Scope) -> Bool[Array, " worlds"]:
        """Which of them lie in a part of the panel."""
        inside = np.ones(len(self), bool)
        if scope.task is not None:
            inside &= np.isin(self.task, [i for i, item in enumerate(self.tasks) if "/".join(item) == scope.task])
        if scope.condition is not None:
            inside &= np.isin(self.condition, [i for i, item in enumerate(self.conditions) if item == scope.condition])
        return inside

    def same(self, other: Worlds) -> bool:
        """Whether the other holds the same worlds, in the same order."""
        names = (self.tasks, self.conditions) == (other.tasks, other.conditions)
        columns = ("task", "condition", "scene", "replicate")
        return self is other or (names and all(np.array_equal(getattr(self, n), getattr(other, n)) for n in columns))

    @classmethod
    def of(cls, worlds: Sequence[World]) -> tuple[Worlds, Int64[Array, " rows"]]:
        """The different ones among some, in order, and which of them each one is."""
        tasks = sorted({(world.task, world.split) for world in worlds})
        conditions = sorted({world.condition for world in worlds})
        numbers = [
            (tasks.index((w.task, w.split)), conditions.index(w.condition), w.scene, w.replicate) for w in worlds
        ]
        return _distinct(tuple(tasks), tuple(conditions), np.array(numbers, np.int64).reshape(-1, 4).T)

    @classmethod
    def read(cls, table: pa.Table) -> tuple[Worlds, Int64[Array, " rows"]]:
        """The different worlds of rows of an artifact, in order, and which of them each row met."""
        task, tasks = codes(
            pc.binary_join_element_wise(*(table[name].cast(pa.string()) for name in ("task", "split")), "\0")
        )
        condition, conditions = codes(table["condition"].cast(pa.string()))
        pairs = [tuple(str(name).split("\0")) for name in tasks]
        known = sorted(pairs)
        names = sorted(str(name) for name in conditions)
        columns = np.stack(
            [
                np.array([known.index(pair) for pair in pairs], np.int64)[task],
                np.array([names.index(str(name)) for name in conditions], np.int64)[condition],
                *(table[name].to_numpy().astype(np.int64) for name in ("scene", "replicate")),
            ]
        )
        return _distinct(tuple((pair[0], pair[1]) for pair in known), tuple(names), columns)


def _distinct(
    tasks: tuple[tuple[str, str], ...], conditions: tuple[str, ...], columns: Int64[Array, "4 rows"]
) -> tuple[Worlds, Int64[Array, " rows"]]:
    sizes = tuple(int(column.max(initial=0)) + 1 for column in columns)
    keys, index = np.unique(np.ravel_multi_index(tuple(columns), sizes), return_inverse=True)
    task, condition, scene, replicate = np.stack(np.unravel_index(keys, sizes)).astype(np.int64)
    return Worlds(tasks, conditions, task, condition, scene, replicate), index


def union(first: Worlds, second: Worlds) -> tuple[Worlds, Int64[Array, " first"], Int64[Array, " second"]]:
    """The worlds of both, and where those of each of the two are among them."""
    tasks = sorted({*first.tasks, *second.tasks})
    conditions = sorted({*first.conditions, *second.conditions})
    columns = [
        np.stack(
            [
                np.array([tasks.index(name) for name in one.tasks], np.int64)[one.task],
                np.array([conditions.index(name) for name in one.conditions], np.int64)[one.condition],
                one.scene,
                one.replicate,
            ]
        )
        for one in (first, second)
    ]
    worlds, index = _distinct(tuple(tasks), tuple(conditions), np.concatenate(columns, axis=1))
    return worlds, index[: len(first)], index[len(first) :]


def codes(column: pa.ChunkedArray) -> tuple[Int64[Array, " rows"], list[str | None]]:
    """A column of texts as numbers, and the texts they stand for, in order of appearance."""
    if not len(column):
        return np.zeros(0, np.int64), []
    encoded = pa.chunked_array(column).combine_chunks().dictionary_encode("encode")
    return encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64), encoded.dictionary.to_pylist()


@dataclass(frozen=True, eq=False)
class Met(Mapping[World, "bool | None"]):
    """What one actor met and what came of it; reads like a dict of success by world, None for an error."""

    worlds: Worlds
    outcome: Int8[Array, " worlds"]

    def __getitem__(self, world: World) -> bool | None:
        return _TOLD[int(self.outcome[self.worlds.place[world]])]

    def __iter__(self) -> Iterator[World]:
        return (self.worlds.each[index] for index in np.flatnonzero(self.outcome != ABSENT))

    def __len__(self) -> int:
        return int((self.outcome != ABSENT).sum())

    @classmethod
    def of(cls, outcomes: Mapping[World, bool | None]) -> Met:
        """From a dict."""
        if isinstance(outcomes, Met):
            return outcomes
        worlds, index = Worlds.of(list(outcomes))
        told = {value: code for code, value in _TOLD.items()}
        outcome = np.full(len(worlds), ABSENT, np.int8)
        outcome[index] = [told[value] for value in outcomes.values()]
        return cls(worlds, outcome)

    def among(self, worlds: Worlds, index: Int64[Array, " own"]) -> Int8[Array, " worlds"]:
        """Outcomes of other worlds, of which its own are those at `index`."""
        found = np.full(len(worlds), ABSENT, np.int8)
        found[index] = self.outcome
        return found


@dataclass(frozen=True, eq=False)
class Named(Mapping[World, str]):
    """The episode in which one actor met a world; reads like a dict.

    Attributes:
        row: of every world, in `episodes`; -1 where it was not met.
    """

    worlds: Worlds
    row: Int64[Array, " worlds"]
    episodes: pa.ChunkedArray

    def __getitem__(self, world: World) -> str:
        name: str = self.episodes[int(self.row[self.worlds.place[world]])].as_py()
        return name

    def __iter__(self) -> Iterator[World]:
        return (self.worlds.each[index] for index in np.flatnonzero(self.row >= 0))

    def __len__(self) -> int:
        return int((self.row >= 0).sum())
