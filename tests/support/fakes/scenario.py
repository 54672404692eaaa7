"""Rollouts and runs on fake-v1, described in a line or two."""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from pydantic import TypeAdapter

from fakes.policies import Steady
from fakes.task import CONTRACT, FakeEngine, FakeTask
from harness import registry
from harness.artifact.rows import Identity, build_row
from harness.contract.fields import bounds
from harness.contract.policy import Execution
from harness.contract.scenes import draw_scene
from harness.executors.local import Options, run
from harness.executors.recording import record
from harness.faults.catalogue import AnyFault
from harness.faults.realise import realise
from harness.manifest.loading import load_manifest
from harness.rollout.episode import Assignment, Rollout
from harness.rollout.rounds import rollouts
from harness.rollout.sight import Solo

PLUGIN = Path(__file__).parents[1] / "plugin"
WALKERS = Path(__file__).parents[1] / "walkers"
SUPPORT = Path(__file__).parents[1]
SEED = 11

FAULTS = {
    "nominal": [],
    "drops": [{"fault": "observation.frame_drop", "probability": "50 %", "burst": "200 ms"}],
    "late": [{"fault": "observation.delay", "delay": "300 ms"}],
    "noise": [{"fault": "observation.noise", "field": "position", "std": "5 cm"}],
    "bias": [{"fault": "observation.bias", "field": "goal", "bias": "30 cm"}],
    "command-drops": [{"fault": "action.dropout", "probability": "50 %"}],
    "command-delay": [{"fault": "action.delay", "delay": "300 ms"}],
    "action-noise": [{"fault": "action.noise", "field": "target", "std": "5 cm"}],
    "weak": [{"fault": "action.saturation", "range": "20 %"}],
    "slow": [{"fault": "timing.latency", "latency": ["100 ms", "500 ms"]}],
    "glacial": [{"fault": "timing.latency", "latency": "700 ms"}],
    "heavy": [{"fault": "dynamics.scale", "parameter": "object_mass", "factor": [2, 4]}],
    "push": [
        {"fault": "dynamics.push", "force": "3 N", "window": {"start": "500 ms", "stop": "2 s", "length": "400 ms"}}
    ],
    "shift": [{"fault": "scene.object_shift", "distance": "40 cm", "window": {"start": "300 ms", "stop": "2 s"}}],
    "everything": [
        {"fault": "observation.frame_drop", "probability": "30 %", "burst": "200 ms"},
        {"fault": "observation.noise", "field": "position", "std": "1 cm"},
        {"fault": "action.dropout", "probability": "20 %"},
        {"fault": "timing.latency", "latency": ["0 ms", "300 ms"]},
        {"fault": "dynamics.scale", "parameter": "object_mass", "factor": [0.8, 1.5]},
        {"fault": "dynamics.push", "force": "1 N", "window": {"start": "1 s", "stop": "2 s", "length": "300 ms"}},
        {"fault": "scene.object_shift", "distance": "20 cm", "window": {"start": "500 ms", "stop": "3 s"}},
    ],
}
CONDITIONS = tuple(FAULTS)

MANIFEST = """\
schema: samepanel/manifest/v1
name: fake
seed: 5
include: [shared.yaml]
panel:
  tasks:
    - {task: fake-v1, split: heldout, scenes: 3}
  conditions: [nominal, drops, slow, shift]
policies:
  - {policy: steady, seeds: [0]}
  - {policy: noisy, seeds: [0, 1]}
controls:
  - {control: zero}
  - {control: random}
  - {control: expert, conditions: all}
  - {control: replay}
  - {control: shuffled, of: steady}
run: {lanes: 8, threads: 1, device: cpu}
"""

POLICIES = {
    "steady": {"method": "fake", "recipe": {}, "execution": {"execute": 2}},
    "noisy": {"method": "fake", "recipe": {"sigma": 0.05}, "execution": {"execute": 1, "ensemble": 0.1}},
}


@contextmanager
def plugins(folder: Path = PLUGIN) -> Iterator[None]:
    """The task and the method are registered, here and in the processes started from here."""
    sys.path.insert(0, str(folder))
    _forget()
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        _forget()


def _forget() -> None:
    importlib.invalidate_caches()
    registry._points.cache_clear()
    registry.load.cache_clear()


def faults(condition):
    return TypeAdapter(tuple[AnyFault, ...]).validate_python(FAULTS[condition])


def realised(condition="nominal", scene=0, replicate=0, contract=CONTRACT, split="heldout"):
    drawn = draw_scene(contract, SEED, split, scene)
    return realise(contract, faults(condition), seed=SEED, scene=drawn, replicate=replicate)


def assignment(condition="nominal", scene=0, replicate=0, contract=CONTRACT, split="heldout"):
    return Assignment(
        episode=f"{condition}/{scene}/{replicate}",
        scene=draw_scene(contract, SEED, split, scene),
        effects=realised(condition, scene, replicate, contract, split).effects,
        noise_key=(SEED, contract.id, split, scene, replicate, "policy/noise"),
    )


def assignments(conditions=("nominal",), scenes=range(3), contract=CONTRACT):
    return [assignment(condition, scene, contract=contract) for condition in conditions for scene in scenes]


def roll(
    todo, policy=None, *, execution=None, lanes=4, engine=None, clock=None, artist=None, every_step=False
) -> dict[str, Rollout]:
    """Rollouts by episode."""
    policy = policy or Steady()
    execution = execution or Execution(execute=2)
    artist = artist or Solo(FakeTask())
    done = rollouts(
        engine or FakeEngine(),
        policy,
        execution,
        todo,
        lanes=lanes,
        clock=clock,
        artist=artist,
        every_step=every_step,
    )
    return {rollout.assignment.episode: rollout for rollout in done}


def row_of(rollout, condition="nominal", contract=CONTRACT, familiarity=None, **identity):
    """The row of a rollout that `assignment` described."""
    scene = rollout.assignment.scene
    fields = {
        "episode": rollout.assignment.episode,
        "purpose": "panel",
        "policy": "steady-s0",
        "method": "steady",
        "training_seed": 0,
        "policy_hash": "weights",
        "task": contract.id,
        "split": scene.split,
        "condition": condition,
        "scene": scene.index,
        "replicate": 0,
        "panel_id": "panel",
    } | identity
    drawn = realised(condition, scene.index, 0, contract, scene.split)
    return build_row(Identity(**fields), rollout, drawn, contract, familiarity)


def digests(done: dict[str, Rollout]) -> dict[str, str]:
    """Digest of every rollout, by episode."""
    return {
        episode: row_of(rollout, condition=episode.split("/")[0])["digest"] for episode, rollout in sorted(done.items())
    }


def same(first: Rollout, second: Rollout) -> None:
    """Assert that two rollouts agree bit for bit in all but measured times."""
    for name in ("states", "measured", "obs_id", "plan_step", "chunk_index", "commanded", "applied", "signals"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name), err_msg=name)
    assert first.query_hashes == second.query_hashes
    assert first.query_steps.tolist() == second.query_steps.tolist()


def record_demonstrations():
    return record(FakeTask(), lanes=8, threads=1, progress=lambda done, total: None)


def write_manifest(folder, *, text=MANIFEST, policies=None, conditions=FAULTS):
    """mine.yaml and shared.yaml (JSON is YAML); returns the manifest's path."""
    shared = {
        "conditions": {name: items for name, items in conditions.items() if items},
        "policies": policies or POLICIES,
    }
    (folder / "shared.yaml").write_text(json.dumps(shared))
    path = folder / "mine.yaml"
    path.write_text(text)
    return path


def run_manifest(path, out, *, lanes=8, threads=1, overwrite=False, watcher=None):
    """Run in this process."""
    return run(load_manifest(path), Options(out, lanes, threads, "cpu", overwrite), watcher)


def environment():
    """For subprocesses that shall know the fakes."""
    paths = [str(PLUGIN), str(SUPPORT), os.environ.get("PYTHONPATH", "")]
    return os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths)), "OMP_NUM_THREADS": "1"}


ACTION_LOW, ACTION_HIGH = bounds(CONTRACT.action)
