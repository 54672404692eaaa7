"""Putting a site where it shall be: whole or not at all, and never over anything else."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from pathlib import Path

from harness.errors import ArtifactError

__all__ = ["MARK", "place", "refuse_foreign"]

MARK = "site.json"
"""Lists the files of a site, so that a later one may take its place."""


def place(out: Path, files: Iterable[tuple[str, bytes]], about: dict[str, object]) -> int:
    """Write a site beside its place and move it there; returns how many files it has.

    An earlier site is moved aside first and removed last, so that what is at `out` is always whole.

    Args:
        out: the folder.
        files: name, with slashes, and contents.
        about: what the site says of itself in `site.json`.

    Raises:
        ArtifactError: there is something at `out` that is no earlier site.
    """
    refuse_foreign(out)
    target = out.resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    aside, old = (target.with_name(f".{target.name}.{word}") for word in ("writing", "replaced"))
    for left_over in (aside, old):
        shutil.rmtree(left_over, ignore_errors=True)
    try:
        names = _write(aside, files)
        document = {**about, "files": sorted(names)}
        (aside / MARK).write_text(json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
        _swap(aside, target, old)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return len(names) + 1


def refuse_foreign(out: Path) -> None:
    """Complain if there is something at `out` that a site must not take the place of.

    Raises:
        ArtifactError: a file, a folder without `site.json`, or a folder with files that the site did not write.
    """
    if not out.exists():
        return
    if not out.is_dir():
        raise _refusal(out, "a file")
    present = {path.relative_to(out).as_posix() for path in out.rglob("*") if not path.is_dir()}
    if not present:
        return
    if MARK not in present:
        raise _refusal(out, f"a folder with other files, {min(present)} for one")
    try:
        known = set(json.loads((out / MARK).read_text())["files"])
    except (ValueError, KeyError, TypeError) as error:
        raise _refusal(out, f"a folder whose {MARK} is not a site's") from error
    if strangers := present - known - {MARK}:
        raise _refusal(out, f"an earlier site with files that are not its own, {min(strangers)} for one")


def _refusal(out: Path, got: str) -> ArtifactError:
    return ArtifactError(
        f"--out {out}",
        expected="a new folder, an empty one or an earlier site",
        got=got,
        fix="name another folder, or move what is there",
    )


def _write(folder: Path, files: Iterable[tuple[str, bytes]]) -> list[str]:
    names = []
    for name, contents in files:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(contents)
        names.append(name)
    return names


def _swap(aside: Path, target: Path, old: Path) -> None:
    """Move the new in, the old out; if the new cannot be moved in, the old comes back."""
    if not target.exists():
        aside.rename(target)
        return
    target.rename(old)
    try:
        aside.rename(target)
    except OSError:
        old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)
