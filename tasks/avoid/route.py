"""The way through the posts: from gaps to a polyline, and along it.

A row is crossed straight on, from a safe distance before its posts to a safe distance behind them; what is moved to the
side is moved between two rows. Lengths are metres, in the world's frame.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from jaxtyping import Float64

from harness.contract.fields import Array
from tasks.avoid.layout import EFFECTOR_RADIUS, FINISH, POST_RADIUS, ROWS, SIDE

__all__ = ["along", "crossing", "route", "span_of_row"]

_TOUCH: Final = EFFECTOR_RADIUS + POST_RADIUS
_ASIDE: Final = _TOUCH + 0.008
"""Least distance from a post's centre at which its row is crossed."""
_AHEAD: Final = _TOUCH + 0.03
"""Distance from the posts of a row within which nobody moves to the side."""
_OUTER: Final = 0.05
"""Width that is used of the way round a row, which is as wide as the table."""
_WALL: Final = SIDE - 0.015
_PAST: Final = FINISH + 0.03


def span_of_row(posts: Float64[Array, "posts 2"], row: int) -> tuple[float, float]:
    """From which y to which y a row of posts is in the way."""
    line = posts[ROWS[row], 1]
    return float(line.min() - _AHEAD), float(line.max() + _AHEAD)


def crossing(posts: Float64[Array, "posts 2"], row: int, gap: int, style: float) -> float:
    """The x at which a gap is crossed.

    Args:
        posts: centres.
        row: from 0.
        gap: posts of the row to the left of the crossing.
        style: from -1, near the left side of what is free, to 1; 0 is its middle.
    """
    places = posts[ROWS[row], 0]
    if gap == 0:
        high = places[0] - _ASIDE
        low = high - _OUTER
    elif gap == len(places):
        low = places[-1] + _ASIDE
        high = low + _OUTER
    else:
        low, high = places[gap - 1] + _ASIDE, places[gap] - _ASIDE
    middle, half = (low + high) / 2, max((high - low) / 2, 0.0)
    return float(np.clip(middle + 0.3 * style * half, -_WALL, _WALL))


def route(
    origin: Float64[Array, " 2"],
    posts: Float64[Array, "posts 2"],
    gaps: Float64[Array, " rows"],
    styles: Float64[Array, " rows"],
) -> Float64[Array, "corners 2"]:
    """Corners of the way from `origin` through the gaps of the rows that are still ahead of it, past the finish."""
    corners = [origin]
    for row in range(len(ROWS)):
        before, behind = span_of_row(posts, row)
        if origin[1] >= behind:
            continue
        x = crossing(posts, row, int(gaps[row]), float(styles[row]))
        if origin[1] < before:
            corners.append(np.array([x, before]))
        corners.append(np.array([x, behind]))
    return np.array([*corners, [corners[-1][0], max(_PAST, corners[-1][1])]])


def along(
    corners: Float64[Array, "corners 2"], place: Float64[Array, " 2"], ahead: Float64[Array, " n"]
) -> Float64[Array, "n 2"]:
    """Points of a polyline, so many metres further along it than its point nearest to `place`; at most its end."""
    legs = np.diff(corners, axis=0)
    lengths = np.sqrt((legs**2).sum(axis=1))
    share = ((place - corners[:-1]) * legs).sum(axis=1) / np.maximum(lengths, 1e-9) ** 2
    share = np.clip(share, 0.0, 1.0)
    apart = ((corners[:-1] + share[:, None] * legs - place) ** 2).sum(axis=1)
    nearest = int(np.argmin(apart))
    reached = np.concatenate([[0.0], np.cumsum(lengths)])
    at = np.minimum(reached[nearest] + share[nearest] * lengths[nearest] + ahead, reached[-1])
    return np.stack([np.interp(at, reached, corners[:, axis]) for axis in range(2)], axis=1)
