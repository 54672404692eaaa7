"""A supervisor on fake-v1, where who leaves the envelope and who comes back is known."""

import json
import shutil

import numpy as np
import pytest
from fakes.scenario import MANIFEST, POLICIES, plugins, run_manifest, write_manifest
from fakes.task import CONTRACT

from harness.artifact.reader import open_artifact
from harness.cli import main
from harness.contract.policy import Runtime
from harness.errors import ManifestError, UnknownIdError
from harness.evidence.envelope import Envelope, learned, parsed
from harness.executors.supervising import SUPERVISED, Terms, supervise

TEXT = MANIFEST.replace(
    "- {policy: steady, seeds: [0]}", "- {policy: steady, seeds: [0]}\n  - {policy: wild, seeds: [0]}"
)
TEXT = TEXT.replace("scenes: 3", "scenes: 6")
WILD = POLICIES | {"wild": {"method": "fake", "recipe": {"sigma": 0.9}, "execution": {"execute": 4}}}
LIMIT = "lag::0.6"


@pytest.fixture(scope="module")
def recorded(workplace, tmp_path_factory):
    folder = tmp_path_factory.mktemp("supervised")
    with plugins():
        run_manifest(write_manifest(folder, text=TEXT, policies=WILD), folder / "run.parquet")
    return folder / "run.parquet"


def call(*words):
    with plugins(), pytest.raises(SystemExit) as left:
        main([*map(str, words), "--threads", "1"])
    return left.value.code


def ids(path, policy):
    rows = open_artifact(path).columns("episode", "policy", "condition", "purpose").to_pylist()
    wanted = (policy, "nominal", "panel")
    return [row["episode"] for row in rows if (row["policy"], row["condition"], row["purpose"]) == wanted]


def work(path, policy, limit=LIMIT, safe_steps=3, lanes=8):
    terms = Terms({"fake-v1": parsed([limit], CONTRACT)}, safe_steps)
    with plugins():
        return supervise(open_artifact(path), ids(path, policy), terms, Runtime(1), lanes=lanes)


def outside(row, high=0.6):
    return np.array(row["trace"]["signals"]["lag"]) > np.float32(high)


def test_who_never_leaves_the_envelope_is_left_alone(recorded):
    for item in work(recorded, "steady-s0", "lag::9"):
        assert item.row["interventions"] == []
        assert item.left == 0
        assert (
            item.row["trace"]["commanded"].tolist() == np.array(item.parent["trace"]["commanded"], np.float32).tolist()
        )


def test_the_expert_takes_over_after_the_step_that_left_it_and_hands_back_after_safe_ones(recorded):
    found = work(recorded, "wild-s0")
    assert sum(len(item.row["interventions"]) for item in found) > len(found)
    for item in found:
        row, parts = item.row, item.row["interventions"]
        out = outside(row)
        in_charge = np.zeros(row["steps"], bool)
        for part in parts:
            first, after = part["step"], part["step"] + part["length"]
            assert out[first - 1], "the step before a takeover left the envelope"
            assert not in_charge[first - 1 : after].any()
            in_charge[first:after] = True
            if after < row["steps"]:
                assert not out[after - 3 : after].any(), "three safe steps before it is handed back"
            assert part["trigger"].startswith("lag ")
            assert part["kind"] == "takeover"
        alone = np.flatnonzero(out & ~in_charge)
        starts = {part["step"] - 1 for part in parts}
        assert {int(step) for step in alone if step < row["steps"] - 1} <= starts
        assert item.left == pytest.approx(outside(item.parent).mean())


def test_supervision_helps_who_fails_alone(recorded):
    found = work(recorded, "wild-s0", "lag::0.2")
    assert sum(item.row["success"] for item in found) > sum(bool(item.parent["success"]) for item in found)


def test_until_the_first_takeover_nothing_differs_and_lanes_do_not_matter(recorded):
    one, many = work(recorded, "wild-s0", lanes=1), work(recorded, "wild-s0", lanes=8)
    for first, second in zip(one, many, strict=True):
        assert first.row["digest"] == second.row["digest"]
        assert first.row["interventions"] == second.row["interventions"]
        assert first.row["faults_hash"] == first.parent["faults_hash"]
        cut = first.row["interventions"][0]["step"] if first.row["interventions"] else first.row["steps"]
        recorded_chain = np.array(first.parent["trace"]["state_hashes"], np.uint64)
        assert (np.array(first.row["trace"]["state_hashes"], np.uint64)[:cut] == recorded_chain[:cut]).all()


def test_the_verb_stores_probe_rows_that_count_in_no_rate(recorded, tmp_path, capsys):
    path = tmp_path / "copy.parquet"
    shutil.copy(recorded, path)
    before = open_artifact(path).columns("episode", "digest").to_pylist()
    for _ in range(2):  # the second time they are replaced
        assert call("supervise", path, "--episodes", "4", "--limit", LIMIT, "--json") == 0
        found = {item["policy"]: item for item in json.loads(capsys.readouterr().out)}
        artifact = open_artifact(path)
        rows = artifact.columns("episode", "digest", "purpose", "probe", "policy", "interventions").to_pylist()
        assert [{"episode": r["episode"], "digest": r["digest"]} for r in rows if r["purpose"] != "probe"] == before
        probes = [row for row in rows if row["purpose"] == "probe"]
        assert len(probes) == 4 * 4
        assert all(row["probe"].startswith(SUPERVISED) for row in probes)
        count = sum(len(row["interventions"]) for row in probes if row["policy"] == "wild-s0")
        assert found["wild-s0"]["interventions_per_episode"] == count / 4 > 0
        assert 0 < found["wild-s0"]["time_under_supervision"] < 1
    assert call("audit", path, "--sample", "0 %") in (0, 2)


def test_without_limits_the_expert_s_own_range_is_the_envelope(recorded, tmp_path, capsys):
    path = tmp_path / "copy.parquet"
    shutil.copy(recorded, path)
    assert call("supervise", path, "--episodes", "2") == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "under supervision, nominal" in said
    assert "fake-v1: closeness" in said


def test_the_learned_envelope_is_the_solved_range_widened_by_a_quarter():
    names = [signal.name for signal in CONTRACT.signals]

    def row(low, high, **changes):
        made = {"policy": "expert", "task": "fake-v1", "condition": "nominal", "success": True}
        ranges = {"signals_min": dict.fromkeys(names, low), "signals_max": dict.fromkeys(names, high)}
        return made | ranges | changes

    rows = [row(0.0, 1.0), row(1.0, 3.0), row(-99, 99, success=False), row(-99, 99, policy="act-s0")]
    rows.append(row(-99, 99, condition="push"))
    found = learned(rows, CONTRACT)
    assert found.limits["distance"] == (-0.75, 3.75)
    assert "progress" not in found.limits
    assert learned(rows[2:], CONTRACT) is None


def test_a_limit_is_inclusive_and_names_what_is_out():
    envelope = Envelope({"distance": (-np.inf, 0.1)})
    column = [signal.name for signal in CONTRACT.signals].index("distance")
    signals = np.zeros((2, len(CONTRACT.signals)), np.float32)
    signals[:, column] = [np.float32(0.1), 0.2]
    assert envelope.left(signals, CONTRACT).tolist() == [False, True]
    assert envelope.trigger(signals[1], CONTRACT) == "distance 0.2 > 0.1 m"


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("lagg::1", UnknownIdError, "'lag'"),
        ("lag:a:b", ManifestError, "signal:low:high"),
        ("lag:2:1", ManifestError, "low < high"),
    ],
)
def test_a_wrong_limit_is_one_sentence(text, error, words):
    with pytest.raises(error, match=words):
        parsed([text], CONTRACT)
