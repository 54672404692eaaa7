"""Law 12: a policy or task that breaks its contract stops the run before the first rollout, in one line."""

import numpy as np
import pyarrow.parquet as pq
import pytest
from fakes import task as fake_task
from fakes.policies import NotANumber, Raising
from fakes.scenario import assignments, roll, write_manifest
from fakes.task import FakeEngine

from harness.cli import main
from harness.errors import PolicyOutputError, SamepanelError

MANIFEST = """\
schema: samepanel/manifest/v1
name: broken
seed: 5
include: [shared.yaml]
panel:
  tasks: [{task: fake-v1, split: heldout, scenes: 2}]
  conditions: [nominal]
policies: [{policy: broken, seeds: [0]}]
controls: [{control: zero}, {control: expert}]
run: {lanes: 4, threads: 1, device: cpu}
"""
BROKEN = {
    "misshapen": ("misshapen", {}, 2, ["float32 actions of shape (4, 4, 2)", "(4, 3, 2)", "fix:"]),
    "wrong dtype": ("double", {}, 2, ["float32 actions", "float64", "fix:"]),
    "not a number": ("nan", {}, 2, ["finite actions", "NaN or infinity", "fix:"]),
    "raising": ("raising", {}, 2, ["a plan", "RuntimeError: no idea what to do"]),
    "memory": ("memory", {}, 2, ["memory of shape (4, 0)", "(4, 3)"]),
    "diagnostics": ("undiagnosed", {}, 2, ["tokens"]),
    "another task": ("steady", {"task": "other-v1"}, 2, ["a policy of fake-v1", "one of other-v1", "fix:"]),
    "a camera that is none": (
        "steady",
        {"cameras": ["front"]},
        2,
        ["a camera of fake-v1: top, side", "'front'", "fix:"],
    ),
    "a field that is none": ("steady", {"reads": ["smell"]}, 2, ["a field of fake-v1: position", "'smell'", "fix:"]),
    "execute beyond chunk": ("steady", {}, 5, ["at most 4", "5"]),
}


@pytest.mark.parametrize(
    ("vision", "words"),
    [
        (
            {"cameras": ["front"]},
            ["shared.yaml:", "recipe.vision; expected a camera of fake-v1: top, side; got 'front'"],
        ),
        ({"cameras": ["side"], "crop": 20}, ["a crop of at most 16 pixels, the smaller side of camera 'side'", "20"]),
    ],
)
def test_a_camera_that_is_none_is_refused_before_training(plugins, tmp_path, capsys, vision, words):
    policies = {"broken": {"method": "act", "recipe": {"vision": vision}, "execution": {"execute": 1}}}
    said = complaint(capsys, "validate", write_manifest(tmp_path, text=MANIFEST, policies=policies))
    assert all(word in said for word in words)


@pytest.fixture
def engines(monkeypatch):
    """Every engine that is built."""
    built = []

    def make(threads):
        built.append(FakeEngine(threads))
        return built[-1]

    monkeypatch.setattr(fake_task.task, "_make_engine", make)
    return built


def complaint(capsys, *arguments):
    """Run the command line; it must end with code 2 and one line on stderr."""
    with pytest.raises(SystemExit) as left:
        main(list(map(str, arguments)))
    assert left.value.code == 2
    said = [line for line in capsys.readouterr().err.splitlines() if line.strip()]
    lines = [line for line in said if line.startswith("error: ")]
    assert len(lines) == 1
    assert said[-1] == lines[0]
    assert not any("Traceback" in line for line in said)
    return lines[0]


@pytest.mark.parametrize(("kind", "recipe", "execute", "words"), BROKEN.values(), ids=BROKEN)
def test_a_broken_policy_stops_the_run_before_the_first_rollout(
    plugins, engines, tmp_path, capsys, kind, recipe, execute, words
):
    policies = {
        "broken": {"method": "fake", "recipe": {"kind": kind, **recipe}, "execution": {"execute": execute}},
    }
    path, out = write_manifest(tmp_path, text=MANIFEST, policies=policies), tmp_path / "broken.parquet"
    line = complaint(capsys, "run", path, "--out", out)
    for word in words:
        assert word in line
    assert "broken" in line or "'fake'" in line
    trial_step = (1, 1)
    assert {request for engine in engines for request in engine.requests} <= {trial_step}
    assert not list(tmp_path.rglob("part-*.parquet"))
    assert not out.exists()


WRONG_ENGINES = {
    "observation": ("observe", lambda self, states: states[..., 1:6].astype(np.float32), "observation"),
    "observation dtype": ("observe", lambda self, states: states[..., 1:7], "float32"),
    "rest": ("rest", lambda self, states: np.zeros((len(states), 3), np.float32), "rest"),
}


@pytest.mark.parametrize(("method", "wrong", "word"), WRONG_ENGINES.values(), ids=WRONG_ENGINES)
def test_a_broken_task_stops_the_run_before_the_first_rollout(
    plugins, tmp_path, capsys, monkeypatch, method, wrong, word
):
    monkeypatch.setattr(FakeEngine, method, wrong)
    path = write_manifest(tmp_path, text=MANIFEST.replace("broken, seeds", "steady, seeds"))
    line = complaint(capsys, "run", path, "--out", tmp_path / "broken.parquet")
    assert "fake-v1" in line
    assert word in line
    assert not list(tmp_path.rglob("part-*.parquet"))


def test_a_policy_that_breaks_down_later_is_named_with_step_and_scene():
    with pytest.raises(PolicyOutputError, match=r"step 10 .*index=1"):
        roll(assignments(scenes=[1]), NotANumber(since=10))


def test_a_policy_that_raises_later_is_no_traceback():
    class Late(Raising):
        def actions(self, query):
            return super().actions(query) if query.steps[0] > 5 else super(Raising, self).actions(query)

    with pytest.raises(SamepanelError, match="RuntimeError: no idea what to do"):
        roll(assignments(scenes=[1]), Late())


def test_what_was_finished_before_a_policy_broke_down_is_kept(plugins, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("fakes.policies.KINDS", {})
    late = {"late": lambda **settings: NotANumber(since=20, **settings)}
    monkeypatch.setattr("fakes.methods.KINDS", late)
    policies = {"broken": {"method": "fake", "recipe": {"kind": "late"}, "execution": {"execute": 2}}}
    path, out = write_manifest(tmp_path, text=MANIFEST, policies=policies), tmp_path / "broken.parquet"
    line = complaint(capsys, "run", path, "--out", out)
    assert "finished episodes are kept" in line
    parts = list(tmp_path.rglob("part-*.parquet"))
    assert sum(len(pq.read_table(part, columns=["episode"])) for part in parts) == 4
