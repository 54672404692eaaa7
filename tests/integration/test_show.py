"""`show` and its sections: what a person reads at 80 columns, and what a machine reads."""

import json

import pytest
from fakes.forgery import forge

from harness.cli import main


@pytest.fixture
def show(fake_artifact, capsys, monkeypatch):
    """What the verb prints."""
    monkeypatch.setenv("COLUMNS", "80")

    def call(*options, artifact=fake_artifact):
        with pytest.raises(SystemExit) as left:
            main(["show", str(artifact), *options])
        assert left.value.code == 0
        return capsys.readouterr().out

    return call


def test_recovery_is_told_by_fault_and_policy(show):
    printed = show("--recovery")
    for word in ("recovery from faults in a window", "steady-s0", "noisy-s1", "expert", "scene.object_shift"):
        assert word in printed
    assert "success, 95 %" not in printed


def test_virtual_time_and_measured_time_stand_apart(show):
    printed = show("--timing")
    assert printed.index("virtual time") < printed.index("measured inference")
    assert "decides no outcome" in printed.replace("\n", " ")


def test_a_machine_reads_all_sections(show):
    told = json.loads(show("--json"))
    assert {item["policy"] for item in told["recovery"]} == {"steady-s0", "noisy-s0", "noisy-s1", "expert"}
    for item in told["recovery"]:
        assert (item["fault"], item["conditions"]) == ("scene.object_shift", ["shift"])
        assert item["windows"] + item["late"] == 3
    assert {item["task"] for item in told["timing"]} == {"fake-v1/heldout"}
    assert all(item["action_age"] >= 0 and item["inference_p95"] > 0 for item in told["timing"])


def test_an_artifact_without_a_window_says_so(show, fake_artifact, tmp_path):

    calm = forge(fake_artifact, tmp_path / "calm.parquet", rows=lambda rows: [row.update(recovery=[]) for row in rows])
    assert "nothing to recover from" in " ".join(show("--recovery", artifact=calm).split())
    assert json.loads(show("--json", artifact=calm))["recovery"] == []
