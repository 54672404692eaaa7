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


def laddered(rows):
    for row in rows:
        row["condition"] = {"slow": "lag-2", "drops": "lag-1"}.get(row["condition"], row["condition"])
        if row["condition"].startswith("lag"):
            row["latency_steps"] = 2.0 if row["condition"] == "lag-1" else 4.0
            row["success"] = row["policy"] != "steady-s0" and row["success"]
        row["tokens"] = [[1, 2], [1, 3]] if row["policy"] == "steady-s0" else None


def as_ladder(stored):
    conditions = stored["manifest"]["panel"]["conditions"]
    slow = [conditions.pop(name) for name in ("drops", "slow")][1]
    conditions |= {"lag-1": slow, "lag-2": slow}


@pytest.fixture
def ladder(fake_artifact, tmp_path):
    """Two conditions are a ladder of latency; `steady` solves neither and chooses codes."""
    return forge(fake_artifact, tmp_path / "ladder.parquet", rows=laddered, metadata=as_ladder)


def test_latency_tolerance_is_told_where_there_is_a_ladder(show, ladder):
    printed = show(artifact=ladder)
    assert "latency at which success halves, over lag" in printed
    assert max(map(len, printed.splitlines())) <= 80
    told = {item["policy"]: item for item in json.loads(show("--json", artifact=ladder))["latency_tolerance"]}
    # Success falls from 1 at 0 to 0 at 200 ms.
    assert (told["steady-s0"]["latency_ms"], told["steady-s0"]["told"]) == (pytest.approx(100), "100")
    assert "halves" not in show()


def test_codes_are_told_where_a_policy_chooses_them(show, ladder):
    printed = show("--tokens", artifact=ladder)
    assert "steady-s0, fake-v1/heldout: switching" in printed and "nothing failed" in printed
    [told] = json.loads(show("--json", artifact=ladder))["tokens"]
    assert [layer["rate"] for layer in told["switching"]] == [0.0, 1.0]
    assert "no policy of this artifact chooses codes" in show("--tokens")


def test_the_site_tells_the_same(ladder, tmp_path):
    with pytest.raises(SystemExit) as left:
        main(["leaderboard", str(ladder), "--out", str(tmp_path / "site")])
    assert left.value.code == 0
    page = (tmp_path / "site" / "index.html").read_text()
    assert "Latency tolerance" in page and "Still solved" in page and "Seconds" in page
    assert '<td>lag</td><td class="num">100</td>' in page
