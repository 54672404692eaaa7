"""The effector's drive, which is never quite calibrated: it turns and scales the velocities that it is asked for.

How much is drawn with the scene, constant over an episode and in no observation. Commands alone therefore lead astray
(8 degrees over 0.6 m are 8 cm), and only who looks where the effector is stays on course.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from jaxtyping import Float32, Float64

from harness.contract.fields import Array

__all__ = ["DRIVE", "driven"]

DRIVE: Final = ("drive_turn", "drive_gain")
"""Scene variables, in the order in which a state row keeps them: radian counter-clockwise, and a factor."""


def driven(velocities: Float32[Array, "lanes n 2"], drive: Float64[Array, "lanes 2"]) -> Float64[Array, "lanes n 2"]:
    """What the drive makes of commanded velocities, m/s, world."""
    turn, gain = np.ascontiguousarray(drive[:, 0]), drive[:, 1]
    cos, sin = (gain * np.cos(turn))[:, None], (gain * np.sin(turn))[:, None]
    x, y = velocities[..., 0].astype(np.float64), velocities[..., 1].astype(np.float64)
    return np.stack([cos * x - sin * y, sin * x + cos * y], axis=-1)
