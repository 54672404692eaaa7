"""What every statistic checks before it counts: shapes, NaN and levels. No statistics here."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float64
from numpy.typing import ArrayLike

__all__ = ["Array", "fraction", "matrix", "positive", "vector"]

Array = np.ndarray[Any, np.dtype[Any]]


def vector(values: ArrayLike, name: str) -> Float64[Array, " items"]:
    """`values` as a vector of floats.

    Raises:
        ValueError: it is not one-dimensional, is empty, or holds NaN or infinity; the sentence names it `name`.
    """
    return _checked(values, name, 1)


def matrix(values: ArrayLike, name: str) -> Float64[Array, "rows columns"]:
    """`values` as a matrix of floats.

    Raises:
        ValueError: it is not two-dimensional, is empty, or holds NaN or infinity; the sentence names it `name`.
    """
    return _checked(values, name, 2)


def fraction(value: float, name: str) -> float:
    """A level strictly between 0 and 1, such as alpha, a confidence or a power.

    Raises:
        ValueError: it is 0, 1, outside, or NaN.
    """
    if not 0 < value < 1:
        raise ValueError(f"expected 0 < {name} < 1, got {value}")
    return float(value)


def positive(value: int, name: str) -> int:
    """A count that cannot be zero, such as draws or pairs.

    Raises:
        ValueError: it is below 1.
    """
    if not value >= 1:
        raise ValueError(f"expected {name} >= 1, got {value}")
    return int(value)


def _checked(values: ArrayLike, name: str, dimensions: int) -> Array:
    found = np.asarray(values, np.float64)
    if found.size == 0:
        raise ValueError(f"{name} is empty: there is nothing to compute from")
    if found.ndim != dimensions:
        raise ValueError(f"expected {name} with {dimensions} dimension(s), got shape {found.shape}")
    if not np.isfinite(found).all():
        raise ValueError(f"{name} holds NaN or infinity: leave unscored episodes out, they are no failures")
    return found
