"""Where the pusher may stand behind the block's faces, a few places a face, in the block's frame."""

from __future__ import annotations

import numpy as np

from harness.contract.fields import Array
from tasks.pusht import shape
from tasks.pusht.roadmap import CLEARANCE

__all__ = ["INWARD", "PLACES"]

_SPACING = 0.015
_INSET = 0.004
"""Distance of the outermost places from a face's corners, metre."""


def _behind(face: int) -> tuple[Array, Array]:
    """Places behind the face that starts at corner `face`, and its inward normal once a place."""
    start, end = shape.OUTLINE[face], shape.OUTLINE[(face + 1) % len(shape.OUTLINE)]
    length = float(np.hypot(*(end - start)))
    along = (end - start) / length
    outward = np.array([along[1], -along[0]])
    # The pusher cannot come close to a concave corner along either face.
    first = _INSET + (CLEARANCE if face in shape.CONCAVE else 0.0)
    last = length - _INSET - (CLEARANCE if face + 1 in shape.CONCAVE else 0.0)
    offsets = np.linspace(first, last, max(2, round((last - first) / _SPACING)))
    places = start + offsets[:, None] * along + CLEARANCE * outward
    return places, np.tile(-outward, (len(places), 1))


_FACES = [_behind(face) for face in range(len(shape.OUTLINE))]

PLACES = np.concatenate([places for places, _ in _FACES])
"""The places, metre."""

INWARD = np.concatenate([normals for _, normals in _FACES])
"""Unit vector from each place to its face."""
