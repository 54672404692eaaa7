"""Demonstrations in memory, and what makes two sets the same."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float32

from harness.contract.fields import Array
from harness.contract.task import TaskContract
from harness.hashing import canonical_json

__all__ = ["Demonstrations", "content_hash", "layout"]


@dataclass(frozen=True)
class Demonstrations:
    """Recorded episodes of one task; observations and actions are flat vectors in contract order.

    Attributes:
        observations: per episode, measured before the action of the same row.
        actions: per episode, the clean command.
        scenes: per episode, the index of its scene in the split `train`.
        info: who recorded them, how, on what: the `samepanel` section of meta/info.json.
    """

    observations: tuple[Float32[Array, "steps observation"], ...]
    actions: tuple[Float32[Array, "steps action"], ...]
    scenes: tuple[int, ...]
    info: Mapping[str, Any]


def layout(contract: TaskContract) -> dict[str, Any]:
    """What a data set must share with a contract to be of that task: names, sizes and units, in order."""
    return {
        "task": contract.id,
        "observation": [[field.name, field.size, field.unit, field.frame] for field in contract.observation],
        "action": [[field.name, field.size, field.unit, field.mode] for field in contract.action],
        "control_period_s": contract.control_period_s,
    }


def content_hash(demonstrations: Demonstrations, contract: TaskContract) -> str:
    """Hash of the layout and of every number, independent of the files that hold them."""
    digest = hashlib.sha256(canonical_json(layout(contract)).encode())
    rows = zip(demonstrations.scenes, demonstrations.observations, demonstrations.actions, strict=True)
    for scene, observations, actions in rows:
        digest.update(f"{scene}:{len(actions)};".encode())
        digest.update(np.ascontiguousarray(observations, np.float32).tobytes())
        digest.update(np.ascontiguousarray(actions, np.float32).tobytes())
    return digest.hexdigest()[:32]
