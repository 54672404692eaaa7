"""Parts appear whole, are indexed once, and belong to one run."""

import pyarrow.parquet as pq
import pytest
from fakes.scenario import assignments, roll, row_of

from harness.artifact.columns import table
from harness.artifact.journal import Journal, write_parquet
from harness.errors import ArtifactError


@pytest.fixture(scope="module")
def rows():
    return [row_of(item) for item in roll(assignments(scenes=range(4))).values()]


@pytest.fixture
def out(tmp_path):
    return tmp_path / "deep" / "out.parquet"


def ids(rows):
    return [row["episode"] for row in rows]


def test_rows_come_back_in_the_order_asked_for(rows, out):
    journal = Journal(out, "run")
    journal.append(rows[:2])
    journal.append(rows[2:])
    wanted = ids(rows)[::-1]
    assert journal.read(wanted)["episode"].to_pylist() == wanted
    assert journal.read(wanted[:1], columns=["steps"]).column_names == ["episode", "steps"]
    journal.close(remove=True)
    assert not journal.folder.exists()


def test_another_process_finds_what_was_finished(rows, out):
    first = Journal(out, "run")
    first.append(rows[:3])
    first.close(remove=False)
    second = Journal(out, "run")
    assert second.finished == set(ids(rows[:3]))
    second.append(rows)
    assert second.finished == set(ids(rows))
    parts = sorted(second.folder.glob("part-*.parquet"))
    assert [len(pq.read_table(part)) for part in parts] == [3, 1]
    second.append(rows)
    assert len(list(second.folder.glob("part-*.parquet"))) == 2
    second.close(remove=True)


def test_a_second_writer_is_refused_until_the_first_lets_go(out):
    first = Journal(out, "run")
    with pytest.raises(ArtifactError, match="another run is writing it"):
        Journal(out, "run")
    first.close(remove=False)
    Journal(out, "run").close(remove=True)


def test_who_is_refused_holds_no_lock(out):
    Journal(out, "run").close(remove=False)
    with pytest.raises(ArtifactError, match=r"expected run other.*got unfinished run run") as refused:
        Journal(out, "other")
    Journal(out, "run").close(remove=True)
    assert "--overwrite" in str(refused.value)


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", "null"])
def test_an_unreadable_claim_is_refused(out, content):
    journal = Journal(out, "run")
    journal.close(remove=False)
    (journal.folder / "run.json").write_text(content)
    with pytest.raises(ArtifactError, match="unreadable"):
        Journal(out, "run")


def test_overwriting_drops_the_unfinished_run(rows, out):
    first = Journal(out, "run")
    first.append(rows)
    first.close(remove=False)
    second = Journal(out, "other", overwrite=True)
    assert second.finished == frozenset()
    second.close(remove=True)


def test_a_place_that_cannot_be_written_is_one_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ArtifactError, match=r"a place to write.*--out"):
        Journal(tmp_path / "file" / "out.parquet", "run")


def test_the_same_episode_in_two_parts_counts_once(rows, out):
    journal = Journal(out, "run")
    journal.append(rows[:2])
    journal.close(remove=False)
    part = journal.folder / "part-000000.parquet"
    part.with_name("part-000007.parquet").write_bytes(part.read_bytes())
    again = Journal(out, "run")
    assert again.finished == set(ids(rows[:2]))
    again.append(rows[2:])
    assert (again.folder / "part-000008.parquet").exists()
    assert again.read(ids(rows))["episode"].to_pylist() == ids(rows)
    again.close(remove=True)


def test_a_file_that_fails_half_way_leaves_nothing(rows, tmp_path):
    def tables():
        yield table(rows)
        raise OSError("disk full")

    path = tmp_path / "out.parquet"
    path.write_bytes(b"the old one")
    with pytest.raises(OSError, match="disk full"):
        write_parquet(path, tables())
    assert [item.name for item in tmp_path.iterdir()] == ["out.parquet"]
    assert path.read_bytes() == b"the old one"


def test_every_table_is_a_row_group_and_metadata_is_kept(rows, tmp_path):
    path = tmp_path / "out.parquet"
    write_parquet(path, iter([table(rows[:1]), table(rows[1:])]), {"key": "value"})
    file = pq.ParquetFile(path)
    assert file.num_row_groups == 2
    assert file.metadata.metadata[b"samepanel.key"] == b'"value"'
    assert file.metadata.row_group(0).column(0).compression == "ZSTD"
