"""From the faults of a condition to the arrays of one episode: drawn before it starts, the same for every policy."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields, is_dataclass, replace
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
        effects = without_idle(applied.effects)
        record.append(_entry(fault, applied))
    return Realised(effects, tuple(record), effects_digest(effects))


def without_idle(effects: Effects) -> Effects:
    """Sensing, actuation and vision that change nothing are taken out: a fault of severity zero is no fault."""
    sensing, actuation, vision = effects.sensing, effects.actuation, effects.vision
    if sensing is not None and sensing.idle:
        effects = replace(effects, sensing=None)
    if actuation is not None and actuation.idle:
        effects = replace(effects, actuation=None)
    if vision is not None and vision.idle:
        effects = replace(effects, vision=None)
    return effects


def _entry(fault: Fault, applied: Applied) -> dict[str, Any]:
    params = fault.model_dump(mode="json", exclude={"fault", "task", "name"}, exclude_none=True)
    return {"id": fault.fault, "identity": fault.identity, "params": params, "realised": applied.summary}


def effects_digest(effects: Effects) -> str:
    """First 16 bytes of the SHA-256 over names, types, shapes and little-endian bytes of all effects, in hex.

    What is absent does not enter, so that an effect that came later changes no older digest.
    """
    return hashlib.sha256(_bytes(effects)).hexdigest()[:32]


def _bytes(value: Any) -> bytes:
    if isinstance(value, Dynamics):
        later = {key: part for key, part in asdict(value).items() if key != "scales" and part}
        return canonical_json([value.scales, later] if later else value.scales).encode()
    if isinstance(value, tuple):
        return b"".join(_bytes(part) for part in value)
    if is_dataclass(value):
        parts = {field.name: getattr(value, field.name) for field in fields(value)}
        return b"".join(name.encode() + _bytes(part) for name, part in parts.items() if part is not None)
    array = np.asarray(value)
    little = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    return f"{little.dtype.str}{array.shape}".encode() + little.tobytes()
