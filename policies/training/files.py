"""Files that are either whole or not there."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

__all__ = ["write_atomically"]


def write_atomically(path: Path, write: Callable[[Path], None]) -> None:
    """Let `write` fill a file beside `path`, flush it to the disk and rename it into place."""
    partial = path.with_name(f"{path.name}.partial")
    write(partial)
    with partial.open("rb") as stream:
        os.fsync(stream.fileno())
    partial.replace(path)
