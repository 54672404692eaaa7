"""Pictures from end to end: drawn of demonstrations, trained on, drawn of rollouts, kept in an artifact, audited."""

import json

import pytest
from fakes.scenario import write_manifest

from harness.artifact.reader import open_artifact
from harness.cli import main

EYES = {"crop": 16, "channels": [8, 16], "blocks": 1, "keypoints": 4, "features": 8}
SIZES = {"steps": 3, "batch": 8, "width": 8, "chunk": 4}
POLICIES = {
    "act": {"model": 16, "feedforward": 16, "heads": 2, "latent": 4},
    "diffusion": {"denoiser": "mlp", "hidden": 16, "embedding": 8, "inference_steps": 2, "n_obs": 2},
    "vqbet": {"tokenizer_steps": 3, "model": 16, "heads": 2, "blocks": 1, "latent": 8, "n_obs": 2},
}
MANIFEST = """\
schema: samepanel/manifest/v1
name: seeing
seed: 5
include: [shared.yaml]
panel:
  tasks: [{task: TASK, split: heldout, scenes: 2}]
  conditions: [nominal, drops]
policies: POLICIES
controls: [{control: zero}]
run: {lanes: 4, threads: 1, device: cpu}
"""


def written(folder, task, cameras, methods, **vision):
    policies = {
        name: {
            "method": name,
            "recipe": {**SIZES, **POLICIES[name], "vision": {"cameras": cameras, **EYES, **vision}},
            "execution": {"execute": 4},
            "demonstrations": {"first": 2},
        }
        for name in methods
    }
    entries = json.dumps([{"policy": name, "seeds": [0]} for name in methods])
    text = MANIFEST.replace("TASK", task).replace("POLICIES", entries)
    return write_manifest(folder, text=text, policies=policies)


def call(*arguments):
    with pytest.raises(SystemExit) as left:
        main([str(item) for item in arguments])
    return left.value.code


def rows_of(path):
    names = ("policy", "condition", "outcome", "digest")
    return [row for row in open_artifact(path).columns(*names).to_pylist() if row["policy"] != "zero"]


def test_three_methods_train_on_pictures_act_on_them_and_are_reproduced(plugins, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("SAMEPANEL_CACHE", str(tmp_path / "cache"))
    path, out = written(tmp_path, "fake-v1", ["top", "side"], sorted(POLICIES)), tmp_path / "seeing.parquet"
    assert call("run", path, "--out", out) == 0, capsys.readouterr().err
    rows = rows_of(out)
    assert len(rows) == 3 * 2 * 2
    assert {row["outcome"] for row in rows} <= {"success", "failure"}
    monkeypatch.setenv("SAMEPANEL_CACHE", str(tmp_path / "another"))
    assert call("audit", out, "--all", "--threads", 2) == 0, capsys.readouterr().out
    assert "reproduced: " in capsys.readouterr().out


def test_a_policy_that_sees_acts_on_a_task_of_the_panel(workplace, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("SAMEPANEL_CACHE", str(tmp_path / "cache"))
    path = written(tmp_path, "pusht-v1", ["top"], ["act"], crop=88)
    text = path.read_text().replace("[nominal, drops]", "[nominal]").replace("scenes: 2", "scenes: 1")
    path.write_text(text)
    out = tmp_path / "seeing.parquet"
    assert call("run", path, "--out", out) == 0, capsys.readouterr().err
    [row] = rows_of(out)
    assert row["outcome"] in ("success", "failure")
    assert call("audit", out, "--episode", _episode(out)) == 0, capsys.readouterr().out


def _episode(path):
    rows = open_artifact(path).columns("policy", "episode").to_pylist()
    return next(row["episode"] for row in rows if row["policy"] == "act-s0")
