"""One shape for every interval."""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["Interval"]


@dataclass(frozen=True)
class Interval:
    """An estimate with its interval, all three in the estimate's own unit.

    Raises:
        ValueError: a value is NaN, or the ends are the wrong way round.
    """

    estimate: float
    low: float
    high: float

    def __post_init__(self) -> None:
        if any(math.isnan(value) for value in (self.estimate, self.low, self.high)):
            raise ValueError(f"an interval holds NaN: {self}")
        if self.low > self.high:
            raise ValueError(f"expected low <= high, got {self}")
