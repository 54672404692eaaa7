"""Seeing an episode again: its recorded actions on its own scene under its own faults, through the same simulator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from itertools import pairwise
from typing import Any

import numpy as np
from jaxtyping import Float64

from harness.artifact.reader import Artifact
from harness.contract.fields import Array
from harness.contract.scenes import draw_scene
from harness.contract.task import Advance, Engine, Task
from harness.errors import ArtifactError
from harness.faults.realise import realise
from harness.manifest.panel import Panel
from harness.registry import load

__all__ = ["Replay", "replay"]


@dataclass(frozen=True)
class Replay:
    """An episode simulated again.

    Attributes:
        states: engine states at t = 0..n.
        first_difference: first control step after which the state differs from the recorded one; None if none does.
    """

    task: Task
    row: Mapping[str, Any]
    states: Float64[Array, "n_plus_1 state"]
    first_difference: int | None


def replay(artifact: Artifact, episode: str) -> Replay:
    """Simulate an episode again from the artifact alone.

    Raises:
        UnknownIdError: the artifact holds no such episode.
        ArtifactError: the episode is an `error` row, or its task has changed since.
    """
    row = artifact.row(episode)
    panel = Panel.model_validate(artifact.metadata["manifest"]["panel"])
    entry = panel.tasks[f"{row['task']}/{row['split']}"]
    task: Task = load("tasks", row["task"])
    if row["outcome"] == "error":
        raise ArtifactError(
            f"episode {row['episode']}", got="an error row: nothing was simulated", fix="choose another"
        )
    if task.contract != entry.contract:
        raise ArtifactError(
            f"episode {row['episode']}",
            expected=f"the contract of {row['task']} that the artifact holds",
            got="another one, here and now",
            fix="use the samepanel version in the artifact's provenance",
        )
    engine = task.engine(1)
    states = _simulate(engine, panel, row)
    return Replay(task, row, states, _first_difference(states, row["trace"]["state_hashes"]))


def _simulate(engine: Engine, panel: Panel, row: Mapping[str, Any]) -> Float64[Array, "n_plus_1 state"]:
    contract = engine.contract
    scene = draw_scene(contract, panel.seed, row["split"], row["scene"])
    faults = panel.conditions[row["condition"]]
    effects = realise(contract, faults, seed=panel.seed, scene=scene, replicate=row["replicate"]).effects
    applied = np.array(row["trace"]["applied"], np.float32)[None]
    states = [engine.reset([scene])]
    for first, stop in _stretches(effects.shift_step, len(applied[0])):
        if first == effects.shift_step:
            states[-1] = states[-1].copy()
            states[-1][-1:] = engine.shift(states[-1][-1:], effects.shift[None])
        request = Advance(states[-1][-1:], applied[:, first:stop], effects.push[None, first:stop], [effects.dynamics])
        states.append(engine.advance(request).states[0])
    return np.concatenate(states)


def _stretches(shift_step: int, steps: int) -> list[tuple[int, int]]:
    """The episode, cut where the object is shifted."""
    cuts = [0, *([shift_step] if 0 < shift_step < steps else []), steps]
    return [(first, stop) for first, stop in pairwise(cuts) if stop > first]


def _first_difference(states: Float64[Array, "n_plus_1 state"], recorded: list[int]) -> int | None:
    """Compare by the hashes of the trace. The state before a shift is recorded after it, and hashed so."""
    for step, expected in enumerate(recorded):
        got = int.from_bytes(blake2b(states[step + 1].tobytes(), digest_size=8).digest(), "little")
        if got != expected:
            return step
    return None
