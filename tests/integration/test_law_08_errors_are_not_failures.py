"""Law 8: a crash is an `error` row: unscored, counted, shown; retried, and never read as a failure."""

import pyarrow.parquet as pq
import pytest
from fakes import task as fake_task
from fakes.policies import Steady
from fakes.scenario import assignments, roll, row_of, run_manifest, same, write_manifest
from fakes.task import SCENE, FakeEngine

from harness.cli.tables import print_summary, summary_json

MANIFEST = """\
schema: samepanel/manifest/v1
name: crashing
seed: 5
include: [shared.yaml]
panel:
  tasks: [{task: fake-v1, split: heldout, scenes: 4}]
  conditions: [nominal, shift]
policies: [{policy: steady, seeds: [0]}]
controls: [{control: zero}, {control: expert}]
run: {lanes: 4, threads: 1, device: cpu}
"""


def crash_on(scene, times=None):
    """A simulator bug that scene `scene` meets, always or the first `times` times."""
    left = [times]

    def raising(states):
        if (states[:, SCENE] == scene).any() and left[0] != 0:
            left[0] = None if left[0] is None else left[0] - 1
            raise FloatingPointError("mass matrix is singular")

    return raising


@pytest.mark.parametrize("lanes", [1, 3, 8])
def test_a_simulator_that_raises_costs_only_the_lane_that_makes_it_raise(lanes):
    todo = assignments(["nominal", "everything"], range(3))
    sound = roll(todo)
    done = roll(todo, engine=FakeEngine(raising=crash_on(1)), lanes=lanes)
    assert set(done) == set(sound)
    for episode, rollout in done.items():
        if "/1/" in episode:
            assert rollout.error == "simulator: FloatingPointError: mass matrix is singular"
            assert rollout.steps == 0
        else:
            assert not rollout.error
            same(rollout, sound[episode])


def test_a_crash_that_does_not_come_back_leaves_no_trace():
    todo = assignments(["nominal"], range(3))
    done = roll(todo, engine=FakeEngine(raising=crash_on(1, times=2)))
    for episode, rollout in roll(todo).items():
        same(done[episode], rollout)


def test_retries_are_bounded():
    engine = FakeEngine(raising=crash_on(0))
    roll(assignments(scenes=[0]), engine=engine)
    assert 1 < len(engine.requests) <= 4


def test_a_lane_that_crashed_is_used_again():
    done = roll(assignments(scenes=range(5)), engine=FakeEngine(raising=crash_on(0)), lanes=1)
    assert [bool(done[f"nominal/{k}/0"].error) for k in range(5)] == [True, False, False, False, False]


@pytest.mark.parametrize("method", ["reset", "observe", "rest", "shift"])
def test_every_call_of_a_simulator_may_crash(method):
    engine, sound = FakeEngine(), roll(assignments(["shift"], range(3)))
    healthy = getattr(engine, method)

    def crash(first, *more):
        scenes = [s.index for s in first] if method == "reset" else first[..., SCENE].ravel()
        if 1 in scenes:
            raise FloatingPointError("boom")
        return healthy(first, *more)

    setattr(engine, method, crash)
    done = roll(assignments(["shift"], range(3)), engine=engine)
    assert {episode: bool(rollout.error) for episode, rollout in done.items()} == {
        "shift/0/0": False,
        "shift/1/0": True,
        "shift/2/0": False,
    }
    same(done["shift/0/0"], sound["shift/0/0"])
    assert row_of(done["shift/1/0"], condition="shift")["outcome"] == "error"


def test_the_row_of_an_error_scores_nothing():
    [rollout] = roll(assignments(scenes=[0]), engine=FakeEngine(raising=crash_on(0))).values()
    row = row_of(rollout)
    assert row["outcome"] == "error"
    assert "FloatingPointError" in row["error"]
    unscored = ("success", "success_step", "progress", "stage", "saturation", "action_error", "jerk", "latency_steps")
    assert {name: row.get(name) for name in unscored} == dict.fromkeys(unscored)


def test_a_simulation_that_diverges_is_a_failure_with_that_evidence():
    done = roll(assignments(scenes=range(3)), Steady(), engine=FakeEngine(diverging=[1], diverges_after=5))
    row = row_of(done["nominal/1/0"])
    assert (row["outcome"], row["diverged"], row["steps"], row["success"]) == ("failure", True, 5, False)
    same(done["nominal/0/0"], roll(assignments(scenes=[0]))["nominal/0/0"])


def test_a_run_counts_and_shows_errors(plugins, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(fake_task.task, "_make_engine", lambda threads: FakeEngine(raising=crash_on(2)))
    out = tmp_path / "crashing.parquet"
    run_manifest(write_manifest(tmp_path, text=MANIFEST), out)
    rows = pq.read_table(out, columns=["scene", "outcome", "success", "failure_category"]).to_pylist()
    for row in rows:
        assert (row["outcome"] == "error") == (row["scene"] == 2)
        assert (row["success"] is None) == (row["scene"] == 2)
        assert row["failure_category"] == "none" or row["outcome"] == "failure"
    summary = summary_json(out)
    assert summary["errors"] == 4
    assert {cell["scored"] for cell in summary["cells"]} == {3}
    assert {cell["errors"] for cell in summary["cells"]} == {1}
    print_summary(out)
    printed = capsys.readouterr().out
    assert "4 errors" in printed
    assert "1 err" in printed


def test_a_control_that_only_crashes_does_not_certify_the_run(plugins, tmp_path, monkeypatch):
    def always(states):
        if (states[:, 0] > 0.1).any():
            raise OSError("no simulator")

    monkeypatch.setattr(fake_task.task, "_make_engine", lambda threads: FakeEngine(raising=always))
    out = tmp_path / "dead.parquet"
    run_manifest(write_manifest(tmp_path, text=MANIFEST), out)
    summary = summary_json(out)
    assert not summary["valid"]
    assert {cell["rate"] for cell in summary["cells"]} == {None}
