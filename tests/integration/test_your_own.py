"""A package of somebody else's, with a task and a policy: installed, found, recorded, trained, run and audited."""

import importlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from harness import registry
from harness.demonstrations import read, write
from harness.errors import SamepanelError
from harness.manifest.loading import load_manifest

PACKAGE = Path(__file__).parents[1] / "yours"
README = Path(__file__).parents[2] / "README.md"


@pytest.fixture(scope="module")
def samepanel(tmp_path_factory):
    """Calls the command line where the package is installed; returns what it said."""
    place = tmp_path_factory.mktemp("site")
    install = ["-m", "uv", "pip", "install", "--quiet", "--python", sys.executable, "--target", str(place)]
    local = ["--no-deps", "--no-build-isolation", "--no-index", "--no-cache", str(PACKAGE)]
    subprocess.run([sys.executable, *install, *local], check=True)
    folder = tmp_path_factory.mktemp("work")
    here = os.environ.get("PYTHONPATH", "")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, [str(place), here])), "COLUMNS": "200"}

    def call(*words, code=0, says=""):
        command = [sys.executable, "-c", "from harness.cli import main; main()", *map(str, words)]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
        assert done.returncode == code, done.stderr
        assert says in " ".join(done.stderr.split())
        assert "Traceback" not in done.stderr
        return done.stdout

    call("demos", "reach-v1")
    call.demonstrations = place / "yours" / "demonstrations"
    return call


@pytest.fixture(scope="module")
def artifact(samepanel, tmp_path_factory):
    out = tmp_path_factory.mktemp("run") / "yours.parquet"
    samepanel("run", PACKAGE / "panel.yaml", "--out", out)
    return out


def test_both_are_found(samepanel):
    assert "reach-v1" in samepanel("list", "tasks")
    assert "220 episodes, 2 checkpoints" in samepanel("validate", PACKAGE / "panel.yaml")


def test_your_policy_learns_your_task(artifact):
    rows = pd.read_parquet(artifact, columns=["policy", "task", "condition", "outcome", "success"])
    assert set(rows.outcome) <= {"success", "failure"}
    nominal = rows[rows.condition == "nominal"].groupby("policy").success.mean()
    assert nominal["expert"] == 1
    assert nominal["mine-s0"] > 0.9
    assert nominal["zero"] == 0


def test_faults_reach_your_environment(artifact):
    rows = pd.read_parquet(artifact, columns=["policy", "condition", "steps"])
    steps = rows[rows.policy == "expert"].groupby("condition").steps.mean()
    assert steps["worn"] > steps["nominal"]


def test_an_audit_reproduces_every_episode(samepanel, artifact):
    assert "reproduced" in samepanel("audit", artifact, "--all")


DECLARED = """
schema: samepanel/manifest/v1
name: declared
seed: 1
include: [{parts}]
panel:
  tasks:
    - task: {task}
      gymnasium:
        id: yours/Reach-v0
        module: {module}
        control_period: 100 ms
        horizon: 30
        success: is_success
        {more}
      scenes: 3
  conditions: [nominal, late]
{policies}
controls:
  - {{control: zero}}
  - {{control: random, conditions: all}}
"""


def declared(folder, *, task="my-reach-v1", module="yours.environment", more="", policies=""):
    path = folder / "declared.yaml"
    parts = PACKAGE / "parts.yaml"
    path.write_text(DECLARED.format(parts=parts, task=task, module=module, more=more, policies=policies))
    return path


def test_a_manifest_alone_makes_an_environment_a_task(samepanel, tmp_path):
    out = tmp_path / "declared.parquet"
    samepanel("run", declared(tmp_path), "--out", out)
    rows = pd.read_parquet(out)
    assert set(rows.task) == {"my-reach-v1"}
    assert set(rows.outcome) <= {"success", "failure"}
    (tmp_path / "declared.yaml").unlink()
    assert "reproduced" in samepanel("audit", out, "--all")


def test_policies_learn_from_the_demonstrations_that_a_manifest_names(samepanel, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(PACKAGE))
    contract = importlib.import_module("yours.task").contract
    recorded = read(samepanel.demonstrations, contract)
    write(tmp_path / "recorded", contract.model_copy(update={"id": "my-reach-v1"}), recorded)
    more, policies = "demonstrations: recorded", "policies:\n  - {policy: bc, seeds: [0]}"
    out = tmp_path / "declared.parquet"
    samepanel("run", declared(tmp_path, more=more, policies=policies), "--out", out)
    rows = pd.read_parquet(out, columns=["policy", "condition", "success"])
    assert rows[(rows.policy == "bc-s0") & (rows.condition == "nominal")].success.all()


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"task": "pusht-v1"}, "that of a registered task"),
        ({"task": "reach"}, "e.g. my-task-v1"),
        ({"module": "nobodys"}, "No module named 'nobodys'"),
        ({"more": "arguments: {speed: 2}"}, "'speed': 2"),
        ({"more": "demonstrations: nowhere"}, "nowhere"),
        ({"more": "succes: x"}, "succes"),
    ],
)
def test_what_is_wrong_is_one_sentence(tmp_path, monkeypatch, change, complaint):
    monkeypatch.syspath_prepend(str(PACKAGE))
    monkeypatch.setattr(registry, "_declared", {})
    with pytest.raises(SamepanelError, match=re.escape(complaint)):
        load_manifest(declared(tmp_path, **change))


def test_a_policy_with_nothing_to_learn_from_is_one_sentence(samepanel, tmp_path):
    path = declared(tmp_path, policies="policies:\n  - {policy: bc, seeds: [0]}")
    samepanel("run", path, "--out", tmp_path / "no.parquet", code=2, says="no meta/info.json")
    assert not (tmp_path / "no.parquet").exists()


@pytest.mark.parametrize("name", ["environment.py", "task.py", "policy.py", "learner.py"])
def test_the_readme_shows_this_very_package(name):
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), flags=re.DOTALL)
    code = (PACKAGE / "yours" / name).read_text(encoding="utf-8").strip()
    assert any(code in block for block in blocks), f"the README shows another {name}"
