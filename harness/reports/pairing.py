"""Who met which world, and what came of it: episodes of artifacts of one panel, ready to be paired by world."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Bool, Float64, Int8, Int64

from harness.artifact.reader import Artifact
from harness.contract.fields import Array
from harness.errors import ArtifactError, PanelMismatchError, UnknownIdError
from harness.manifest.panel import first_difference
from harness.reports.worlds import (
    ABSENT,
    ERROR,
    FAILURE,
    SUCCESS,
    Met,
    Named,
    Scope,
    World,
    Worlds,
    codes,
    union,
)
from harness.seeding import generator

__all__ = [
    "Entrant",
    "Flip",
    "Pairs",
    "Rows",
    "Scope",
    "World",
    "enter",
    "entrants",
    "file_names",
    "flips",
    "leave_out",
    "outcomes",
    "pair",
    "same_panel",
]

FEW_SCENES, BLOCKS = 1024, 128
"""Scenes up to which each is resampled by itself, and blocks into which more of them are dealt."""
_WORLD = ("task", "split", "condition", "scene", "replicate")


@dataclass(frozen=True)
class Entrant:
    """One policy in one artifact.

    Attributes:
        name: its label, with the artifact's name in front where two artifacts hold the same label.
        label: as in the column `policy`.
        outcomes: success by world; None for an error, which is not scored (law 8).
        ids: episode by world.
        file: what its artifact is called beside the others.
    """

    name: str
    label: str
    method: str
    training_seed: int | None
    path: Path
    outcomes: Mapping[World, bool | None]
    ids: Mapping[World, str]
    file: str = ""


@dataclass(frozen=True, eq=False)
class Pairs:
    """Worlds that two entrants both met and in which both were scored.

    Attributes:
        known: worlds, of which those of the pairs are at `index`.
        missing: worlds that only one of the two met.
        unscored: worlds in which one of the two ended in an error.
    """

    known: Worlds
    index: Int64[Array, " pairs"]
    first: Bool[Array, " pairs"]
    second: Bool[Array, " pairs"]
    missing: int
    unscored: int

    def __len__(self) -> int:
        return len(self.index)

    @property
    def worlds(self) -> tuple[World, ...]:
        """One by one. Slow where there are many."""
        return tuple(self.known[index] for index in self.index)

    @cached_property
    def cluster(self) -> Int64[Array, " pairs"]:
        """Number of the scene of each pair; a scene is what conditions and replicates share."""
        scene = self.known.cluster[self.index]
        found: Array = (np.cumsum(np.bincount(scene) > 0) - 1)[scene]
        return found

    @property
    def differences(self) -> Float64[Array, " pairs"]:
        """First minus second: 1, 0 or -1."""
        return self.first.astype(np.float64) - self.second.astype(np.float64)

    @property
    def scenes(self) -> int:
        """How many different scenes there are."""
        return int(self.cluster.max(initial=-1)) + 1

    def blocks(self, seed: int) -> Int64[Array, " pairs"]:
        """What is exchanged and resampled: scenes, or, where there are thousands, blocks of scenes drawn at random.

        Where exchanging two policies within a scene changes nothing, exchanging them within a block does not either,
        so a test over blocks is valid; with that many of them it loses next to no power.
        """
        if self.scenes <= FEW_SCENES:
            return self.cluster
        dealt = generator("reports/blocks", seed).permutation(self.scenes) % BLOCKS
        found: Array = dealt[self.cluster]
        return found

    @cached_property
    def independent(self) -> bool:
        """Whether all pairs are of one task, condition and replicate, so that no scene can occur twice."""
        columns = (self.known.task, self.known.condition, self.known.replicate)
        return all(bool((column[self.index] == column[self.index[:1]]).all()) for column in columns)


def same_panel(artifacts: Sequence[Artifact]) -> None:
    """Law 1.

    Raises:
        PanelMismatchError: naming the first field that differs.
    """
    first, *others = artifacts
    for other in others:
        mine, theirs = first.metadata["manifest"], other.metadata["manifest"]
        if mine["panel_id"] != theirs["panel_id"]:
            raise PanelMismatchError(
                f"{first.path} and {other.path}",
                expected="results of the same panel",
                got=first_difference(mine["panel"], theirs["panel"]) or "other panel ids over equal documents",
                fix="evaluate both under one manifest; there is no way round",
            )


def leave_out(entrant: Entrant, parts: Sequence[Scope]) -> Entrant:
    """As if it had not met these parts of the panel."""
    met = Met.of(entrant.outcomes)
    outcome = met.outcome.copy()
    for part in parts:
        outcome[met.worlds.within(part)] = ABSENT
    return replace(entrant, outcomes=Met(met.worlds, outcome))


def entrants(
    artifacts: Sequence[Artifact], policies: Sequence[str] = (), *, controls: bool = False
) -> tuple[Entrant, ...]:
    """The policies of artifacts of one panel, in the order of their files.

    Args:
        artifacts: of the same panel.
        policies: labels, or names with an artifact's in front, to keep; all if empty.
        controls: whether controls take part.

    Raises:
        PanelMismatchError: the panels differ.
        UnknownIdError: no policy has that name.
        ArtifactError: a policy meets the same world twice in one file.
    """
    same_panel(artifacts)
    names = file_names(artifacts)
    found = [
        entrant
        for artifact, name in zip(artifacts, names, strict=True)
        for entrant in _of(artifact, name, controls=controls or bool(policies))
    ]
    labels = Counter(entrant.label for entrant in found)
    told = [entrant if labels[entrant.label] > 1 else replace(entrant, name=entrant.label) for entrant in found]
    for wanted in policies:
        if not any(wanted in (entrant.name, entrant.label) for entrant in told):
            raise UnknownIdError.of("policy", wanted, [entrant.name for entrant in told])
    return tuple(entrant for entrant in told if not policies or {entrant.name, entrant.label} & set(policies))


def file_names(artifacts: Sequence[Artifact]) -> list[str]:
    """Stems; with the folder in front where stems repeat, and numbered where these do, too."""
    stems = [artifact.path.stem for artifact in artifacts]
    names = [
        f"{artifact.path.absolute().parent.name}/{stem}" if stems.count(stem) > 1 else stem
        for artifact, stem in zip(artifacts, stems, strict=True)
    ]
    return [
        f"{name}#{names[: index + 1].count(name)}" if names.count(name) > 1 else name
        for index, name in enumerate(names)
    ]


def _of(artifact: Artifact, file: str, *, controls: bool) -> list[Entrant]:
    names = ("purpose", "policy", "method", "training_seed", "episode", "success", *_WORLD)
    table = artifact.columns(*names)
    kept = pa.array(["panel", "control"] if controls else ["panel"])
    table = table.filter(pc.is_in(table["purpose"].cast(pa.string()), kept))
    read = Rows(*Worlds.read(table), outcomes(table["success"]), table["episode"])
    actor, labels = codes(table["policy"])
    found = []
    for number in range(len(labels)):
        own = np.flatnonzero(actor == number)
        [entry] = table.select(["policy", "method", "training_seed"]).slice(own[0], 1).to_pylist()
        label, method, seed = entry.values()
        nobody = Entrant(f"{file}:{label}", label, method, seed, artifact.path, {}, {}, file)
        found.append(enter(nobody, read, own))
    return found


@dataclass(frozen=True, eq=False)
class Rows:
    """What rows of artifacts say of worlds: which one of `worlds` each met, and what came of it."""

    worlds: Worlds
    world: Int64[Array, " rows"]
    outcome: Int8[Array, " rows"]
    episodes: pa.ChunkedArray


def enter(entrant: Entrant, read: Rows, own: Int64[Array, " own"]) -> Entrant:
    """An entrant with the outcomes of its own rows.

    Raises:
        ArtifactError: it met a world twice.
    """
    _once(entrant, read, own)
    worlds, world = read.worlds, read.world[own]
    met, row = np.full(len(worlds), ABSENT, np.int8), np.full(len(worlds), -1, np.int64)
    met[world], row[world] = read.outcome[own], own
    return replace(entrant, outcomes=Met(worlds, met), ids=Named(worlds, row, read.episodes))


def outcomes(success: pa.ChunkedArray) -> Int8[Array, " rows"]:
    """Of the column `success`. A file that went through pandas holds NaN where an error was."""
    told = success.cast(pa.float64()).to_numpy()
    return np.where(np.isnan(told), ERROR, np.where(told > 0, SUCCESS, FAILURE)).astype(np.int8)


def _once(entrant: Entrant, read: Rows, own: Int64[Array, " own"]) -> None:
    if np.bincount(read.world[own], minlength=1).max() <= 1:
        return
    order = own[np.argsort(read.world[own], kind="stable")]
    twice = np.flatnonzero(read.world[order[1:]] == read.world[order[:-1]])
    one, other = (int(order[twice[0] + k]) for k in (0, 1))
    raise ArtifactError(
        f"{entrant.label} on {read.worlds[int(read.world[one])]} in {entrant.path}",
        expected="one episode",
        got=f"two, {read.episodes[one]} and {read.episodes[other]}",
        fix="`samepanel audit` says what else is wrong with the file",
    )


def pair(first: Entrant, second: Entrant, scope: Scope) -> Pairs:
    """Pair two entrants' episodes of a part of the panel by their worlds."""
    one, other = Met.of(first.outcomes), Met.of(second.outcomes)
    worlds, mine, theirs = one.worlds, one.outcome, other.outcome
    if not worlds.same(other.worlds):
        worlds, own, others = union(one.worlds, other.worlds)
        mine, theirs = one.among(worlds, own), other.among(worlds, others)
    inside = worlds.within(scope)
    met = ((mine != ABSENT) & inside, (theirs != ABSENT) & inside)
    both = met[0] & met[1]
    scored = np.flatnonzero(both & (mine != ERROR) & (theirs != ERROR))
    return Pairs(
        known=worlds,
        index=scored,
        first=mine[scored] == SUCCESS,
        second=theirs[scored] == SUCCESS,
        missing=int((met[0] ^ met[1]).sum()),
        unscored=int(both.sum()) - len(scored),
    )


@dataclass(frozen=True)
class Flip:
    """An episode that ended otherwise than the same policy's in the baseline; `was` and `now` are successes."""

    label: str
    world: World
    was: bool
    now: bool
    path: Path
    episode: str

    @property
    def command(self) -> str:
        """What acts it out again, to be pasted into a shell."""
        return f"samepanel replay {shlex.quote(str(self.path))} {self.episode}"


def flips(before: Sequence[Entrant], now: Sequence[Entrant]) -> list[Flip]:
    """Episodes of policies of the same label that ended otherwise, those that fail now first."""
    old = {entrant.label: entrant for entrant in before}
    found = []
    for entrant in now:
        if entrant.label in old:
            pairs = pair(entrant, old[entrant.label], Scope())
            for number in np.flatnonzero(pairs.first != pairs.second):
                world, now_ = pairs.known[pairs.index[number]], bool(pairs.first[number])
                found.append(Flip(entrant.label, world, not now_, now_, entrant.path, entrant.ids[world]))
    return sorted(found, key=lambda item: (item.now, item.label, item.world))
