"""What a failure can be put down to, in the order of the way from the sensor to the score."""

from __future__ import annotations

from typing import Literal, get_args

__all__ = ["BLAMES", "Blame"]

Blame = Literal["perception", "state_estimation", "planning", "control", "timing", "data_coverage", "evaluation"]
BLAMES: tuple[Blame, ...] = get_args(Blame)
