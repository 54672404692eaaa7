"""Finding and reading manifest files: YAML with line numbers, and the manifests that come with the package."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from harness.errors import ManifestError, UnknownIdError
from harness.manifest.documents import SCHEMA

__all__ = ["Location", "Source", "bundled", "locate", "missing", "package_folder", "read"]

Location = Sequence[str | int]


@dataclass(frozen=True)
class Source:
    """A YAML file that has been read.

    Attributes:
        path: of the file.
        data: its content, plain Python values.
        node: its syntax tree, for line numbers.
    """

    path: Path
    data: Any
    node: yaml.Node | None

    def where(self, location: Location = ()) -> str:
        """The place as `file:line: key.path`; of a missing key, the line of the mapping that lacks it."""
        line = self._line(location)
        path = ".".join(str(key) for key in location)
        return f"{_shown(self.path)}:{line}" + (f": {path}" if path else "")

    def _line(self, location: Location) -> int:
        node, line = self.node, 1
        for key in location:
            found = _child(node, key)
            if found is None:
                break
            line, node = found[0].start_mark.line + 1, found[1]
        return line


def _child(node: yaml.Node | None, key: str | int) -> tuple[yaml.Node, yaml.Node] | None:
    """The node that marks the line of an entry, and the entry."""
    if isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
        return node.value[key], node.value[key]
    if isinstance(node, yaml.MappingNode):
        return next(((name, value) for name, value in node.value if name.value == str(key)), None)
    return None


def package_folder() -> Path:
    """Where the manifests that come with the package lie."""
    return Path(str(resources.files("manifests")))


def bundled() -> dict[str, Path]:
    """Manifests that come with the package, by name."""
    texts = {path: path.read_text(encoding="utf-8") for path in sorted(package_folder().glob("*.yaml"))}
    return {path.stem: path for path, text in texts.items() if SCHEMA in text}


def locate(name: str | Path) -> Path:
    """The file of a manifest: a path, or the bare name of a bundled one.

    Raises:
        ManifestError: there is no such file; suggests the nearest.
    """
    path = Path(name)
    if path.is_file():
        return path
    known = bundled()
    if path.suffix not in (".yaml", ".yml") and path.name == str(name):
        if str(name) in known:
            return known[str(name)]
        fix = UnknownIdError.of("manifest", str(name), known).fix
        raise ManifestError(f"manifest {str(name)!r}", got="no file and no bundled manifest of that name", fix=fix)
    raise missing(path, f"manifest {str(name)!r}")


def missing(path: Path, whose: str) -> ManifestError:
    """The error for a file that is not there; suggests its nearest neighbour."""
    neighbours = [item.name for item in path.parent.glob("*.y*ml")]
    fix = UnknownIdError.of("file", path.name, neighbours).fix if neighbours else "check the path"
    return ManifestError(whose, expected="a YAML file", got="no such file", fix=fix)


def read(path: Path) -> Source:
    """Read one YAML file. Raises ManifestError on a syntax error, a duplicate key or anything but a mapping."""
    try:
        text = path.read_text(encoding="utf-8")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        _refuse_duplicates(node, path)
        source = Source(path, yaml.safe_load(text), node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise ManifestError(f"{_shown(path)}:{line}", expected="YAML", got=str(error.problem)) from error
    except (yaml.YAMLError, ValueError) as error:
        raise ManifestError(_shown(path), expected="YAML in UTF-8", got=str(error).splitlines()[0]) from error
    if not isinstance(source.data, dict):
        raise ManifestError(source.where(), expected="a mapping", got=type(source.data).__name__)
    return source


def _refuse_duplicates(node: yaml.Node | None, path: Path) -> None:
    """YAML parsers keep the last of two equal keys and say nothing."""
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _refuse_duplicates(item, path)
    if isinstance(node, yaml.MappingNode):
        seen: dict[str, int] = {}
        for key, value in node.value:
            line, name = key.start_mark.line + 1, str(key.value)
            if name in seen:
                raise ManifestError(
                    f"{_shown(path)}:{line}: {name}",
                    expected="every key once",
                    got=f"the key of line {seen[name]} again",
                    fix="remove or rename one of them",
                )
            seen[name] = line
            _refuse_duplicates(value, path)


def _shown(path: Path) -> str:
    """The path as a person would type it: from the working folder, else the file with its folder."""
    absolute, here = path.absolute(), Path.cwd()
    shown = absolute.relative_to(here) if absolute.is_relative_to(here) else Path(*absolute.parts[-2:])
    return shown.as_posix()
