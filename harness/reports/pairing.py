"""Who met which world, and what came of it: episodes of artifacts of one panel, ready to be paired by world."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float64, Int64

from harness.artifact.reader import Artifact
from harness.contract.fields import Array
from harness.errors import ArtifactError, PanelMismatchError, UnknownIdError
from harness.manifest.panel import first_difference

__all__ = ["Entrant", "Flip", "Pairs", "Scope", "World", "entrants", "file_names", "flips", "pair", "same_panel"]

_WORLD = ("task", "split", "condition", "scene", "replicate")


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
    outcomes: dict[World, bool | None]
    ids: dict[World, str]
    file: str = ""


@dataclass(frozen=True)
class Pairs:
    """Worlds that two entrants both met and in which both were scored.

    Attributes:
        cluster: number of the scene of each pair; a scene is what conditions and replicates share.
        missing: worlds that only one of the two met.
        unscored: worlds in which one of the two ended in an error.
    """

    worlds: tuple[World, ...]
    first: Bool[Array, " pairs"]
    second: Bool[Array, " pairs"]
    cluster: Int64[Array, " pairs"]
    missing: int
    unscored: int

    @property
    def differences(self) -> Float64[Array, " pairs"]:
        """First minus second: 1, 0 or -1."""
        return self.first.astype(np.float64) - self.second.astype(np.float64)

    @property
    def scenes(self) -> int:
        """How many different scenes there are."""
        return len(np.unique(self.cluster))

    @property
    def independent(self) -> bool:
        """Whether all pairs are of one task, condition and replicate, so that no scene can occur twice."""
        return len({(item.task, item.split, item.condition, item.replicate) for item in self.worlds}) <= 1


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
    found: dict[str, Entrant] = {}
    for purpose, policy, method, seed, episode, success, *world in zip(
        *(table[name].to_pylist() for name in names), strict=True
    ):
        if purpose == "panel" or (controls and purpose == "control"):
            if policy not in found:
                found[policy] = Entrant(f"{file}:{policy}", policy, method, seed, artifact.path, {}, {}, file)
            _enter(found[policy], World(*world), success, episode)
    return list(found.values())


def _enter(entrant: Entrant, world: World, success: bool | float | None, episode: str) -> None:
    if world in entrant.outcomes:
        raise ArtifactError(
            f"{entrant.label} on {world} in {entrant.path}",
            expected="one episode",
            got=f"two, {entrant.ids[world]} and {episode}",
            fix="`samepanel audit` says what else is wrong with the file",
        )
    # A file that went through pandas holds NaN where an error was, and bool(NaN) is True.
    unscored = success is None or success != success
    entrant.outcomes[world], entrant.ids[world] = None if unscored else bool(success), episode


def pair(first: Entrant, second: Entrant, scope: Scope) -> Pairs:
    """Pair two entrants' episodes of a part of the panel by their worlds."""
    mine, theirs = ({world for world in one.outcomes if world in scope} for one in (first, second))
    both = sorted(mine & theirs)
    scored = [world for world in both if first.outcomes[world] is not None and second.outcomes[world] is not None]
    scenes: dict[tuple[str, str, int], int] = {}
    cluster = [scenes.setdefault((world.task, world.split, world.scene), len(scenes)) for world in scored]
    return Pairs(
        worlds=tuple(scored),
        first=np.array([first.outcomes[world] for world in scored], bool),
        second=np.array([second.outcomes[world] for world in scored], bool),
        cluster=np.array(cluster, np.int64),
        missing=len(mine ^ theirs),
        unscored=len(both) - len(scored),
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
            for world, success, was in zip(pairs.worlds, pairs.first.tolist(), pairs.second.tolist(), strict=True):
                if success != was:
                    found.append(Flip(entrant.label, world, was, success, entrant.path, entrant.ids[world]))
    return sorted(found, key=lambda item: (item.now, item.label, item.world))
