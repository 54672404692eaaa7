"""The bundled manifest `smoke`, end to end through the command line: real tasks, real methods."""

import json

import pyarrow.parquet as pq
import pytest

from harness.artifact.schema import measured_columns

TASKS = ("pusht-v1", "transfer-cube-v1")
METHODS = ("act", "bc", "diffusion", "vqbet")


def metadata(path, key):
    return json.loads(pq.read_metadata(path).metadata[f"samepanel.{key}".encode()])


def rows(path, *names):
    return pq.read_table(path, columns=list(names)).to_pylist()


def test_every_policy_and_control_ran_everywhere(smoke):
    found = rows(smoke, "purpose", "policy", "task", "condition", "outcome")
    panel = {(row["policy"], row["task"], row["condition"]) for row in found if row["purpose"] == "panel"}
    assert panel == {(f"{m}-s0", t, c) for m in METHODS for t in TASKS for c in ("nominal", "bad-day", "object-shift")}
    controls = {(row["policy"], row["task"]) for row in found if row["purpose"] == "control"}
    names = ("zero", "random", "expert", "replay", "shuffled-act-s0")
    assert controls == {(name, task) for name in names for task in TASKS}
    assert {row["outcome"] for row in found} <= {"success", "failure"}


def test_the_expert_solves_what_it_demonstrates(smoke):
    found = rows(smoke, "policy", "success")
    assert all(row["success"] for row in found if row["policy"] == "expert")
    assert metadata(smoke, "controls")["valid"]


def test_another_run_with_other_lanes_and_threads_has_the_same_digest(smoke, samepanel, tmp_path):
    out = tmp_path / "again.parquet"
    done = samepanel("run", "smoke", "--out", out, "--lanes", "3", "--threads", "1", timeout=900)
    assert done.returncode == 0, done.stderr
    assert metadata(out, "digest") == metadata(smoke, "digest")
    again, first = (pq.read_table(path).drop_columns(measured_columns()) for path in (out, smoke))
    assert again.replace_schema_metadata(None).equals(first.replace_schema_metadata(None))


def test_all_policies_met_the_same_scenes_and_faults(smoke):
    worlds = {}
    for row in rows(smoke, "task", "condition", "scene", "faults_hash", "initial_state"):
        where = (row["task"], row["condition"], row["scene"])
        worlds.setdefault(where, set()).add((row["faults_hash"], tuple(row["initial_state"])))
    assert {len(met) for met in worlds.values()} == {1}


def test_provenance_says_with_what_it_was_made(smoke):
    provenance = metadata(smoke, "provenance")
    assert provenance["packages"]["mujoco"] == "3.8.1"
    assert provenance["lanes"] == 8
    assert set(metadata(smoke, "datasets")) == set(TASKS)
    assert set(metadata(smoke, "policies")) >= {f"{method}-s0/{task}" for method in METHODS for task in TASKS}


def test_tokens_of_discrete_policies_are_kept(smoke):
    for row in rows(smoke, "method", "tokens", "token_reconstruction_error", "queries"):
        if row["method"] == "vqbet":
            assert len(row["tokens"]) == row["queries"]
            assert row["token_reconstruction_error"] > 0
        elif row["method"] in ("act", "diffusion", "bc"):
            assert row["tokens"] is None


@pytest.mark.parametrize("task", TASKS)
def test_an_episode_renders_to_a_video_and_a_contact_sheet(smoke, samepanel, tmp_path, task):
    [episode] = [
        row["episode"]
        for row in rows(smoke, "episode", "task", "policy", "condition", "scene")
        if (row["task"], row["policy"], row["condition"], row["scene"]) == (task, "expert", "nominal", 0)
    ]
    out = tmp_path / "episode.mp4"
    done = samepanel("render", smoke, episode, "--out", out)
    assert done.returncode == 0, done.stderr
    assert "differs" not in done.stdout
    assert out.read_bytes()[4:8] == b"ftyp"
    assert 5_000 < out.stat().st_size < 5_000_000
    sheet = out.with_suffix(".png")
    assert sheet.read_bytes().startswith(b"\x89PNG")
    assert 5_000 < sheet.stat().st_size < 5_000_000
