"""`calibrate` and `label` on runs whose truth is known."""

import json

import pyarrow.parquet as pq
import pytest
from fakes.forgery import forge
from fakes.scenario import MANIFEST, POLICIES, write_manifest

from harness.cli import main

CALIBRATION = MANIFEST.replace("scenes: 3", "scenes: 8").replace(
    "conditions: [nominal, drops, slow, shift]", "conditions: [nominal, noise, deaf]"
)
CALIBRATION = CALIBRATION.replace(
    "  - {control: replay}\n", "  - {control: misled}\n  - {control: blind, of: steady}\n"
)
CALIBRATION += """\
calibration:
  defects:
    misled: {category: planning, healthy: expert}
    blind-steady-s0: {category: planning, healthy: steady-s0}
  conditions: {deaf: evaluation}
  causes: 4
"""
FAULTS = {
    "noise": [{"fault": "observation.bias", "field": "goal", "bias": "40 cm"}],
    "deaf": [{"fault": "evaluation.missed_success", "probability": "100 %"}],
}


@pytest.fixture(scope="module")
def calibrated(workplace, tmp_path_factory):
    """The folder of a calibration on fake-v1, and what it printed as JSON."""
    import contextlib  # noqa: PLC0415 -- only here
    import io  # noqa: PLC0415 -- only here

    from fakes.scenario import plugins  # noqa: PLC0415 -- a fixture of that name exists, too

    folder = tmp_path_factory.mktemp("calibration")
    manifest = write_manifest(folder, text=CALIBRATION, policies=POLICIES, conditions=FAULTS)
    said = io.StringIO()
    with plugins(), contextlib.redirect_stdout(said), pytest.raises(SystemExit) as left:
        main(["calibrate", str(manifest), "--out", str(folder / "c.parquet"), "--threads", "1", "--json"])
    assert left.value.code == 0
    return folder, json.loads(said.getvalue())


def test_what_was_made_to_fail_is_put_down_to_what_made_it(calibrated):
    _, found = calibrated
    for score in (found, found["causes"]):
        cases = {name: item for name, item in score["categories"].items() if item["cases"]}
        assert set(cases) == {"state_estimation", "planning", "evaluation"}
        assert all(item["recall"] > 0.9 for item in cases.values()), score["matrix"]
    assert found["macro_f1"] is None  # four categories have no case here
    assert found["causes"]["cases"] <= 3 * 4
    assert set(found["tasks"]) == {"fake-v1"}


def test_the_artifact_holds_what_the_scores_are_computed_from(calibrated):
    folder, found = calibrated
    rows = pq.read_table(folder / "c.parquet", columns=["purpose", "cause", "policy"]).to_pylist()
    assert sum(row["cause"] is not None for row in rows) == found["causes"]["cases"]
    assert any(row["purpose"] == "probe" for row in rows)
    assert (folder / "c.png").read_bytes().startswith(b"\x89PNG")


def test_a_second_time_nothing_is_run_and_the_same_is_said(calibrated, plugins, capsys):
    folder, found = calibrated
    before = (folder / "c.parquet").read_bytes()
    with pytest.raises(SystemExit):
        main(["calibrate", str(folder / "mine.yaml"), "--out", str(folder / "c.parquet"), "--threads", "1", "--json"])
    assert json.loads(capsys.readouterr().out) == found
    assert (folder / "c.parquet").read_bytes() == before


def test_without_a_truth_there_is_nothing_to_calibrate_with(plugins, tmp_path, capsys):
    with pytest.raises(SystemExit) as left:
        main(["calibrate", str(write_manifest(tmp_path)), "--out", str(tmp_path / "c.parquet")])
    assert left.value.code == 2
    assert "expected a section `calibration`" in capsys.readouterr().err
    assert not (tmp_path / "c.parquet").exists()


def call(*words):
    with pytest.raises(SystemExit) as left:
        main([*map(str, words)])
    return left.value.code


def old_labels(rows):
    for row in rows:
        row["label_version"] = "labels-v0"
        if row["outcome"] == "failure":
            row["failure_category"] = "undetermined"


def test_an_old_artifact_is_labelled_again_and_the_diff_is_told(fake_artifact, tmp_path, capsys):
    path = forge(fake_artifact, tmp_path / "old.parquet", rows=old_labels)
    before = path.read_bytes()
    assert call("label", path, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["from"], found["to"]) == ({"labels-v0": 60}, "labels-v2")
    stored = pq.read_table(fake_artifact, columns=["episode", "outcome", "failure_category"]).to_pylist()
    failed = {row["episode"]: row["failure_category"] for row in stored if row["outcome"] == "failure"}
    assert {item["episode"]: item["to"] for item in found["changed"]} == failed
    assert sum(item["failures"] for item in found["moves"]) == found["failures"] == len(failed)
    assert path.read_bytes() == before
    assert call("label", path, "--write") == 0
    assert "written" in " ".join(capsys.readouterr().out.split())
    assert pq.read_table(path).equals(pq.read_table(fake_artifact))
    assert call("label", path) == 0
    assert "0 of" in capsys.readouterr().out


def test_a_file_without_the_newest_column_is_labelled_too(fake_artifact, tmp_path, capsys):
    table = pq.read_table(fake_artifact)
    path = tmp_path / "older.parquet"
    pq.write_table(table.drop_columns(["start_distance"]), path)
    assert call("label", path, "--write") == 0
    assert pq.read_table(path).column_names == table.column_names
