"""Reading an artifact, here and with the tools of others; and what is said when it cannot be read."""

import json

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from harness.artifact.reader import open_artifact
from harness.errors import ArtifactError, UnknownIdError


def test_columns_and_metadata(fake_artifact):
    artifact = open_artifact(fake_artifact)
    assert set(artifact.metadata) == {
        "schema_version", "run_id", "manifest", "datasets", "policies", "controls", "calibration", "digest",
        "provenance",
    }  # fmt: skip
    assert artifact.columns("policy", "success").column_names == ["policy", "success"]


def test_every_row_can_be_read_alone(fake_artifact):
    artifact = open_artifact(fake_artifact)
    table = pq.read_table(fake_artifact, columns=["episode", "policy", "digest"])
    for expected in table.to_pylist()[::7]:
        row = artifact.row(expected["episode"])
        assert {name: row[name] for name in expected} == expected
        assert isinstance(row["trace"]["signals"], dict)


def test_the_beginning_of_an_id_is_enough(fake_artifact):
    artifact = open_artifact(fake_artifact)
    episode = artifact.columns("episode")["episode"][0].as_py()
    assert artifact.row(episode[:8])["episode"] == episode


def test_an_ambiguous_or_unknown_id_is_refused_in_a_short_line(fake_artifact):
    artifact = open_artifact(fake_artifact)
    with pytest.raises(UnknownIdError, match="60 that begin so"):
        artifact.row("")
    with pytest.raises(UnknownIdError, match="'zzzz' is unknown") as refused:
        artifact.row("zzzz")
    assert len(str(refused.value)) < 400


def test_a_missing_file_names_the_ones_beside_it(fake_artifact, tmp_path):
    with pytest.raises(ArtifactError, match=r"no such file.*fake\.parquet"):
        open_artifact(fake_artifact.with_name("fale.parquet"))
    with pytest.raises(ArtifactError, match="no such file"):
        open_artifact(tmp_path / "nowhere" / "x.parquet")


@pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 0.999])
def test_a_truncated_file_is_damaged(fake_artifact, tmp_path, share):
    whole = fake_artifact.read_bytes()
    path = tmp_path / "cut.parquet"
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(ArtifactError, match="expected a whole parquet file"):
        open_artifact(path)


def test_a_file_damaged_in_the_middle_is_an_error_when_it_is_read(fake_artifact, tmp_path):
    content = bytearray(fake_artifact.read_bytes())
    content[4:20000] = bytes(len(content[4:20000]))
    path = tmp_path / "holed.parquet"
    path.write_bytes(content)
    with pytest.raises(ArtifactError, match="expected a whole parquet file"):
        open_artifact(path).columns("episode", "trace")


def test_another_parquet_file_is_no_artifact(tmp_path):
    pq.write_table(pa.table({"a": [1]}), tmp_path / "a.parquet")
    with pytest.raises(ArtifactError, match="got another parquet file"):
        open_artifact(tmp_path / "a.parquet")


def test_another_major_version_is_refused_and_a_minor_one_is_not(tmp_path):
    def stored(version):
        metadata = {b"samepanel.schema_version": json.dumps(version).encode()}
        path = tmp_path / f"{version}.parquet"
        pq.write_table(pa.table({"a": [1]}).replace_schema_metadata(metadata), path)
        return path

    with pytest.raises(ArtifactError, match=r"expected schema version 1\.2; got 2\.0"):
        open_artifact(stored("2.0"))
    assert open_artifact(stored("1.9")).metadata["schema_version"] == "1.9"


def test_duckdb_reads_it(fake_artifact):
    query = f"""select policy, count(*) n, avg(success::int) rate from '{fake_artifact}'
                where purpose = 'panel' and condition = 'nominal' group by policy order by policy"""
    assert duckdb.sql(query).fetchall() == [("noisy-s0", 3, 1.0), ("noisy-s1", 3, 1.0), ("steady-s0", 3, 1.0)]
    nested = f"select len(trace.applied) = steps, len(trace.applied[1]) from '{fake_artifact}'"
    assert set(duckdb.sql(nested).fetchall()) == {(True, 2)}


def test_pandas_reads_it(fake_artifact):
    frame = pd.read_parquet(fake_artifact)
    assert len(frame) == 60
    assert frame.failure_category.notna().all()
    assert frame[frame.policy == "expert"].success.all()
    assert len(frame.trace[0]["obs_id"]) == frame.steps[0]
