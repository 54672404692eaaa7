"""Whether the instrument works: the controls' nominal success against their bands (law 10)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

__all__ = ["ControlCheck", "check_controls"]


@dataclass(frozen=True)
class ControlCheck:
    """One control on one task and split, under `nominal`.

    Attributes:
        successes, scored: of the episodes that are no errors.
        low, high: the band of success rates, inclusive.
    """

    control: str
    task: str
    split: str
    successes: int
    scored: int
    low: float
    high: float

    @property
    def in_band(self) -> bool:
        """Whether the rate lies in the band; a control without scored episodes does not."""
        return self.scored > 0 and self.low <= self.successes / self.scored <= self.high


def check_controls(
    rows: Iterable[Mapping[str, object]], bands: Mapping[str, Sequence[float]]
) -> tuple[ControlCheck, ...]:
    """One check for every control with a band and every task and split it ran on.

    Args:
        rows: need `purpose`, `policy`, `task`, `split`, `condition` and `success` (None for errors).
        bands: lowest and highest success rate by control.
    """
    counts: dict[tuple[str, str, str], list[int]] = {}
    for row in rows:
        if row["purpose"] == "control" and row["condition"] == "nominal" and row["policy"] in bands:
            count = counts.setdefault((str(row["policy"]), str(row["task"]), str(row["split"])), [0, 0])
            if row["success"] is not None:
                count[0] += bool(row["success"])
                count[1] += 1
    return tuple(ControlCheck(*where, *count, *bands[where[0]]) for where, count in sorted(counts.items()))
