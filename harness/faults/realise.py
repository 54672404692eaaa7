"""From the faults of a condition to the arrays of one episode: drawn before it starts, the same for every policy."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from harness.contract.task import Dynamics, Scene, TaskContract
from harness.faults.base import Applied, Fault
from harness.faults.catalogue import acting_on
from harness.faults.effects import Effects, nominal
from harness.hashing import canonical_json
from harness.seeding import generator

__all__ = ["Realised", "effects_digest", "realise"]


@dataclass(frozen=True)
class Realised:
    """The faults of one episode.

    Attributes:
        effects: what the step loop applies.
        record: per fault, in canonical order: `id`, `identity`, `params` (SI, as text with units) and `realised`
            (what was drawn). JSON.
        digest: hash of every number in `effects`; equal digests mean bit-identical faults.
    """

    effects: Effects
    record: tuple[dict[str, Any], ...]
    digest: str


def realise(contract: TaskContract, faults: Iterable[Fault], *, seed: int, scene: Scene, replicate: int) -> Realised:
    """Draw and compose the faults that act on the task, in an order that does not depend on the manifest's.

    Every fault draws from a stream of its own, keyed by panel seed, task, split, scene, replicate and the fault's
    identity (law 3), so removing one never changes another. No policy is known here (law 2).

    Args:
        contract: of the scene's task.
        faults: of the condition; those of other tasks are left out.
        seed: of the panel.
        scene: where the episode starts; its variables are not read.
        replicate: which repetition of the scene.
    """
    effects, record = nominal(contract), []
    for fault in acting_on(faults, contract.id):
        stream = f"fault/{fault.identity}"
        rng = generator(seed, contract.id, scene.split, scene.index, replicate, stream)
        applied = fault.apply(effects, contract, rng)
        effects = applied.effects
        record.append(_entry(fault, applied))
    return Realised(effects, tuple(record), effects_digest(effects))


def _entry(fault: Fault, applied: Applied) -> dict[str, Any]:
    params = fault.model_dump(mode="json", exclude={"fault", "task", "name"}, exclude_none=True)
    return {"id": fault.fault, "identity": fault.identity, "params": params, "realised": applied.summary}


def effects_digest(effects: Effects) -> str:
    """First 16 bytes of the SHA-256 over names, types, shapes and little-endian bytes of all effects, in hex."""
    digest = hashlib.sha256()
    for field in fields(effects):
        digest.update(field.name.encode())
        digest.update(_bytes(getattr(effects, field.name)))
    return digest.hexdigest()[:32]


def _bytes(value: object) -> bytes:
    if isinstance(value, Dynamics):
        return canonical_json(value.scales).encode()
    array = np.asarray(value)
    little = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    return f"{little.dtype.str}{array.shape}".encode() + little.tobytes()
