"""A package of somebody else's, with a task and a policy: installed, found, recorded, trained, run and audited."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

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

    def call(*words, code=0):
        command = [sys.executable, "-c", "from harness.cli import main; main()", *map(str, words)]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
        assert done.returncode == code, done.stderr
        return done.stdout

    call("demos", "reach-v1")
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


@pytest.mark.parametrize("name", ["environment.py", "task.py", "policy.py", "learner.py"])
def test_the_readme_shows_this_very_package(name):
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), flags=re.DOTALL)
    code = (PACKAGE / "yours" / name).read_text(encoding="utf-8").strip()
    assert any(code in block for block in blocks), f"the README shows another {name}"
