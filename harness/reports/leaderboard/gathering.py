"""The light columns of artifacts of one panel as arrays: who met which world, and what came of it.

Nothing here walks over rows in Python, so that a million of them take seconds. Probes are left out (law 7).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Bool, Float64, Int8, Int64

from harness.artifact.reader import Artifact
from harness.contract.fields import Array
from harness.errors import ArtifactError
from harness.evidence.company import EXPERT
from harness.manifest.documents import NOMINAL
from harness.reports.pairing import Entrant, Rows, enter, file_names, outcomes, same_panel
from harness.reports.timing import COLUMNS
from harness.reports.worlds import ERROR, FAILURE, SUCCESS, Scope, Worlds, codes

__all__ = ["Actor", "Field", "gather"]

_NAMES = ("purpose", "policy", "method", "training_seed", "task", "split", "condition", "scene", "replicate")
_OTHERS = ("episode", "success", "success_step", "failure_category", "cause", "token_reconstruction_error", *COLUMNS)
_RECOVERY = "recovery"


@dataclass(frozen=True)
class Actor:
    """A policy or a control in one artifact.

    Attributes:
        name: its label, with the artifact's name in front where two artifacts hold the same label.
        label: as in the column `policy`.
        artifact: index of its file.
        colour: index of its method's colour; controls have none.
    """

    name: str
    label: str
    method: str
    seed: int | None
    artifact: int
    control: bool
    colour: int | None


@dataclass(frozen=True, eq=False)
class Field:
    """Everything that was evaluated.

    Attributes:
        files: what the artifacts are called.
        actors: policies first, then controls, each in order of appearance.
        tasks: task/split, sorted.
        conditions: `nominal` first.
        place: of the conditions of `worlds` among `conditions`.
        actor, world, outcome: of every row.
        table: the other light columns of the same rows.
        probes: how many probe rows there are beside.
    """

    artifacts: tuple[Artifact, ...]
    files: tuple[str, ...]
    actors: tuple[Actor, ...]
    tasks: tuple[str, ...]
    conditions: tuple[str, ...]
    place: Int64[Array, " conditions"]
    worlds: Worlds
    actor: Int64[Array, " rows"]
    world: Int64[Array, " rows"]
    outcome: Int8[Array, " rows"]
    table: pa.Table
    probes: int

    @property
    def policies(self) -> tuple[Actor, ...]:
        """The actors that are ranked."""
        return tuple(actor for actor in self.actors if not actor.control)

    @cached_property
    def entrants(self) -> tuple[Entrant, ...]:
        """The policies, ready to be paired.

        Raises:
            ArtifactError: one met a world twice.
        """
        read = Rows(self.worlds, self.world, self.outcome, self.table["episode"])
        found = []
        for index, actor in enumerate(self.policies):
            path, file = self.artifacts[actor.artifact].path, self.files[actor.artifact]
            nobody = Entrant(actor.name, actor.label, actor.method, actor.seed, path, {}, {}, file)
            found.append(enter(nobody, read, np.flatnonzero(self.actor == index)))
        return tuple(found)

    @property
    def experts(self) -> tuple[Actor, ...]:
        """The expert, once in every file in which it acted."""
        return tuple(actor for actor in self.actors if actor.label == EXPERT)

    @cached_property
    def methods(self) -> tuple[str, ...]:
        """Of the policies, in order of appearance."""
        return tuple(dict.fromkeys(actor.method for actor in self.policies))

    @cached_property
    def task(self) -> Int64[Array, " rows"]:
        """Which of `tasks`."""
        return self.worlds.task[self.world]

    @cached_property
    def condition(self) -> Int64[Array, " rows"]:
        """Which of `conditions`."""
        found: Array = self.place[self.worlds.condition[self.world]]
        return found

    @property
    def shape(self) -> tuple[int, int, int]:
        """Of a table by actor, task and condition."""
        return len(self.actors), len(self.tasks), len(self.conditions)

    @cached_property
    def cell(self) -> Int64[Array, " rows"]:
        """Number of the cell (actor, task, condition) of every row."""
        _, tasks, conditions = self.shape
        return (self.actor * tasks + self.task) * conditions + self.condition

    def count(self, kind: Array, kinds: int, rows: Array | None = None) -> Int64[Array, "actors tasks conditions n"]:
        """Rows by cell and kind.

        Args:
            kind: of the rows, in [0, kinds).
            kinds: how many there are.
            rows: mask of the rows that are counted; all if None.
        """
        cells = self.cell * kinds + kind
        counts = np.bincount(cells if rows is None else cells[rows], minlength=int(np.prod(self.shape)) * kinds)
        return counts.reshape(*self.shape, kinds)

    def total(self, values: Float64[Array, " rows"]) -> Float64[Array, "actors tasks conditions"]:
        """Sum by cell; NaN counts as 0."""
        weights = np.nan_to_num(values)
        sums = np.bincount(self.cell, weights=weights, minlength=int(np.prod(self.shape)))
        return sums.reshape(self.shape)

    @cached_property
    def outcomes(self) -> Int64[Array, "actors tasks conditions 3"]:
        """Failures, successes and errors by cell."""
        return self.count(self.outcome.astype(np.int64), 3)

    def numbers(self, name: str) -> Float64[Array, " rows"]:
        """A numeric column of all rows; null is NaN."""
        found: Array = self.table[name].cast(pa.float64()).to_numpy()
        return found

    def codes(self, name: str) -> tuple[Int64[Array, " rows"], list[str | None]]:
        """A column of texts as numbers, and the texts they stand for, in order of appearance."""
        return codes(self.table[name].cast(pa.string()))

    def inside(self, scope: Scope) -> tuple[slice | int, slice | int]:
        """Where a part of the panel lies in the last axes of a table by task and condition."""
        task = slice(None) if scope.task is None else self.tasks.index(scope.task)
        condition = slice(None) if scope.condition is None else self.conditions.index(scope.condition)
        return task, condition

    @cached_property
    def expert(self) -> Int64[Array, "tasks conditions 3"]:
        """Failures, successes and errors of the expert; all 0 where it did not act."""
        own = [self.actors.index(actor) for actor in self.experts]
        found: Array = self.outcomes[own].sum(axis=0)
        return found

    @cached_property
    def unsolved(self) -> Bool[Array, "tasks conditions"]:
        """Cells in which the expert fails more often than it succeeds: nobody is ranked on them."""
        found: Array = self.expert[..., FAILURE] > self.expert[..., SUCCESS]
        return found

    @property
    def errors(self) -> int:
        """Episodes that ended in an error."""
        return int((self.outcome == ERROR).sum())


def gather(artifacts: Sequence[Artifact]) -> Field:
    """Read artifacts of one panel.

    Raises:
        PanelMismatchError: the panels differ.
        ArtifactError: there is no episode.
    """
    same_panel(artifacts)
    names = file_names(artifacts)
    parts = [_rows(artifact, index) for index, artifact in enumerate(artifacts)]
    table = pa.concat_tables([_without_probes(part) for part in parts])
    if not table.num_rows:
        raise ArtifactError(f"artifact {artifacts[0].path}", expected="episodes", got="none")
    actor, actors = _actors(table, names)
    worlds, world = Worlds.read(table)
    conditions = tuple(sorted(worlds.conditions, key=lambda name: (name != NOMINAL, name)))
    return Field(
        artifacts=tuple(artifacts),
        files=tuple(names),
        actors=actors,
        tasks=tuple("/".join(pair) for pair in worlds.tasks),
        conditions=conditions,
        place=np.array([conditions.index(name) for name in worlds.conditions], np.int64),
        worlds=worlds,
        actor=actor,
        world=world,
        outcome=outcomes(table["success"]),
        table=table.select([*_OTHERS, _RECOVERY]),
        probes=sum(part.num_rows for part in parts) - table.num_rows,
    )


def _rows(artifact: Artifact, index: int) -> pa.Table:
    table = artifact.columns(*_NAMES, *_OTHERS, _RECOVERY)
    return table.append_column("artifact", pa.array(np.full(table.num_rows, index)))


def _without_probes(table: pa.Table) -> pa.Table:
    probes = pc.equal(table["purpose"], "probe")
    return table.filter(pc.invert(probes)) if pc.any(probes).as_py() else table


def _actors(table: pa.Table, files: Sequence[str]) -> tuple[Int64[Array, " rows"], tuple[Actor, ...]]:
    """The actor of every row, and the actors: policies first."""
    label, labels = codes(table["policy"])
    file = table["artifact"].to_numpy()
    _, first, inverse = np.unique(file * len(labels) + label, return_index=True, return_inverse=True)
    found = table.select(["policy", "method", "training_seed", "purpose", "artifact"]).take(pa.array(first)).to_pylist()
    order = sorted(range(len(found)), key=lambda index: (found[index]["purpose"] == "control", first[index]))
    often = Counter(item["policy"] for item in found)
    methods = list(dict.fromkeys(str(found[index]["method"]) for index in order))
    actors = tuple(_actor(found[index], often, methods, files) for index in order)
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    return place[inverse], actors


def _actor(entry: dict[str, object], often: Counter[object], methods: list[str], files: Sequence[str]) -> Actor:
    label, control = str(entry["policy"]), entry["purpose"] == "control"
    artifact, seed = int(str(entry["artifact"])), entry["training_seed"]
    return Actor(
        name=f"{files[artifact]}:{label}" if often[label] > 1 else label,
        label=label,
        method=str(entry["method"]),
        seed=None if seed is None else int(str(seed)),
        artifact=artifact,
        control=control,
        colour=None if control else methods.index(str(entry["method"])),
    )
