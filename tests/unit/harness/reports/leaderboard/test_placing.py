"""A site appears whole or not at all, and takes the place of nothing but an earlier site."""

import pytest

from harness.errors import ArtifactError
from harness.reports.leaderboard.placing import MARK, place

OLD, NEW = [("index.html", b"old"), ("a/b.html", b"b")], [("index.html", b"new")]


def content(folder):
    return {item.relative_to(folder).as_posix() for item in folder.rglob("*") if item.is_file()}


def test_a_later_site_replaces_an_earlier_one_and_leaves_nothing_behind(tmp_path):
    out = tmp_path / "deep" / "site"
    assert place(out, OLD, {}) == 3
    place(out, NEW, {"name": "x"})
    assert content(out) == {"index.html", MARK}
    assert (out / "index.html").read_bytes() == b"new"
    assert [item.name for item in out.parent.iterdir()] == ["site"]


def test_an_empty_folder_is_as_good_as_none(tmp_path):
    place(tmp_path, OLD, {})
    assert "index.html" in content(tmp_path)


@pytest.mark.parametrize(
    ("prepare", "words"),
    [
        (lambda out: out.write_text("mine"), "a file"),
        (lambda out: (out.mkdir(), (out / "thesis.tex").write_text("mine")), "other files, thesis.tex"),
        (lambda out: (place(out, OLD, {}), (out / "notes.txt").write_text("mine")), "not its own, notes.txt"),
        (lambda out: (out.mkdir(), (out / MARK).write_text("{}")), "not a site's"),
    ],
    ids=["a file", "another folder", "a site with notes", "another site.json"],
)
def test_what_is_no_earlier_site_is_refused_and_stays(tmp_path, prepare, words):
    out = tmp_path / "out"
    prepare(out)
    before = content(tmp_path)
    with pytest.raises(ArtifactError, match=words):
        place(out, NEW, {})
    assert content(tmp_path) == before


def test_a_site_that_cannot_be_finished_leaves_the_earlier_one(tmp_path):
    out = tmp_path / "site"
    place(out, OLD, {})

    def broken():
        yield "index.html", b"new"
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        place(out, broken(), {})
    assert (out / "index.html").read_bytes() == b"old"
    assert [item.name for item in tmp_path.iterdir()] == ["site"]


def test_a_site_that_cannot_be_moved_in_brings_the_earlier_one_back(tmp_path, monkeypatch):
    out = tmp_path / "site"
    place(out, OLD, {})
    rename = type(out).rename

    def refusing(self, target):
        if self.name.endswith(".writing"):
            raise OSError("no")
        return rename(self, target)

    monkeypatch.setattr(type(out), "rename", refusing)
    with pytest.raises(OSError, match="no"):
        place(out, NEW, {})
    assert (out / "index.html").read_bytes() == b"old"
