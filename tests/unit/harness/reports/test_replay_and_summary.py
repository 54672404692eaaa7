"""An episode simulated again is the episode, and a forged one is found out."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fakes import task as fake_task
from fakes.task import CONTRACT, FakeTask

from harness import registry
from harness.artifact.reader import Artifact, open_artifact
from harness.errors import ArtifactError, UnknownIdError
from harness.reports.replay import replay
from harness.reports.summary import summarise


def episodes(path, **wanted):
    rows = pq.read_table(path, columns=["episode", *wanted]).to_pylist()
    return [row["episode"] for row in rows if all(row[name] == value for name, value in wanted.items())]


@pytest.mark.parametrize("condition", ["nominal", "drops", "slow", "shift"])
def test_a_replay_is_bit_equal(fake_artifact, plugins, condition):
    artifact = open_artifact(fake_artifact)
    for episode in episodes(fake_artifact, condition=condition)[::5]:
        seen = replay(artifact, episode)
        assert seen.first_difference is None
        assert len(seen.states) == seen.row["steps"] + 1
        if condition != "shift":
            assert seen.states[0].tolist() == seen.row["initial_state"]


class Forged(Artifact):
    """An artifact with one row changed as it is read."""

    def row(self, episode):
        row = super().row(episode)
        object.__getattribute__(self, "metadata")["forge"](row)
        return row


def forged(path, change):
    artifact = open_artifact(path)
    return Forged(artifact.path, artifact.metadata | {"forge": change})


@pytest.mark.parametrize("step", [0, 4, 9])
def test_an_altered_action_is_found_at_its_step(fake_artifact, plugins, step):
    def change(row):
        row["trace"]["applied"][step][0] += 0.5

    [episode, *_] = episodes(fake_artifact, condition="shift", policy="steady-s0")
    assert replay(forged(fake_artifact, change), episode).first_difference == step


def test_an_altered_hash_is_found_at_its_step(fake_artifact, plugins):
    def change(row):
        row["trace"]["state_hashes"][3] ^= 1

    [episode, *_] = episodes(fake_artifact, condition="nominal", policy="zero")
    assert replay(forged(fake_artifact, change), episode).first_difference == 3


def test_another_contract_is_refused(fake_artifact, plugins, monkeypatch):
    changed = FakeTask(CONTRACT.model_copy(update={"horizon": 41}))
    monkeypatch.setattr(fake_task, "task", changed)
    registry.load.cache_clear()
    with pytest.raises(ArtifactError, match="the contract of fake-v1"):
        replay(open_artifact(fake_artifact), episodes(fake_artifact)[0])


def test_an_error_row_and_an_unknown_task_are_refused(fake_artifact, plugins):
    def crash(row):
        row["outcome"] = "error"

    episode = episodes(fake_artifact)[0]
    with pytest.raises(ArtifactError, match="nothing was simulated"):
        replay(forged(fake_artifact, crash), episode)
    registry._points.cache_clear()
    with pytest.raises(UnknownIdError, match="'none'"):
        replay(open_artifact(fake_artifact), "none")


def stored(rows, valid=True):
    names = ("purpose", "policy", "method", "task", "split", "condition", "outcome", "failure_category")
    table = pa.table({name: [row[k] for row in rows] for k, name in enumerate(names)})
    controls = {"valid": valid, "checks": []}
    return SimpleNamespace(columns=lambda *wanted: table.select(list(wanted)), metadata={"controls": controls})


def test_a_summary_counts_and_scores_no_error():
    place = ("a-v1", "heldout")
    rows = [
        ("panel", "act-s0", "act", *place, "push", "failure", "control"),
        ("panel", "act-s0", "act", *place, "nominal", "success", "none"),
        ("panel", "act-s0", "act", *place, "nominal", "failure", "planning"),
        ("panel", "act-s0", "act", *place, "nominal", "error", "none"),
        ("panel", "act-s1", "act", *place, "nominal", "success", "none"),
        ("control", "zero", "zero", *place, "nominal", "error", "none"),
        ("probe", "act-s0", "act", *place, "nominal", "failure", "timing"),
    ]
    summary = summarise(stored(rows))
    cell = summary.cells["a-v1/heldout", "act-s0", "nominal"]
    assert (cell.success.successes, cell.success.scored, cell.errors) == (1, 2, 1)
    assert dict(cell.categories) == {"planning": 1}
    assert np.isnan(summary.cells["a-v1/heldout", "zero", "nominal"].success.rate)
    assert summary.conditions == ("nominal", "push")
    assert (summary.policies, summary.controls, summary.tasks) == (("act-s0", "act-s1"), ("zero",), ("a-v1/heldout",))
    assert summary.methods == {"act": ("act-s0", "act-s1")}
    assert (summary.errors, summary.valid) == (2, True)
    assert dataclasses.is_dataclass(summary)
