"""What the rows of an artifact say of each other: the expert in the same world, the same policy without faults."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from harness.evidence.labels import Elsewhere
from harness.manifest.documents import NOMINAL

__all__ = ["EVERYWHERE", "EXPERT", "Company"]

EVERYWHERE = ("task", "split", "condition", "scene", "replicate")
"""What the rows of all policies in one world share."""
EXPERT = "expert"


class Company:
    """All rows of one artifact, by what labels ask them.

    Args:
        rows: need `purpose`, `policy`, `success` and `EVERYWHERE`; probes are passed over.
    """

    def __init__(self, rows: Iterable[Mapping[str, Any]]) -> None:
        self._experts: dict[tuple[Any, ...], bool | None] = {}
        self._nominal: dict[tuple[Any, ...], bool | None] = {}
        for row in rows:
            if row["purpose"] == "probe":
                continue
            if row["policy"] == EXPERT:
                self._experts[_world(row)] = row["success"]
            if row["condition"] == NOMINAL:
                self._nominal[row["policy"], *_scene(row)] = row["success"]

    def elsewhere(self, row: Mapping[str, Any]) -> Elsewhere:
        """What other rows say of the scene of a row."""
        return Elsewhere(self._experts.get(_world(row)), self.nominal(row["policy"], row))

    def nominal(self, policy: str, row: Mapping[str, Any]) -> bool | None:
        """Whether a policy solved the scene of a row without any fault; None if it did not meet it."""
        return self._nominal.get((policy, *_scene(row)))


def _world(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in EVERYWHERE)


def _scene(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in EVERYWHERE if name != "condition")
