"""An audit reproduces what is honest, and names what is not."""

import json
import shutil

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fakes import task as fake_task
from fakes.forgery import forge, redigest, rehash
from fakes.task import CONTRACT, FakeEngine, FakeTask

from harness import registry
from harness.artifact import provenance as provenance_module
from harness.artifact.reader import open_artifact
from harness.cli import main
from harness.contract.policy import Runtime
from harness.errors import ArtifactError, ManifestError, UnknownIdError
from harness.executors.audit import Sample, audit
from harness.executors.training import cache_folder

EVERY = Sample(share=1.0)


def audited(path, sample=EVERY, **options):
    return audit(open_artifact(path), sample, Runtime(1, "cpu"), **options)


def components(found):
    return {finding.component for finding in found.findings}


def one(rows, **wanted):
    """The first row like that."""
    return next(row for row in rows if all(row[name] == value for name, value in wanted.items()))


STEADY = {"policy": "steady-s0", "condition": "shift", "scene": 0}


@pytest.mark.parametrize("lanes", [1, 7])
def test_every_episode_of_an_honest_artifact_is_reproduced(fake_artifact, plugins, lanes):
    found = audited(fake_artifact, lanes=lanes)
    assert found.findings == ()
    assert (found.verdict, found.checked, found.reproduced, found.episodes) == ("reproduced", 60, 60, 60)
    assert found.environment == {}
    assert (found.agreement.successes, found.agreement.scored) == (60, 60)


def test_a_sample_is_seeded_and_rounded_up(fake_artifact, plugins, tmp_path):
    assert audited(fake_artifact, Sample(0.041)).checked == 3

    def smoother(rows):
        for row in rows:
            row["jerk"] = 0.0

    forged = forge(fake_artifact, tmp_path / "forged.parquet", rows=smoother)
    named = [{finding.episode for finding in audited(forged, Sample(0.2, seed)).findings} for seed in (0, 0, 1)]
    assert named[0] == named[1] != named[2]


def test_one_episode_by_the_beginning_of_its_id(fake_artifact, plugins):
    episode = open_artifact(fake_artifact).columns("episode")["episode"].to_pylist()[7]
    assert audited(fake_artifact, Sample(episodes=(episode[:9],))).checked == 1
    with pytest.raises(UnknownIdError, match="the beginning of one episode"):
        audited(fake_artifact, Sample(episodes=("zzz",)))


def test_absent_checkpoints_are_trained_again(fake_artifact, plugins, monkeypatch, tmp_path):
    monkeypatch.setenv("SAMEPANEL_CACHE", str(tmp_path / "empty"))
    assert audited(fake_artifact).verdict == "reproduced"
    assert len(list((tmp_path / "empty" / "checkpoints").iterdir())) == 3


# Tampering that the file itself betrays.


def flip_success(rows):
    row = one(rows, policy="steady-s0", outcome="success")
    row["success"], row["outcome"] = False, "failure"


def edit_an_action(rows):
    one(rows, **STEADY)["trace"]["applied"][4][0] += 0.01


def delete_a_row(rows):
    rows.remove(one(rows, **STEADY))


def repeat_a_row(rows):
    rows.append(one(rows, **STEADY))


def rename_the_actor(rows):
    one(rows, policy="steady-s0", condition="nominal")["policy"] = "noisy-s0"


def improve_progress(rows):
    one(rows, **STEADY)["progress"] = 2.0


def relabel_a_failure(rows):
    one(rows, policy="zero", success=False)["failure_category"] = "timing"


def another_checkpoint(rows):
    for row in rows:
        if row["policy"] == "steady-s0" and row["scene"] == 1:
            row["policy_hash"] = "0" * 32


ROWS = {
    "a flipped success": (flip_success, "row", "outcome"),
    "an edited action": (edit_an_action, "row", "what was hashed"),
    "a deleted row": (delete_a_row, "plan", "missing: steady-s0 on fake-v1/heldout, shift, scene 0"),
    "a row there twice": (repeat_a_row, "plan", "there 2 times"),
    "another policy's name": (rename_the_actor, "row", "its id belongs to another policy"),
    "a better progress": (improve_progress, "row", "progress is not what the signals say"),
    "another label": (relabel_a_failure, "label", "the row timing"),
    "another checkpoint": (another_checkpoint, "policy", "rows of steady-s0 on fake-v1 name 000"),
}


@pytest.mark.parametrize(("change", "component", "words"), ROWS.values(), ids=ROWS)
def test_tampering_with_rows_is_named(fake_artifact, plugins, tmp_path, change, component, words):
    found = audited(forge(fake_artifact, tmp_path / "forged.parquet", rows=change), Sample(0.01))
    assert found.verdict == "not reproduced"
    named = [finding for finding in found.findings if finding.component == component and words in finding.text]
    assert named, found.findings


def other_seed(stored):
    stored["manifest"]["panel"]["seed"] += 1


def other_data(stored):
    stored["datasets"]["fake-v1"]["content_hash"] = "0" * 32


def other_digest(stored):
    stored["digest"] = "0" * 32


def kinder_controls(stored):
    stored["controls"]["checks"][0]["successes"] -= 1


METADATA = {
    "panel": other_seed,
    "dataset": other_data,
    "digest": other_digest,
    "controls": kinder_controls,
}


@pytest.mark.parametrize(("component", "change"), METADATA.items(), ids=METADATA)
def test_tampering_with_the_metadata_is_named(fake_artifact, plugins, tmp_path, component, change):
    found = audited(forge(fake_artifact, tmp_path / "forged.parquet", metadata=change), Sample(0.01))
    assert component in components(found)


# Forgery with care: every hash in the file is made to fit, and only acting the episode out again can tell.


def careful(source, folder, change):
    def rows(found):
        row = one(found, **STEADY)
        change(row)
        rehash(row)

    return redigest(forge(source, folder / "first.parquet", rows=rows), folder / "forged.parquet")


def wrong_command(row):
    row["trace"]["commanded"][5][1] += 0.5


def wrong_application(row):
    row["trace"]["applied"][6][0] += 0.5


def wrong_state(row):
    row["trace"]["state_hashes"][3] ^= 1


def wrong_window(row):
    row["trace"]["query_hashes"][2] ^= 1


def wrong_frame(row):
    row["trace"]["obs_id"][8] -= 1


def wrong_start(row):
    row["initial_state"][1] += 0.1


def wrong_faults(row):
    row["faults_hash"] = "0" * 32


CAREFUL = {
    "inference": (wrong_command, 5),
    "action": (wrong_application, 6),
    "physics": (wrong_state, 3),
    "observation": (wrong_window, 4),
    "fault draw": (wrong_frame, 8),
    "scene": (wrong_start, None),
    "fault draw at once": (wrong_faults, None),
}


@pytest.mark.parametrize(("component", "change", "step"), [(k, *v) for k, v in CAREFUL.items()], ids=CAREFUL)
def test_a_careful_forgery_is_named_by_step_and_component(fake_artifact, plugins, tmp_path, component, change, step):
    found = audited(careful(fake_artifact, tmp_path, change))
    [finding] = found.findings
    assert (finding.component, finding.step) == (component.removesuffix(" at once"), step)
    assert (found.checked, found.reproduced) == (60, 59)


def test_a_column_that_no_hash_covers_is_compared_too(fake_artifact, plugins, tmp_path):
    def smoother(rows):
        one(rows, **STEADY)["jerk"] = 0.0

    [finding] = audited(forge(fake_artifact, tmp_path / "forged.parquet", rows=smoother)).findings
    assert finding.component == "row"
    assert "jerk" in finding.text


def test_a_swapped_checkpoint_is_named(fake_artifact, plugins, monkeypatch, tmp_path):
    monkeypatch.setenv("SAMEPANEL_CACHE", str(tmp_path / "cache"))
    audited(fake_artifact, Sample(0.3))
    [card] = cache_folder().glob("checkpoints/steady-s0-*/card.json")
    card.write_text(json.dumps(json.loads(card.read_text()) | {"weights": "of another"}))
    found = audited(fake_artifact)
    assert components(found) == {"policy"}
    assert {finding.episode for finding in found.findings} == _episodes(fake_artifact, "steady-s0")


def _episodes(path, *policies):
    """Theirs, and those of the controls that derive from them."""
    rows = open_artifact(path).columns("episode", "policy").to_pylist()
    return {row["episode"] for row in rows if row["policy"].endswith(policies)}


class Imprecise(FakeEngine):
    """Rounds otherwise, from the fourth step on, as another processor might."""

    def _step(self, state, target, push, mass, gain):
        super()._step(state, target, push, mass, gain)
        late = state[:, 0] > 0.35
        state[late, 1] = np.nextafter(state[late, 1], 9)


def test_other_physics_is_named_with_what_differs_in_the_environment(fake_artifact, plugins, monkeypatch):
    monkeypatch.setattr(fake_task, "task", FakeTask(make_engine=Imprecise))
    registry.load.cache_clear()
    monkeypatch.setattr(provenance_module, "_processor", lambda: "another one")
    found = audited(fake_artifact)
    assert found.verdict == "not reproduced"
    assert found.environment["processor"][1] == "another one"
    assert {(finding.component, finding.step) for finding in found.findings if finding.step is not None} == {
        ("physics", 3)
    }
    assert found.agreement.scored == 60
    assert found.agreement.successes >= 55
    assert found.agreement.low < found.agreement.rate


def test_another_environment_alone_is_no_difference(fake_artifact, plugins, monkeypatch):
    monkeypatch.setattr(provenance_module, "_processor", lambda: "another one")
    found = audited(fake_artifact, Sample(0.1))
    assert found.verdict == "reproduced"
    assert "processor" in found.environment


# What cannot be audited.


def test_another_contract_cannot_be_audited(fake_artifact, plugins, monkeypatch):
    monkeypatch.setattr(fake_task, "task", FakeTask(CONTRACT.model_copy(update={"horizon": 41})))
    registry.load.cache_clear()
    with pytest.raises(ArtifactError, match=r"horizon: 40 against 41"):
        audited(fake_artifact)


def test_another_version_of_a_method_cannot_be_audited(fake_artifact, plugins, tmp_path):
    def older(stored):
        stored["manifest"]["policies"][0]["version"] = 0

    with pytest.raises(ManifestError, match="version 0 of method 'fake'"):
        audited(forge(fake_artifact, tmp_path / "old.parquet", metadata=older))


# The verb.


def call(*arguments):
    with pytest.raises(SystemExit) as left:
        main([str(item) for item in arguments])
    return left.value.code


def test_the_verb_says_the_verdict_and_exits_by_it(fake_artifact, plugins, tmp_path, capsys):
    assert call("audit", fake_artifact, "--all", "--threads", 1) == 0
    assert "reproduced: " in capsys.readouterr().out
    forged = forge(fake_artifact, tmp_path / "forged.parquet", rows=edit_an_action)
    assert call("audit", forged, "--all", "--threads", 1) == 1
    said = capsys.readouterr().out
    assert "at step 4" in said
    assert "not reproduced" in said


def test_the_verb_speaks_json(fake_artifact, plugins, tmp_path, capsys):
    forged = forge(fake_artifact, tmp_path / "forged.parquet", rows=delete_a_row)
    assert call("audit", forged, "--sample", "10%", "--json") == 1
    said = json.loads(capsys.readouterr().out)
    assert said["verdict"] == "not reproduced"
    assert {"plan", "digest"} <= {finding["component"] for finding in said["findings"]}
    assert said["checked"] == 6


def test_the_verb_says_why_it_cannot_audit(fake_artifact, plugins, tmp_path, capsys):
    cut = tmp_path / "cut.parquet"
    shutil.copy(fake_artifact, cut)
    cut.write_bytes(cut.read_bytes()[:-50])
    for arguments in (
        (cut,),
        (tmp_path / "gone.parquet",),
        (fake_artifact, "--sample", "0"),
        (fake_artifact, "--episode", "z"),
    ):
        assert call("audit", *arguments) == 2
        assert capsys.readouterr().err.count("error: ") == 1


def test_a_file_of_an_earlier_minor_version_is_reproduced_too(fake_artifact, plugins, tmp_path):
    """It lacks a column, and its exposures were counted otherwise; all that was recorded repeats."""
    table = pq.read_table(fake_artifact)
    older = table.drop_columns(["start_distance"])
    blank = pa.array([[] for _ in range(len(older))], older.schema.field("exposure").type)
    older = older.set_column(older.schema.get_field_index("exposure"), older.schema.field("exposure"), blank)
    index, version = older.schema.get_field_index("label_version"), pa.array(["labels-v0"] * len(older))
    pq.write_table(older.set_column(index, older.schema.field(index), version), tmp_path / "older.parquet")
    found = audited(tmp_path / "older.parquet")
    assert (found.findings, found.reproduced) == ((), 60)
