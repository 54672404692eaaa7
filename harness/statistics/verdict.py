"""From an interval and an adjusted p-value to one word."""

from __future__ import annotations

from typing import Literal

from harness.statistics.inputs import fraction
from harness.statistics.intervals import Interval

__all__ = ["Verdict", "verdict"]

Verdict = Literal["better", "worse", "equivalent", "inconclusive"]


def verdict(interval: Interval, margin: float, p_adjusted: float, alpha: float = 0.05) -> Verdict:
    """What a comparison may claim about the first method.

    `better` or `worse`: p_adjusted <= alpha and the interval lies on one side of zero. The two may come from different
    procedures; where they disagree nothing is claimed. `equivalent`: the interval lies strictly inside
    (-margin, margin), the interval form of two one-sided tests (Schuirmann 1987; at confidence 1 - 2 alpha it is that
    test at alpha, at 1 - alpha it is stricter). Everything else is `inconclusive`: no evidence of a difference is not
    evidence of none.

    A difference that is significant and yet inside the margin reads `better` or `worse`, so that verdicts never
    contradict letters and ranks made from the same p-values; the interval shows how small it is.

    Args:
        interval: of the difference first - second.
        margin: the smallest difference that matters, >= 0, in the interval's unit; 0 never gives `equivalent`.
        p_adjusted: two-sided, adjusted for multiplicity, in [0, 1].
        alpha: between 0 and 1.

    Raises:
        ValueError: a number is outside its range or NaN.
    """
    fraction(alpha, "alpha")
    if not margin >= 0:
        raise ValueError(f"expected margin >= 0, got {margin}")
    if not 0 <= p_adjusted <= 1:
        raise ValueError(f"expected a p-value in [0, 1], got {p_adjusted}")
    if p_adjusted <= alpha and interval.low > 0:
        return "better"
    if p_adjusted <= alpha and interval.high < 0:
        return "worse"
    if -margin < interval.low and interval.high < margin:
        return "equivalent"
    return "inconclusive"
