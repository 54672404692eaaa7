"""Where things stand in the scene of `avoid-v1`; lengths in metre, world frame: x to the right, y towards the finish.

Six round posts stand in three rows of one, two and three, as in D3IL's Avoiding task: two, three and four gaps, so that
there are 2 x 3 x 4 = 24 ways through. The posts of a row stand on one base and move together; a row's place is the
middle of its posts.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from jaxtyping import Float64

from harness.contract.fields import Array

__all__ = [
    "COUNTS",
    "DEPTH",
    "EFFECTOR_RADIUS",
    "FINISH",
    "GAPS",
    "PITCH",
    "POST_RADIUS",
    "ROWS",
    "ROW_LINES",
    "SIDE",
    "WAYS",
    "posts_of",
]

SIDE: Final = 0.36
"""The workspace reaches from -SIDE to SIDE in x."""
DEPTH: Final = 0.76
"""The workspace reaches from 0 to DEPTH in y."""

EFFECTOR_RADIUS: Final = 0.012
POST_RADIUS: Final = 0.025

COUNTS: Final = (1, 2, 3)
"""Posts of each row, in the order in which the rows are crossed."""
ROW_LINES: Final = (0.18, 0.38, 0.58)
"""The y of each row, before anything is drawn; its x is 0."""
FINISH: Final = 0.67
"""The y that has to be reached."""
PITCH: Final = 0.15
"""Distance of neighbouring posts of a row."""

GAPS: Final = tuple(count + 1 for count in COUNTS)
"""Gaps of each row; gap k of a row has k of its posts to its left."""
WAYS: Final = int(np.prod(GAPS))

ROWS: Final = (slice(0, 1), slice(1, 3), slice(3, 6))
"""Which posts form each row, from left to right."""

_ROW_OF: Final = np.repeat(np.arange(len(COUNTS)), COUNTS)
_ASIDE: Final = np.concatenate([(np.arange(count) - (count - 1) / 2) * PITCH for count in COUNTS])


def posts_of(rows: Float64[Array, "*lanes rows 2"]) -> Float64[Array, "*lanes posts 2"]:
    """Centres of all posts, row by row and from left to right, where the rows are at these places."""
    posts = rows[..., _ROW_OF, :]
    posts[..., 0] += _ASIDE
    return posts
