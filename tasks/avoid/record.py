"""What an episode of avoid-v1 remembers beyond its physics: a touch, how far it came, and the gaps it went through.

A touch ends no episode, since contracts end episodes by success only; it is kept, and success is out of reach from then
on. The record stands in the state row, so a step stays a pure function (law 4).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Bool, Float64

from harness.contract.fields import Array
from tasks.avoid.layout import EFFECTOR_RADIUS, FINISH, GAPS, POST_RADIUS, ROW_LINES, ROWS

__all__ = ["RECORD", "Course", "blank", "clearance", "follow", "mode_of"]

RECORD: Final = 2 + len(ROWS)
"""Length of a record: 1 if a post was touched, the greatest progress before that, and one number a row: the gap it
was last crossed through, counted from the left from 1, or 0 if the effector is before it."""

_START: Final = 0.06
_KNOTS: Final = (_START, *ROW_LINES, FINISH)


@dataclass(frozen=True)
class Course:
    """How records grew.

    Attributes:
        records: after each physics step.
        clearance: at each physics step, metre.
    """

    records: Float64[Array, "lanes n record"]
    clearance: Float64[Array, "lanes n"]


def blank(lanes: int) -> Float64[Array, "lanes record"]:
    """Records at the start of episodes."""
    return np.zeros((lanes, RECORD))


def clearance(
    effector: Float64[Array, "*lanes 2"], posts: Float64[Array, "*lanes posts 2"]
) -> Float64[Array, "*lanes"]:
    """Least distance between the surfaces of effector and posts, metre; negative where one presses into the other."""
    apart = posts - effector[..., None, :]
    nearest = np.sqrt(apart[..., 0] ** 2 + apart[..., 1] ** 2).min(axis=-1)
    return np.asarray(nearest - (EFFECTOR_RADIUS + POST_RADIUS))


def follow(
    before: Float64[Array, "lanes record"],
    effector: Float64[Array, "lanes n 2"],
    posts: Float64[Array, "lanes n posts 2"],
) -> Course:
    """Carry records over n physics steps."""
    apart = clearance(effector, posts)
    touched = np.logical_or.accumulate(np.column_stack([before[:, 0] > 0, apart < 0]), axis=1)[:, 1:]
    came = np.interp(effector[..., 1], _KNOTS, np.linspace(0, 1, len(_KNOTS)))
    came = np.column_stack([before[:, 1], np.where(touched, 0.0, came)])
    furthest = np.maximum.accumulate(came, axis=1)[:, 1:]
    gaps = [_gap(before[:, 2 + k], effector, posts[:, :, row], ROW_LINES[k]) for k, row in enumerate(ROWS)]
    return Course(np.stack([touched.astype(np.float64), furthest, *gaps], axis=-1), apart)


def _gap(before: Array, effector: Array, posts: Array, line: float) -> Float64[Array, "lanes n"]:
    """The gap of one row through which its line was last crossed: 1 + the posts to the left at the step after."""
    steps = effector.shape[1]
    beyond: Bool[Array, "lanes n"] = effector[..., 1] >= line
    here = 1.0 + (posts[..., 0] < effector[..., None, 0]).sum(axis=-1)
    # At each step, one more than the last step at which the effector was before the line, or 0.
    crossed = np.maximum.accumulate(np.where(beyond, 0, np.arange(1, steps + 1)), axis=1)
    # A lane that begins beyond the line without having crossed it was put there; it counts from where it is.
    kept = np.where(before > 0, before, here[:, 0])[:, None]
    fresh = np.take_along_axis(here, np.minimum(crossed, steps - 1), axis=1)
    return np.where(beyond, np.where(crossed > 0, fresh, kept), 0.0)


def mode_of(records: Float64[Array, "*lanes record"]) -> Float64[Array, "*lanes"]:
    """The way taken, 1 to 24, or 0 while a row is not passed."""
    gaps = records[..., 2:]
    number = np.zeros(gaps.shape[:-1])
    for row, count in enumerate(GAPS):
        number = number * count + gaps[..., row] - 1
    return np.where((gaps > 0).all(axis=-1), number + 1, 0.0)
