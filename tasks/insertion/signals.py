"""What the task measures for labels and plots, and its success rule."""

from __future__ import annotations

from typing import NamedTuple, Self

import numpy as np
from jaxtyping import Bool, Float32, Float64

from harness.contract.fields import Array
from tasks.aloha.layout import ARM_JOINTS
from tasks.insertion.layout import HALF_LENGTH, INSERTED, PEG_POSE, SOCKET_POSE, axis_of

__all__ = ["Touching", "distance", "measure", "offset", "progress"]


class Touching(NamedTuple):
    """Contacts that the rule reads, before the last physics step.

    Attributes:
        right, left: any finger of the gripper with its thing: peg and socket.
        held: all four fingers with their things.
        table: peg or socket with the table.
        socket, pin: the peg with the socket's walls, and with the pin inside.
    """

    right: Bool[Array, "*batch"]
    left: Bool[Array, "*batch"]
    held: Bool[Array, "*batch"]
    table: Bool[Array, "*batch"]
    socket: Bool[Array, "*batch"]
    pin: Bool[Array, "*batch"]

    @classmethod
    def of(cls, sensors: Float64[Array, "*batch 20"]) -> Self:
        """From readings in the order of `compile_model`."""
        touching = sensors > 0
        left = touching[..., 2:10].reshape(*sensors.shape[:-1], 2, 4)
        fingers = np.concatenate([touching[..., 0:2], _any(left)], axis=-1)
        return cls(
            right=_any(fingers[..., :2]),
            left=_any(fingers[..., 2:]),
            held=np.asarray(fingers.all(axis=-1)),
            table=_any(touching[..., 10:15]),
            socket=_any(touching[..., 15:19]),
            pin=touching[..., 19],
        )


def _any(touching: Bool[Array, "*batch n"]) -> Bool[Array, " *batch"]:
    return np.asarray(touching.any(axis=-1))


def measure(
    qpos: Float64[Array, "lanes n 30"], controls: Float64[Array, "lanes n 16"], sensors: Float64[Array, "lanes n 20"]
) -> Float32[Array, "lanes n 8"]:
    """Signals in contract order."""
    touching = Touching.of(sensors)
    peg, socket = qpos[..., PEG_POSE], qpos[..., SOCKET_POSE]
    return np.stack(
        [
            progress(touching),
            touching.right,
            touching.left,
            peg[..., 2],
            socket[..., 2],
            offset(peg, socket),
            np.abs(controls[..., ARM_JOINTS] - qpos[..., ARM_JOINTS]).mean(axis=-1),
            distance(peg, socket),
        ],
        axis=-1,
    ).astype(np.float32)


def progress(touching: Touching) -> Float64[Array, "*batch"]:
    """Touched, lifted, met, inserted: 0.25 to 1, after gym-aloha's reward of 1 to 4 (`InsertionTask`).

    There the last stage asks for nothing but a peg at the pin; here both must be held in the air as well, so that what
    counts is an insertion with two arms.
    """
    both, lifted = touching.right & touching.left, ~touching.table
    reached = np.where(both, np.where(lifted, 0.5, 0.25), 0.0)
    met = np.where(touching.socket & lifted, 0.75, reached)
    return np.where(touching.pin & touching.held & lifted, 1.0, met)


def distance(peg: Float64[Array, "*batch 7"], socket: Float64[Array, "*batch 7"]) -> Float64[Array, " *batch"]:
    """From the peg's centre to where it is when the peg touches the pin, metre; of the two sides the nearer one."""
    gap, axis = peg[..., :3] - socket[..., :3], axis_of(socket)
    ahead = np.where((gap * axis).sum(axis=-1, keepdims=True) < 0, -1.0, 1.0) * axis
    left: Array = np.linalg.norm(gap - INSERTED * ahead, axis=-1)
    return left


def offset(peg: Float64[Array, "*batch 7"], socket: Float64[Array, "*batch 7"]) -> Float64[Array, " *batch"]:
    """From the peg's end that is nearer to the socket's centre to the socket's axis, metre."""
    gap, axis, along = peg[..., :3] - socket[..., :3], axis_of(socket), axis_of(peg)
    end = gap - np.where((gap * along).sum(axis=-1, keepdims=True) < 0, -1.0, 1.0) * HALF_LENGTH * along
    aside: Array = np.linalg.norm(end - (end * axis).sum(axis=-1, keepdims=True) * axis, axis=-1)
    return aside
