"""Included files: the conditions and policies that manifests share, with the place where each was defined."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from harness.errors import ManifestError
from harness.faults.base import Fault
from harness.manifest.complaints import validated
from harness.manifest.documents import NOMINAL, DefinitionsFile, PolicyDefinition
from harness.manifest.files import Location, Source, missing, package_folder, read
from harness.manifest.ladders import rung_name

__all__ = ["Condition", "Definitions", "NamedPolicy", "definitions"]


@dataclass(frozen=True)
class Condition:
    """A named set of faults as its file lists them, at a place in it; no source means built in."""

    name: str
    faults: tuple[Fault, ...]
    source: Source | None
    place: Location = ()

    def where(self, index: int | None = None) -> str:
        """Where the condition, or one fault of it, is defined."""
        location = (*self.place, *(() if index is None else (index,)))
        return self.source.where(location) if self.source else f"condition {self.name!r}"


@dataclass(frozen=True)
class NamedPolicy:
    """A policy definition and its file."""

    name: str
    definition: PolicyDefinition
    source: Source


@dataclass(frozen=True)
class Definitions:
    """Everything that the included files define, by name; `families` holds the names of their conditions."""

    conditions: dict[str, Condition]
    policies: dict[str, NamedPolicy]
    families: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def spread(self, name: str) -> tuple[str, ...]:
        """The conditions that a name stands for: those of a family, else itself."""
        return self.families.get(name, (name,))


def definitions(manifest: Source, include: tuple[str, ...]) -> Definitions:
    """Read the included files: beside the manifest, else of that name among those that come with the package.

    Raises:
        ManifestError: a file is missing, wrong, or defines a name again.
    """
    found = Definitions({NOMINAL: Condition(NOMINAL, (), None)}, {})
    for index, name in enumerate(include):
        beside = manifest.path.parent / name
        path = next((item for item in (beside, package_folder() / name) if item.is_file()), None)
        if path is None:
            raise missing(beside, f"{manifest.where(('include', index))} ({name})")
        _add(found, path)
    return found


def _add(found: Definitions, path: Path) -> None:
    source = read(path)
    file = validated(DefinitionsFile, source)
    for name, faults in file.conditions.items():
        _refuse_reserved(name, faults, source)
        _refuse_second(name, found.conditions, source.where(("conditions", name)))
        found.conditions[name] = Condition(name, faults, source, ("conditions", name))
    for name, lines in file.ladders.items():
        _add_family(found, name, lines, source)
    for name, policy in file.policies.items():
        _refuse_second(name, found.policies, source.where(("policies", name)))
        found.policies[name] = NamedPolicy(name, policy, source)


def _add_family(found: Definitions, family: str, lines: tuple[tuple[Fault, ...], ...], source: Source) -> None:
    place = ("ladders", family)
    whose = source.where(place)
    if len({len(line) for line in lines}) != 1:
        counts = ", ".join(str(len(line)) for line in lines)
        raise ManifestError(whose, expected="as many `levels` in every line", got=counts or "no line")
    _refuse_second(family, found.conditions, whose)
    names = tuple(rung_name(family, level) for level in range(1, len(lines[0]) + 1))
    for name, faults in zip(names, zip(*lines, strict=True), strict=True):
        _refuse_second(name, found.conditions, whose)
        found.conditions[name] = Condition(name, faults, source, place)
    found.families[family] = names


def _refuse_reserved(name: str, faults: tuple[Fault, ...], source: Source) -> None:
    if name == NOMINAL and faults:
        raise ManifestError(
            source.where(("conditions", name)),
            expected="no faults: `nominal` is the empty condition",
            got=f"{len(faults)}",
            fix="give the condition another name",
        )
    if name == "all":
        raise ManifestError(source.where(("conditions", name)), got="a reserved name", fix="give it another name")


def _refuse_second[T: Condition | NamedPolicy](name: str, known: dict[str, T], whose: str) -> None:
    other = known.get(name)
    if other is not None and other.source is not None:
        raise ManifestError(
            whose,
            expected="every name once",
            got=f"one more {name!r}; the first is in {other.source.where()}",
            fix="rename one of them",
        )
