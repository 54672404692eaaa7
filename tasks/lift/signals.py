"""What the task measures for labels and plots, and its success rule."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float32, Float64

from harness.contract.fields import Array
from tasks.lift.contract import RAISED_M
from tasks.lift.layout import ARM, CUBE_PLACE, REST_HEIGHT
from tasks.lift.reach import pose_of

__all__ = ["measure", "progress"]

_FINGERS, _TABLE = slice(0, 2), 2
"""Sensors in the order of `compile_model`."""


def measure(
    qpos: Float64[Array, "lanes n 15"], controls: Float64[Array, "lanes n 8"], sensors: Float64[Array, "lanes n 3"]
) -> Float32[Array, "lanes n 6"]:
    """Signals in contract order; contacts are those before the last physics step."""
    touching, cube = sensors > 0, qpos[..., CUBE_PLACE]
    height = cube[..., 2] - REST_HEIGHT
    pinch, asked = pose_of(qpos[..., ARM]).place, pose_of(controls[..., ARM]).place
    return np.stack(
        [
            progress(np.asarray(touching[..., _FINGERS].all(axis=-1)), touching[..., _TABLE], height),
            touching[..., _FINGERS].any(axis=-1),
            cube[..., 2],
            np.linalg.norm(cube - pinch, axis=-1),
            np.linalg.norm(asked - pinch, axis=-1),
            np.maximum(RAISED_M - height, 0.0),
        ],
        axis=-1,
    ).astype(np.float32)


def progress(
    grasped: Bool[Array, "*batch"], table: Bool[Array, "*batch"], height: Float64[Array, "*batch"]
) -> Float64[Array, "*batch"]:
    """A third for each stage: both fingers touch the cube; the table does not; it is `RAISED_M` higher than at rest."""
    lifted = np.where(height >= RAISED_M, 1.0, 2 / 3)
    return np.where(grasped, np.where(table, 1 / 3, lifted), 0.0)
