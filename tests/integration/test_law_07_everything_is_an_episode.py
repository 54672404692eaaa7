"""Law 7: every rollout is a row, and the artifact is the only source of every report."""

import json
import shutil
from hashlib import blake2b

import pyarrow.parquet as pq
from fakes.scenario import MANIFEST, write_manifest

from harness.artifact.schema import SCHEMA
from harness.evidence.labels import CATEGORIES
from harness.manifest.loading import load_manifest
from harness.manifest.plan import episode_id, episodes


def test_every_planned_episode_is_a_row_in_canonical_order(fake_artifact, plugins, tmp_path):
    manifest = load_manifest(write_manifest(tmp_path, text=MANIFEST))
    plan = [episode_id(key, manifest.panel.panel_id) for key in episodes(manifest)]
    assert pq.read_table(fake_artifact, columns=["episode"])["episode"].to_pylist() == plan
    assert len(set(plan)) == len(plan) == 3 * 4 * 3 + (4 * 1 + 1 * 4) * 3


def test_controls_are_rows_like_any_other(fake_artifact):
    rows = pq.read_table(fake_artifact, columns=["purpose", "policy", "steps", "outcome"]).to_pylist()
    controls = {row["policy"] for row in rows if row["purpose"] == "control"}
    assert controls == {"zero", "random", "expert", "replay", "shuffled-steady-s0"}
    assert all(row["steps"] > 0 for row in rows)
    assert {row["purpose"] for row in rows} == {"panel", "control"}


def test_the_schema_is_v1_and_every_row_has_a_category(fake_artifact):
    table = pq.read_table(fake_artifact)
    assert table.schema.names == SCHEMA.names
    assert table.schema.types == SCHEMA.types
    labelled = table.select(["outcome", "failure_category"]).to_pylist()
    assert {row["failure_category"] for row in labelled} <= set(CATEGORIES)
    assert all((row["failure_category"] == "none") == (row["outcome"] != "failure") for row in labelled)


def test_reports_need_nothing_but_the_file_and_are_byte_identical(fake_artifact, samepanel, tmp_path):
    alone = tmp_path / "alone" / "copy.parquet"
    alone.parent.mkdir()
    shutil.copy(fake_artifact, alone)
    reports = [samepanel("show", path, "--json", cwd=alone.parent) for path in (fake_artifact, alone)]
    assert [report.stderr for report in reports] == ["", ""]
    assert reports[0].stdout == reports[1].stdout
    summary = json.loads(reports[0].stdout)
    assert summary["episodes"] == 60
    assert [path.name for path in alone.parent.iterdir()] == ["copy.parquet"]


def test_the_summary_is_what_the_rows_say(fake_artifact, samepanel):
    from harness.cli.tables import summary_json  # noqa: PLC0415 -- only this test reads it in process

    rows = pq.read_table(fake_artifact, columns=["policy", "condition", "success"]).to_pylist()
    for cell in summary_json(fake_artifact)["cells"]:
        mine = [r["success"] for r in rows if (r["policy"], r["condition"]) == (cell["policy"], cell["condition"])]
        assert (cell["successes"], cell["scored"]) == (sum(mine), len(mine))


def test_the_digest_of_the_run_is_that_of_its_rows(fake_artifact):
    whole = blake2b(digest_size=16)
    for digest in pq.read_table(fake_artifact, columns=["digest"])["digest"].to_pylist():
        whole.update(digest.encode())
    assert json.loads(pq.read_metadata(fake_artifact).metadata[b"samepanel.digest"]) == whole.hexdigest()
