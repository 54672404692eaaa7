"""Tasks, methods and controls that exist only here, and a folder with a manifest that is right."""

from dataclasses import dataclass

import pytest
from pydantic import BaseModel, ConfigDict, Field

from harness import registry
from harness.contract.fields import ActionField, ObservationField
from harness.contract.task import DatasetPromise, Range, Signal, TaskContract

MANIFEST = """\
schema: samepanel/manifest/v1
name: mine
seed: 7
include: [shared.yaml]
panel:
  tasks:
    - {task: reach-v1, split: heldout, scenes: 3}
    - {task: lift-v2, split: stress, scenes: 2}
  conditions: [nominal, drops, noise]
  replicates: 2
policies:
  - {policy: clone, seeds: [0, 1]}
controls:
  - {control: zero}
  - {control: expert, conditions: all}
  - {control: shuffled, of: clone}
run: {lanes: 4}
"""

SHARED = """\
conditions:
  drops:
    - {fault: observation.frame_drop, probability: 60 %}
  noise:
    - {fault: observation.noise, task: reach-v1, field: tip, std: 1 cm}
    - {fault: action.delay, delay: 200 ms}
policies:
  clone:
    method: bc
    recipe: {steps: 10, network: {width: 8}}
    execution: {execute: 2}
    tasks:
      lift-v2:
        recipe: {network: {depth: 3}}
        execution: {execute: 4, ensemble: 0.01}
"""


class Network(BaseModel):
    model_config = ConfigDict(extra="forbid")
    width: int = 4
    depth: int = 2


class Recipe(BaseModel):
    model_config = ConfigDict(extra="forbid")
    steps: int = Field(default=100, gt=0)
    chunk: int = 4
    network: Network = Network()


@dataclass(frozen=True)
class FakeMethod:
    name: str = "bc"
    version: int = 3
    recipe: type[BaseModel] = Recipe


@dataclass(frozen=True)
class FakeTask:
    contract: TaskContract


def make_contract(task):
    tip = {"size": 1, "unit": "m", "frame": "world", "low": (0.0,), "high": (1.0,), "description": "tip"}
    reach = {"x": Range(low=-0.1, high=0.1, unit="m"), "yaw": Range(low=0.0, high=1.0, unit="rad")}
    return TaskContract(
        id=task,
        description="touch",
        robot="arm",
        simulator="none 1.0",
        observation=(ObservationField(name="tip", rate_hz=10.0, proprioceptive=False, **tip),),
        action=(ActionField(name="target", mode="position", agent="arm", **tip),),
        control_period_s=0.1,
        physics_step_s=0.01,
        horizon=60,
        timing_budget_s=0.05,
        success="near",
        success_signal="progress",
        success_threshold=1.0,
        object="ball",
        dynamics=("object_mass",),
        resets={"train": reach, "heldout": reach, "stress": reach | {"x": Range(low=0.2, high=0.2, unit="m")}},
        signals=(Signal(name="progress", unit="1", role="progress", description="progress"),),
        stages=("near",),
        cameras=(),
        dataset=DatasetPromise(operator="none", episodes=1, license="Apache-2.0", action_noise=(0.0,)),
        license="Apache-2.0",
    )


REGISTERED = {
    "tasks": {task: FakeTask(make_contract(task)) for task in ("reach-v1", "lift-v2")},
    "methods": {"bc": FakeMethod()},
    "controls": dict.fromkeys(("zero", "random", "expert", "shuffled", "replay")),
}


@pytest.fixture(scope="session")
def contract():
    return REGISTERED["tasks"]["reach-v1"].contract


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working folder with mine.yaml and shared.yaml, and a registry with the tasks and the method they name."""
    monkeypatch.setattr(registry, "ids", lambda group: sorted(REGISTERED[group]))
    monkeypatch.setattr(registry, "load", lambda group, name: REGISTERED[group][name])
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yaml").write_text(MANIFEST)
    (tmp_path / "shared.yaml").write_text(SHARED)
    return tmp_path


@pytest.fixture
def edited(folder):
    """Replace one text in one of the two files; the text must be there once."""

    def edit(name, old, new):
        text = (folder / name).read_text()
        assert text.count(old) == 1
        (folder / name).write_text(text.replace(old, new))

    return edit
