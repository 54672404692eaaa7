"""The exception tree. Every error a person can cause says whose, expected, got and fix, and exits with code 2.

SamepanelError
├── PrerequisiteError         something the run needs is not there (a package, a file, a dataset)
├── ManifestError             a manifest says something it may not say
├── UnknownIdError            an id that no registry holds; suggests the nearest
├── ContractError             a task or a policy breaks its promise
│   └── PolicyOutputError     a policy returned a wrong shape, dtype or a non-finite action
├── DatasetError              demonstrations are missing, corrupted or of another task
├── CheckpointError           a checkpoint is missing, corrupted or of another task
├── ArtifactError             an artifact cannot be read or written
├── PanelMismatchError        two results are not of the same panel
└── WorkerError               a simulator or worker died; its episodes become `error` rows
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = [
    "ArtifactError",
    "CheckpointError",
    "ContractError",
    "DatasetError",
    "ManifestError",
    "PanelMismatchError",
    "PolicyOutputError",
    "PrerequisiteError",
    "SamepanelError",
    "UnknownIdError",
    "WorkerError",
]


class SamepanelError(Exception):
    """Root of the tree.

    Attributes:
        whose: the thing at fault: a file and key, a task, a policy, a path.
        expected: what would have been right.
        got: what was found.
        fix: what to do about it.
    """

    def __init__(self, whose: str, *, expected: str = "", got: str = "", fix: str = "") -> None:
        self.whose, self.expected, self.got, self.fix = whose, expected, got, fix
        parts = [
            whose,
            f"expected {expected}" if expected else "",
            f"got {got}" if got else "",
            f"fix: {fix}" if fix else "",
        ]
        super().__init__("; ".join(part for part in parts if part))


class PrerequisiteError(SamepanelError):
    """Something the run needs is not there."""


class ManifestError(SamepanelError):
    """A manifest says something it may not say."""


class UnknownIdError(SamepanelError):
    """An id that no registry holds."""

    @classmethod
    def of(cls, kind: str, unknown: str, known: Iterable[str]) -> UnknownIdError:
        """Name the nearest known id, or list them all when none is near."""
        names = sorted(known)
        near = difflib.get_close_matches(unknown, names, n=1, cutoff=0.5)
        fix = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(names) or 'none'}"
        return cls(f"{kind} {unknown!r} is unknown", fix=fix)


class ContractError(SamepanelError):
    """A task or a policy breaks its promise."""


class PolicyOutputError(ContractError):
    """A policy returned a wrong shape or dtype, or an action that is not finite."""


class DatasetError(SamepanelError):
    """Demonstrations are missing, corrupted or of another task."""


class CheckpointError(SamepanelError):
    """A checkpoint is missing, corrupted or of another task."""


class ArtifactError(SamepanelError):
    """An artifact cannot be read or written."""


class PanelMismatchError(SamepanelError):
    """Two results are not of the same panel."""


class WorkerError(SamepanelError):
    """A simulator or worker died."""
