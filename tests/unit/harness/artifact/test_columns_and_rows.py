"""From rollouts to rows, and from rows to Arrow and back."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from fakes.policies import Steady, Still
from fakes.scenario import assignment, assignments, roll, row_of
from fakes.task import FakeEngine

from harness.artifact.columns import table
from harness.artifact.schema import COLUMNS, SCHEMA


def crash(states):
    raise RuntimeError("boom")


@pytest.fixture(scope="module")
def rollouts():
    return {
        "success": roll([assignment("everything", 1)], Steady(diagnostics={"tokens": 2}))["everything/1/0"],
        "failure": roll([assignment("nominal", 2)], Still())["nominal/2/0"],
        "error": roll([assignment("nominal", 3)], engine=FakeEngine(raising=crash))["nominal/3/0"],
        "diverged": roll([assignment("nominal", 1)], engine=FakeEngine(diverging=[1], diverges_after=0))["nominal/1/0"],
    }


@pytest.fixture(scope="module")
def rows(rollouts):
    conditions = {"success": "everything"}
    return {name: row_of(item, conditions.get(name, "nominal")) for name, item in rollouts.items()}


def plain(value):
    return value.tolist() if isinstance(value, np.ndarray) else value


@pytest.mark.parametrize("chosen", [["success"], ["error"], ["diverged", "error"], ["success", "error", "failure"]])
def test_a_table_gives_back_its_rows(rows, chosen):
    made = table([rows[name] for name in chosen])
    assert made.schema == SCHEMA
    made.validate(full=True)
    for name, back in zip(chosen, made.to_pylist(maps_as_pydicts="strict"), strict=True):
        row = rows[name]
        assert set(row) <= set(SCHEMA.names)
        for key in ("episode", "outcome", "success", "steps", "progress", "exposure", "signals_max", "digest", "error"):
            assert back[key] == plain(row.get(key))
        for key, value in row["trace"].items():
            if key == "signals":
                assert {k: plain(v) for k, v in value.items()} == back["trace"]["signals"]
            else:
                assert back["trace"][key] == plain(value)


def test_traces_are_as_long_as_the_episode(rows, rollouts):
    for name, row in rows.items():
        for key in ("obs_id", "plan_step", "chunk_index", "commanded", "applied", "progress", "state_hashes", "chain"):
            assert len(row["trace"][key]) == rollouts[name].steps
    assert rollouts["success"].steps > 5


def test_outcomes(rows):
    assert [rows[name]["outcome"] for name in rows] == ["success", "failure", "error", "failure"]
    assert [rows[name].get("success") for name in rows] == [True, False, None, False]


def test_success_step_counts_from_one(rows, rollouts):
    assert rows["success"]["success_step"] == np.flatnonzero(rollouts["success"].success)[0] + 1
    assert rows["failure"]["success_step"] is None


def test_nan_becomes_null(rows):
    for name in ("error", "diverged"):
        assert rows[name]["saturation"] is rows[name]["action_error"] is rows[name]["jerk"] is None
    assert rows["error"].get("observation_age") is None


def test_a_stage_is_named_once_it_is_reached(rollouts):
    rollout = rollouts["failure"]
    for best, stage in ((0.49, None), (0.5, "near"), (0.99, "near"), (1.0, "there")):
        signals = rollout.signals.copy()
        signals[:, 0] = best
        assert row_of(replace(rollout, signals=signals))["stage"] == stage


def test_tokens_are_small_integers_per_query(rows, rollouts):
    tokens = rows["success"]["tokens"]
    assert len(tokens) == rows["success"]["queries"]
    assert {len(codes) for codes in tokens} == {2}
    assert rows["failure"]["tokens"] is None


def test_the_reconstruction_error_is_a_mean_over_queries():
    [rollout] = roll([assignment()], Steady(diagnostics={"token_reconstruction_error": 1})).values()
    expected = rollout.diagnostics["token_reconstruction_error"].mean()
    assert row_of(rollout)["token_reconstruction_error"] == pytest.approx(float(expected))


def test_faults_are_recorded_as_realised(rows):
    faults = {item["fault"]: item for item in rows["success"]["faults"]}
    assert len(faults) == 7
    assert faults["scene.object_shift"]["stop"] == faults["scene.object_shift"]["start"] + 1
    assert (faults["dynamics.scale/object_mass"]["start"], faults["dynamics.scale/object_mass"]["stop"]) == (0, 40)
    assert faults["dynamics.push"]["stop"] - faults["dynamics.push"]["start"] == 3


def test_recovery_is_asked_for_faults_that_end(rows):
    assert {item["fault"] for item in rows["success"]["recovery"]} == {"scene.object_shift", "dynamics.push"}
    assert rows["failure"]["recovery"] == []


def test_observation_age_is_that_of_the_delivered_frames():
    row = row_of(*roll([assignment("late", 1)]).values(), condition="late")
    assert row["observation_age_max"] == 3
    assert 2 < row["observation_age"] < 3


def test_familiarity_is_measured_for_failures_only(rollouts):
    class Far:
        def start(self, observation):
            return float(observation.ndim)

        def distance(self, observations):
            return 7.0

    rows = {
        name: row_of(item, "everything" if name == "success" else "nominal", familiarity=Far())
        for name, item in rollouts.items()
    }
    measured = {name: (row["start_distance"], row["demonstration_distance"]) for name, row in rows.items()}
    nothing = (None, None)
    assert measured == {"success": nothing, "failure": (1.0, 7.0), "error": nothing, "diverged": nothing}


def test_every_column_is_documented_once():
    assert len({column.name for column in COLUMNS}) == len(COLUMNS)
    assert all(column.doc.endswith(".") for column in COLUMNS)
    assert {field.metadata[b"doc"].decode() for field in SCHEMA} == {column.doc for column in COLUMNS}


def test_many_rows_keep_their_order():
    done = roll(assignments(["drops", "nominal"], range(3)))
    made = table([row_of(item, name.split("/")[0]) for name, item in done.items()])
    assert made["episode"].to_pylist() == list(done)
    assert pa.types.is_struct(made.schema.field("trace").type)
