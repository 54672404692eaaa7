"""Where peg and socket lie in MuJoCo's vectors, after both arms (`tasks.aloha.layout`), and what is observed.

Positions of each: x, y, z, quaternion w, x, y, z. The x axis of a body is the long axis of peg and socket.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32, Float64

from harness.contract.fields import Array, bounds
from tasks.aloha.layout import jointed, opened
from tasks.insertion.contract import CONTRACT

__all__ = [
    "HALF_LENGTH",
    "INSERTED",
    "PEG_PLACE",
    "PEG_POSE",
    "PEG_PUSH",
    "PEG_REST",
    "PEG_XY",
    "QPOS",
    "SOCKET_PLACE",
    "SOCKET_POSE",
    "SOCKET_REST",
    "axis_of",
    "observation_of",
    "positions_of",
]

QPOS = slice(1, 31)
"""Positions in a state row, after the time."""
PEG_POSE, SOCKET_POSE = slice(16, 23), slice(23, 30)
PEG_PLACE, SOCKET_PLACE = slice(16, 19), slice(23, 26)
PEG_XY = slice(16, 18)
PEG_PUSH = slice(16, 18)
"""Degrees of freedom of the peg along the world's x and y."""
PEG_REST, SOCKET_REST = 0.01, 0.022
"""Heights of the centres when they lie on the table, metre."""
HALF_LENGTH = 0.06
"""Half the length of the peg, and of the socket, metre."""
INSERTED = 0.1
"""Distance of the centres along the socket's axis when the peg touches the pin, metre."""
_LOW, _HIGH = bounds(CONTRACT.observation)


def observation_of(qpos: Float64[Array, "*batch 30"]) -> Float32[Array, "*batch 28"]:
    """Joints and opening per arm, then socket and peg, quaternions with w >= 0; saturates at the bounds."""
    parts = [opened(qpos[..., :16])]
    for pose in (SOCKET_POSE, PEG_POSE):
        place, turn = qpos[..., pose][..., :3], qpos[..., pose][..., 3:]
        parts += [place, np.where(turn[..., :1] < 0, -1.0, 1.0) * turn]
    observed: Array = np.clip(np.concatenate(parts, axis=-1).astype(np.float32), _LOW, _HIGH)
    return observed


def positions_of(observations: Float32[Array, "*batch 28"]) -> Float64[Array, "*batch 30"]:
    """Positions that look like what was observed."""
    seen = observations.astype(np.float64)
    parts = [jointed(seen[..., :14])]
    for pose in (slice(21, 28), slice(14, 21)):
        place, turn = seen[..., pose][..., :3], seen[..., pose][..., 3:]
        parts += [place, turn / np.linalg.norm(turn, axis=-1, keepdims=True)]
    return np.concatenate(parts, axis=-1)


def axis_of(poses: Float64[Array, "*batch 7"]) -> Float64[Array, "*batch 3"]:
    """Unit vector along the long axis of a peg or socket, world."""
    w, i, j, k = np.moveaxis(poses[..., 3:], -1, 0)
    return np.stack([1 - 2 * (j * j + k * k), 2 * (i * j + w * k), 2 * (i * k - w * j)], axis=-1)
