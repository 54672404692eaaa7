"""A rigid transform of some fields of an observation as one linear map of the flat vector."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Float32, Float64

from harness.contract.fields import Array, ObservationField, slices

__all__ = ["Turning", "turning"]


class Turning(NamedTuple):
    """matrix @ value + shift."""

    matrix: Float32[Array, "observation observation"]
    shift: Float32[Array, " observation"]


def turning(
    observation: tuple[ObservationField, ...],
    turned: tuple[ObservationField, ...],
    angle: float,
    moved: Float64[Array, " 2"],
) -> Turning:
    """The transform of the fields `turned`; the others stay as they are, and so does a field that has no direction.

    Args:
        observation: all fields.
        turned: fields of 2 or 3 components (x and y turn, z stays), or quaternions w, x, y, z.
        angle: about the vertical axis through the origin, counter-clockwise, radian.
        moved: x and y, metre; added to fields in metres, after the turn.
    """
    where = slices(observation)
    total = sum(field.size for field in observation)
    matrix, shift = np.eye(total), np.zeros(total)
    for field in turned:
        columns = where[field.name]
        if field.size in (2, 3):
            first = slice(columns.start, columns.start + 2)
            matrix[first, first] = _rotation(angle)
            shift[first] = moved if field.unit == "m" else 0.0
        elif field.size == 4:
            matrix[columns, columns] = _quaternion_product(angle)
    return Turning((matrix + 0.0).astype(np.float32), (shift + 0.0).astype(np.float32))  # no -0.0, equal but not alike


def _rotation(angle: float) -> Float64[Array, "2 2"]:
    cosine, sine = math.cos(angle), math.sin(angle)
    return np.array([[cosine, -sine], [sine, cosine]])


def _quaternion_product(angle: float) -> Float64[Array, "4 4"]:
    """Left multiplication with the quaternion of a turn about z."""
    cosine, sine = math.cos(angle / 2), math.sin(angle / 2)
    return np.array(
        [[cosine, 0.0, 0.0, -sine], [0.0, cosine, -sine, 0.0], [0.0, sine, cosine, 0.0], [sine, 0.0, 0.0, cosine]]
    )
