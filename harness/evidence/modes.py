"""Which of a task's ways a policy takes when it starts again from the same place: a pure function over rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.statistics.diversity import spread

__all__ = ["ModeUse", "mode_use"]

_Cell = tuple[str, str, str, str]


@dataclass(frozen=True)
class ModeUse:
    """How a policy spread over the ways, scene by scene.

    Attributes:
        policy, task, split, condition: the cell.
        scenes: scenes with enough successes to say anything.
        episodes: successes in them.
        bits: entropy of the ways over the replicates of a scene, mean over the scenes; NaN without a scene.
        normalised: the same, over the entropy of an even spread over all ways; D3IL's conditional behaviour entropy.
    """

    policy: str
    task: str
    split: str
    condition: str
    scenes: int
    episodes: int
    bits: float
    normalised: float


def mode_use(rows: Iterable[Mapping[str, Any]], signal: str, ways: int, *, least: int = 10) -> tuple[ModeUse, ...]:
    """One entry for every cell of policy, task, split and condition that occurs, sorted.

    Only successes count, as in D3IL: a failure took no way. Replicates differ in the policy's noise alone, so a policy
    that needs none has entropy 0, however its way depends on the scene.

    Args:
        rows: need the cell's columns, `scene`, `purpose`, `success` and `trace`; probes are left out.
        signal: whose last value names the way.
        ways: how many there are.
        least: successes that a scene needs to count.
    """
    cells: dict[_Cell, dict[int, list[float]]] = {}
    for row in rows:
        if row["purpose"] != "probe":
            cell = (row["policy"], row["task"], row["split"], row["condition"])
            scenes = cells.setdefault(cell, {})
            if row["success"]:
                scenes.setdefault(int(row["scene"]), []).append(float(dict(row["trace"]["signals"])[signal][-1]))
    return tuple(_cell(cell, list(scenes.values()), ways, least) for cell, scenes in sorted(cells.items()))


def _cell(cell: _Cell, scenes: list[list[float]], ways: int, least: int) -> ModeUse:
    found = [spread(modes, ways) for modes in scenes if len(modes) >= least]
    bits = float(np.mean([item.bits for item in found])) if found else float("nan")
    episodes = sum(item.episodes for item in found)
    return ModeUse(*cell, len(found), episodes, bits, bits / float(np.log2(ways)))
