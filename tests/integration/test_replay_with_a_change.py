"""An episode acted out again with one thing changed: only that changes."""

import pytest
from fakes.scenario import MANIFEST, run_manifest, write_manifest

from harness.artifact.reader import open_artifact
from harness.cli import main
from harness.contract.policy import Runtime
from harness.errors import ManifestError, UnknownIdError
from harness.executors.variation import Change, vary


@pytest.fixture(scope="module")
def artifact(workplace, tmp_path_factory):
    """Under everything at once, and without."""
    from fakes.scenario import plugins  # noqa: PLC0415 -- a fixture of that name exists, too

    folder = tmp_path_factory.mktemp("variations")
    text = MANIFEST.replace("[nominal, drops, slow, shift]", "[nominal, everything, push, shift]")
    with plugins():
        run_manifest(write_manifest(folder, text=text), folder / "out.parquet")
    return open_artifact(folder / "out.parquet")


def row(artifact, **wanted):
    rows = artifact.columns("episode", *wanted).to_pylist()
    return next(r["episode"] for r in rows if all(r[name] == value for name, value in wanted.items()))


def varied(artifact, episode, **change):
    return vary(artifact, episode, Change(**change), Runtime(1, "cpu"))


WHERE = {"policy": "noisy-s1", "scene": 1}


@pytest.mark.parametrize("policy", ["steady-s0", "noisy-s1", "expert", "random", "shuffled-steady-s0"])
def test_nothing_changed_is_bit_for_bit_the_recording(artifact, plugins, policy):
    assert varied(artifact, row(artifact, policy=policy, condition="nominal", scene=2)).parting is None


def test_all_faults_taken_away_is_the_nominal_episode(artifact, plugins):
    nominal = artifact.row(row(artifact, condition="nominal", **WHERE))
    seen = varied(artifact, row(artifact, condition="everything", **WHERE), without=("all",))
    assert seen.act.row["trace"]["state_hashes"].copy() == nominal["trace"]["state_hashes"]
    assert seen.parting is not None


def test_one_fault_taken_away_changes_no_draw_of_another(artifact, plugins):
    episode = row(artifact, condition="everything", **WHERE)
    before = {item["fault"]: item["realised"] for item in artifact.row(episode)["faults"]}
    for name in before:
        after = {
            item["fault"]: item["realised"] for item in varied(artifact, episode, without=(name,)).act.row["faults"]
        }
        assert after == {other: drawn for other, drawn in before.items() if other != name}


def test_a_condition_added_to_nominal_is_that_condition(artifact, plugins):
    recorded = artifact.row(row(artifact, condition="push", **WHERE))
    seen = varied(artifact, row(artifact, condition="nominal", **WHERE), with_=("push",))
    assert seen.act.row["trace"]["state_hashes"] == recorded["trace"]["state_hashes"]
    assert seen.act.row["faults_hash"] == recorded["faults_hash"]


def test_a_fault_in_yaml(artifact, plugins):
    text = "{fault: observation.delay, delay: 300 ms}"
    seen = varied(artifact, row(artifact, condition="nominal", **WHERE), with_=(text,))
    assert max(seen.act.row["trace"]["obs_id"] - range(seen.act.rollout.steps)) == 0
    assert seen.act.row["observation_age_max"] == 3


def test_another_policy_meets_the_same_world(artifact, plugins):
    episode = row(artifact, condition="everything", **WHERE)
    seen = varied(artifact, episode, policy="expert")
    assert seen.act.row["policy"] == "expert"
    assert seen.act.row["faults_hash"] == seen.stored["faults_hash"]
    assert seen.act.row["initial_state"].tolist() == seen.stored["initial_state"]
    expert = artifact.row(row(artifact, condition="everything", policy="expert", scene=1))
    assert seen.act.row["trace"]["state_hashes"] == expert["trace"]["state_hashes"]


WRONG = {
    "a fault that is not there": (
        {"without": ("observation.bias",)},
        UnknownIdError,
        "fault of condition 'everything'",
    ),
    "no condition": ({"with_": ("pusch",)}, UnknownIdError, "did you mean 'push'"),
    "no yaml": ({"with_": ("{",)}, ManifestError, "a fault in YAML"),
    "no such fault": ({"with_": ("{fault: observation.fog}",)}, ManifestError, "list faults"),
    "no unit": ({"with_": ("{fault: observation.delay, delay: 3}",)}, ManifestError, "delay"),
    "twice": ({"with_": ("shift",)}, ManifestError, "twice"),
    "nobody": ({"policy": "stedy-s0"}, UnknownIdError, "did you mean 'steady-s0'"),
}


@pytest.mark.parametrize(("change", "error", "words"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_changed_is_said(artifact, plugins, change, error, words):
    with pytest.raises(error, match=words):
        varied(artifact, row(artifact, condition="everything", **WHERE), **change)


def call(*arguments):
    with pytest.raises(SystemExit) as left:
        main([str(item) for item in arguments])
    return left.value.code


def test_the_verb_tells_the_story_and_writes_a_video(artifact, plugins, tmp_path, capsys):
    episode = row(artifact, condition="everything", **WHERE)
    out = tmp_path / "seen.mp4"
    assert call("replay", artifact.path, episode, "--out", out, "--threads", 1) == 0
    assert "bit for bit as recorded" in capsys.readouterr().out
    assert out.read_bytes()[4:8] == b"ftyp"
    assert call("replay", artifact.path, episode, "--without", "all", "--out", out, "--camera", "side") == 0
    said = capsys.readouterr().out
    assert "again, without all: success" in said
    assert "parts from the recording" in said
    assert call("replay", artifact.path, episode, "--camera", "bottom") == 2
