"""Where the cube lies in MuJoCo's vectors, after both arms (`tasks.aloha.layout`), and what is observed.

Positions of the cube: x, y, z, quaternion w, x, y, z.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32, Float64

from harness.contract.fields import Array, bounds
from tasks.aloha.layout import jointed, opened
from tasks.transfer_cube.contract import CONTRACT

__all__ = ["CUBE_PLACE", "CUBE_POSE", "CUBE_PUSH", "CUBE_XY", "QPOS", "REST_HEIGHT", "observation_of", "positions_of"]

QPOS = slice(1, 24)
"""Positions in a state row, after the time."""
CUBE_POSE = slice(16, 23)
CUBE_PLACE = slice(16, 19)
CUBE_XY = slice(16, 18)
CUBE_PUSH = slice(16, 18)
"""Degrees of freedom of the cube along the world's x and y."""
REST_HEIGHT = 0.02
"""Height of the cube's centre when it lies on the table, metre."""
_LOW, _HIGH = bounds(CONTRACT.observation)


def observation_of(qpos: Float64[Array, "*batch 23"]) -> Float32[Array, "*batch 21"]:
    """Joints and opening per arm, then the cube's position and its quaternion with w >= 0; saturates at the bounds."""
    sign = np.where(qpos[..., 19:20] < 0, -1.0, 1.0)
    exact = np.concatenate([opened(qpos[..., :16]), qpos[..., CUBE_PLACE], sign * qpos[..., 19:23]], axis=-1)
    observed: Array = np.clip(exact.astype(np.float32), _LOW, _HIGH)
    return observed


def positions_of(observations: Float32[Array, "*batch 21"]) -> Float64[Array, "*batch 23"]:
    """Positions that look like what was observed."""
    seen = observations.astype(np.float64)
    turn = seen[..., 17:] / np.linalg.norm(seen[..., 17:], axis=-1, keepdims=True)
    posed: Array = np.concatenate([jointed(seen[..., :14]), seen[..., 14:17], turn], axis=-1)
    return posed
