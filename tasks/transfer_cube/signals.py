"""What the task measures for labels and plots, and its success rule."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float32, Float64

from harness.contract.fields import Array
from tasks.aloha.layout import ARM_JOINTS

__all__ = ["measure", "progress"]

_RIGHT_FINGERS, _LEFT_FINGERS, _TABLE, _LEFT_PINCH = slice(0, 2), slice(2, 4), 4, slice(5, 8)
"""Sensors in the order of `compile_model`; of each gripper its left finger comes first."""
_RIGHT_RULE_FINGER, _LEFT_RULE_FINGER = 1, 2
"""The fingers that gym-aloha's reward looks at: the right one of the right gripper, the left one of the left."""


def measure(
    qpos: Float64[Array, "lanes n 23"], controls: Float64[Array, "lanes n 16"], sensors: Float64[Array, "lanes n 8"]
) -> Float32[Array, "lanes n 6"]:
    """Signals in contract order; contacts and the gripper's place are those before the last physics step."""
    touching = sensors[..., :5] > 0
    return np.stack(
        [
            progress(
                touching[..., _RIGHT_RULE_FINGER],
                touching[..., _LEFT_RULE_FINGER],
                np.asarray(touching[..., _LEFT_FINGERS].all(axis=-1)),
                touching[..., _TABLE],
            ),
            touching[..., _RIGHT_FINGERS].any(axis=-1),
            touching[..., _LEFT_FINGERS].any(axis=-1),
            qpos[..., 18],
            np.abs(controls[..., ARM_JOINTS] - qpos[..., ARM_JOINTS]).mean(axis=-1),
            np.linalg.norm(qpos[..., 16:19] - sensors[..., _LEFT_PINCH], axis=-1),
        ],
        axis=-1,
    ).astype(np.float32)


def progress(
    right: Bool[Array, "*batch"],
    left: Bool[Array, "*batch"],
    grasped: Bool[Array, "*batch"],
    table: Bool[Array, "*batch"],
) -> Float64[Array, "*batch"]:
    """Touched, lifted, attempted, transferred: 0.25 to 1, after gym-aloha's reward of 1 to 4 (`TransferCubeTask`).

    A transfer needs both fingers of the left gripper at the cube, off the table. gym-aloha asks for one finger, which
    a cube flung into the air by random motion fulfils on one scene in fifteen: the rule would not measure a transfer.
    As there, it counts while the right gripper still holds the cube.
    """
    reached = np.where(right, np.where(table, 0.25, 0.5), 0.0)
    return np.where(grasped & ~table, 1.0, np.where(left, 0.75, reached))
