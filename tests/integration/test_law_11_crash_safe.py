"""Law 11: finished episodes survive a kill at any moment, and the same command does only what is missing."""

import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from fakes.scenario import MANIFEST, environment, run_manifest, write_manifest

from harness.artifact import journal as journal_module
from harness.artifact.journal import Journal
from harness.artifact.schema import measured_columns
from harness.errors import ArtifactError
from harness.executors import local

SLOW = {
    "steady": {"method": "fake", "recipe": {"kind": "slow"}, "execution": {"execute": 1}},
    "noisy": {"method": "fake", "recipe": {"sigma": 0.05}, "execution": {"execute": 1, "ensemble": 0.1}},
}
RUN = "from harness.cli import main; main()"


def content(path):
    """All that two artifacts of one run must share."""
    table = pq.read_table(path).drop_columns(measured_columns())
    metadata = {
        key.decode(): json.loads(value)
        for key, value in pq.read_metadata(path).metadata.items()
        if key.startswith(b"samepanel.") and key != b"samepanel.provenance"
    }
    return table.replace_schema_metadata(None), metadata


def assert_same(path, reference):
    table, metadata = content(path)
    expected, expected_metadata = content(reference)
    assert table.equals(expected)
    assert metadata == expected_metadata


@pytest.fixture
def manifest(plugins, tmp_path):
    return write_manifest(tmp_path)


@pytest.fixture(scope="module")
def slow_reference(workplace, tmp_path_factory):
    from fakes.scenario import plugins  # noqa: PLC0415 -- a fixture of that name exists, too

    folder = tmp_path_factory.mktemp("reference")
    with plugins():
        run_manifest(write_manifest(folder, policies=SLOW), folder / "reference.parquet")
    return folder / "reference.parquet"


def start(path, out):
    command = [sys.executable, "-c", RUN, "run", str(path), "--out", str(out), "--lanes", "2", "--threads", "1"]
    return subprocess.Popen(command, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def wait_for_parts(folder, count, child):
    deadline = time.monotonic() + 120
    while len(list(folder.glob("part-*.parquet"))) < count:
        assert time.monotonic() < deadline, "the run made no progress"
        if child.poll() is not None:
            return
        time.sleep(0.005)


def test_a_run_killed_at_random_points_and_resumed_gives_the_same_file(slow_reference, plugins, tmp_path):
    path, out = write_manifest(tmp_path, policies=SLOW), tmp_path / "killed.parquet"
    folder = tmp_path / "killed.parquet.journal"
    safe = set()
    for parts, pause in ((1, 0.01), (6, 0.13)):
        child = start(path, out)
        wait_for_parts(folder, parts, child)
        time.sleep(pause)
        child.send_signal(signal.SIGKILL)
        child.communicate()
        kept = _finished(folder)
        assert safe <= kept
        assert kept or out.exists()
        safe = kept
    assert len(safe) > 0
    summary = run_manifest(path, out)
    assert summary.fresh == summary.total - len(safe)
    assert_same(out, slow_reference)
    assert not folder.exists()


def _finished(folder):
    tables = [pq.read_table(part, columns=["episode"]) for part in folder.glob("part-*.parquet")]
    return {episode for table in tables for episode in table["episode"].to_pylist()}


class Crash(BaseException):
    """Ends a run where no handler expects it."""


@pytest.mark.parametrize("moment", range(10))
def test_a_crash_at_every_step_of_the_writing_loses_nothing(manifest, fake_artifact, tmp_path, monkeypatch, moment):
    out, calls = tmp_path / "fake.parquet", []
    rename = Path.rename

    def crashing(path, target):
        calls.append(path)
        if len(calls) == 1 + moment:
            raise Crash
        return rename(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", crashing)
        with pytest.raises(Crash):
            run_manifest(manifest, out)
    assert not out.exists()
    run_manifest(manifest, out, lanes=3)
    assert_same(out, fake_artifact)


def test_running_again_does_nothing(manifest, fake_artifact, tmp_path):
    out = tmp_path / "fake.parquet"
    out.write_bytes(fake_artifact.read_bytes())
    before = out.stat().st_mtime_ns
    summary = run_manifest(manifest, out)
    assert summary.complete_before
    assert summary.fresh == 0
    assert out.stat().st_mtime_ns == before
    assert not out.with_name("fake.parquet.journal").exists()


def interrupt(manifest, out, monkeypatch, parts=3):
    """A run that stops after some parts."""
    append, done = Journal.append, []

    def stopping(self, rows):
        if len(done) == parts:
            raise Crash
        done.append(1)
        append(self, rows)

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "append", stopping)
        with pytest.raises(Crash):
            run_manifest(manifest, out)
    return out.with_name(out.name + ".journal")


def test_a_truncated_part_is_dropped_and_its_episodes_run_again(manifest, fake_artifact, tmp_path, monkeypatch):
    out = tmp_path / "fake.parquet"
    folder = interrupt(manifest, out, monkeypatch)
    part = sorted(folder.glob("part-*.parquet"))[1]
    part.write_bytes(part.read_bytes()[:-20])
    kept = 60 - run_manifest(manifest, out).fresh
    assert kept == 12 + 3
    assert_same(out, fake_artifact)


def test_leftovers_of_a_crash_are_ignored(manifest, fake_artifact, tmp_path, monkeypatch):
    out = tmp_path / "fake.parquet"
    folder = interrupt(manifest, out, monkeypatch)
    (folder / "part-000099.parquet.tmp").write_bytes(b"half")
    out.with_name("fake.parquet.tmp").write_bytes(b"half")
    run_manifest(manifest, out)
    assert_same(out, fake_artifact)
    assert sorted(path.name for path in tmp_path.glob("fake.*")) == ["fake.parquet"]


def test_two_runs_on_one_output_are_refused(manifest, tmp_path, monkeypatch):
    out = tmp_path / "fake.parquet"
    held = Journal(out, "somebody else's")
    with pytest.raises(ArtifactError, match="another run is writing it"):
        run_manifest(manifest, out)
    held.close(remove=True)
    run_manifest(manifest, out)


def test_the_unfinished_run_of_another_manifest_is_refused_and_overwritten_on_request(
    manifest, fake_artifact, tmp_path, monkeypatch
):
    out = tmp_path / "fake.parquet"
    folder = interrupt(manifest, out, monkeypatch)
    other = write_manifest(tmp_path, text=MANIFEST.replace("seed: 5", "seed: 6"))
    with pytest.raises(ArtifactError, match="unfinished run"):
        run_manifest(other, out)
    assert len(list(folder.glob("part-*.parquet"))) == 3
    write_manifest(tmp_path)
    run_manifest(manifest, out, overwrite=True)
    assert_same(out, fake_artifact)


def test_a_full_disk_loses_nothing_that_was_finished(manifest, fake_artifact, tmp_path, monkeypatch):
    out, synced = tmp_path / "fake.parquet", []
    fsync = os.fsync

    def full(handle):
        synced.append(handle)
        if len(synced) > 4:
            raise OSError(errno.ENOSPC, "No space left on device")
        fsync(handle)

    with monkeypatch.context() as patch:
        patch.setattr(journal_module.os, "fsync", full)
        with pytest.raises(ArtifactError, match=r"No space left on device.*finished episodes are kept"):
            run_manifest(manifest, out)
    summary = run_manifest(manifest, out)
    assert 0 < summary.fresh < summary.total
    assert_same(out, fake_artifact)


def test_a_disk_that_fills_up_while_the_artifact_is_written_says_so(manifest, fake_artifact, tmp_path, monkeypatch):
    out = tmp_path / "fake.parquet"
    write = journal_module.write_parquet

    def full(path, tables, metadata=None):
        if metadata is not None:
            raise OSError(errno.ENOSPC, "No space left on device")
        write(path, tables, metadata)

    with monkeypatch.context() as patch:
        patch.setattr("harness.executors.assembly.write_parquet", full)
        with pytest.raises(ArtifactError, match="No space left on device"):
            run_manifest(manifest, out)
    assert run_manifest(manifest, out).fresh == 0
    assert_same(out, fake_artifact)


def test_an_old_artifact_stays_until_the_new_one_is_whole(manifest, fake_artifact, tmp_path, monkeypatch):
    out = tmp_path / "fake.parquet"
    out.write_bytes(fake_artifact.read_bytes())

    def crash(*_):
        raise Crash

    with monkeypatch.context() as patch:
        patch.setattr(local, "assemble", crash)
        with pytest.raises(Crash):
            run_manifest(manifest, out, overwrite=True)
    assert out.read_bytes() == fake_artifact.read_bytes()
