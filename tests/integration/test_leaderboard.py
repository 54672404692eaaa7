"""`leaderboard`: a site from an artifact and nothing else, the same bytes twice, safe whatever the artifact holds."""

import json
import os
import re
import shutil
from html.parser import HTMLParser

import pytest
from fakes.forgery import forge

from harness.cli import main

HOSTILE = "<script>alert('x')</script>"


def files(folder):
    return {item.relative_to(folder).as_posix(): item.read_bytes() for item in folder.rglob("*") if item.is_file()}


@pytest.fixture
def leaderboard(capsys):
    """The verb in this process: its exit code, and what it said on stderr."""

    def call(*arguments):
        with pytest.raises(SystemExit) as left:
            main(["leaderboard", *map(str, arguments)])
        return left.value.code, " ".join(capsys.readouterr().err.split())

    return call


@pytest.fixture
def page(fake_artifact, tmp_path, leaderboard):
    """The front page of the fake artifact, changed first."""

    def call(*options, **change):
        forged = forge(fake_artifact, tmp_path / "forged.parquet", **change)
        assert leaderboard(forged, "--out", tmp_path / "site", *options) == (0, "")
        return (tmp_path / "site" / "index.html").read_text()

    return call


def text(html):
    """What a person reads."""
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_two_builds_are_the_same_bytes_wherever_they_are_made(fake_artifact, samepanel, tmp_path, monkeypatch):
    copy = tmp_path / "elsewhere" / fake_artifact.name
    copy.parent.mkdir()
    shutil.copy(fake_artifact, copy)
    for seed, source, out in ((1, fake_artifact, "a"), (2, copy, "b")):
        monkeypatch.setenv("PYTHONHASHSEED", str(seed))
        done = samepanel("leaderboard", source, "--out", tmp_path / out, "--baseline", source)
        assert done.returncode == 0, done.stderr
    one, other = files(tmp_path / "a"), files(tmp_path / "b")
    assert one == other
    assert {"index.html", "panel.html", "front.md", "style.css", "site.js", "tables.js", "site.json"} < one.keys()
    assert not any(str(tmp_path).encode() in contents for contents in one.values())
    assert not any(os.fspath(fake_artifact.parent).encode() in contents for contents in one.values())


class Links(HTMLParser):
    """Addresses and ids of a page."""

    def __init__(self, html):
        super().__init__()
        self.links, self.ids, self.open = [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        named = dict(attrs)
        self.links += [named[name] for name in ("href", "src") if named.get(name)]
        self.ids += [named["id"]] if "id" in named else []


def test_every_link_leads_to_a_file_of_the_site(fake_artifact, leaderboard, tmp_path):
    assert leaderboard(fake_artifact, "--out", tmp_path / "site")[0] == 0
    for path in (tmp_path / "site").rglob("*.html"):
        found = Links(path.read_text())
        assert len(found.ids) == len(set(found.ids)), path
        for link in found.links:
            if link == "data:,":
                continue
            target, _, mark = link.partition("#")
            there = (path.parent / target).resolve() if target else path
            assert there.is_file(), (path, link)
            assert not mark or mark in Links(there.read_text()).ids or mark == "main", (path, link)


def test_the_first_screen_answers_the_three_questions(page):
    html = page()
    answers = text(html[html.index('class="answers"') : html.index('class="filters"')])
    assert "Which is best?" in answers and "steady-s0" in answers
    assert "How sure?" in answers and "95 % interval" in answers
    assert "What broke since last week? Unknown" in answers and "--baseline" in answers


def broken_steady(rows):
    for row in rows:
        if row["policy"] == "steady-s0":
            row.update(success=False, outcome="failure", failure_category="planning", success_step=None)


def test_what_broke_is_named_with_the_episodes_and_their_pages(fake_artifact, page):
    html = page("--baseline", fake_artifact, rows=broken_steady)
    said = text(html)
    assert "What broke since fake Nothing significant" in said  # three scenes prove nothing
    assert "comparisons are inconclusive, so this is no proof that nothing broke" in said
    assert "episodes fail that succeeded, 0 succeed that failed" in said
    assert "samepanel replay forged.parquet" in said
    assert "Episodes that fail now and succeeded before" in said


def test_an_invalid_run_ranks_nothing_and_says_so_on_every_page(page, tmp_path):
    def invalid(stored):
        stored["controls"]["valid"] = False
        next(check for check in stored["controls"]["checks"] if check["control"] == "expert")["successes"] = 0

    html = page(metadata=invalid)
    assert 'class="alarm" role="alert"' in html
    assert "The run is invalid: controls of forged left their band (expert on fake-v1/heldout 0 of 3" in text(html)
    body = html[html.index('data-rows="ranking"') : html.index("</tbody>")]
    assert re.findall(r'class="rank">(.*?)</td>', body) == ['<span class="muted">none</span>'] * 3
    assert "no evidence" in html and not re.search(r"<small>(better|worse|inconclusive|equivalent)<", html)
    assert "| none |" in (tmp_path / "site" / "front.md").read_text()


def test_nothing_of_an_artifact_is_markup(page, tmp_path):
    def rows(found):
        for row in found:
            row["condition"] = {"drops": HOSTILE}.get(row["condition"], row["condition"])
            if row["policy"] == "noisy-s0":
                row.update(policy=HOSTILE, method=HOSTILE, success=False, outcome="failure", cause=HOSTILE)
                row["failure_category"] = HOSTILE
                row["failure_evidence"] = {"rule": "", "step": 1, "value": 0.0, "threshold": 0.0, "text": HOSTILE}

    def metadata(stored):
        stored["manifest"]["name"] = HOSTILE
        stored["manifest"]["panel"]["conditions"][HOSTILE] = stored["manifest"]["panel"]["conditions"].pop("drops")
        card = stored["policies"].pop("noisy-s0/fake-v1")
        stored["policies"][f"{HOSTILE}/fake-v1"] = card | {"recipe": {HOSTILE: HOSTILE}}
        for task in stored["manifest"]["panel"]["tasks"].values():
            task["contract"]["description"] = HOSTILE
        stored["provenance"]["processor"] = HOSTILE

    page(rows=rows, metadata=metadata)
    found = files(tmp_path / "site")
    for name, contents in found.items():
        if name.endswith(".html"):
            assert b"alert(" not in contents.replace(b"alert(&#39;", b""), name
            assert contents.count(b"<script") == (2 if name == "index.html" else 0), name
    assert "<script" not in re.sub(r"\\<", "", found["front.md"].decode())
    assert all("<" not in name and ".." not in name for name in found)
    rows_of = json.loads(found["tables.js"].decode().removeprefix("window.samepanelTables = ").rstrip(";\n"))
    assert not any("<script" in part for table in rows_of.values() for part in table.values())


def all_succeed(rows):
    rows[:] = [row for row in rows if row["purpose"] != "panel" or row["policy"] == "steady-s0"]
    for row in rows:
        if row["purpose"] == "panel":
            row.update(success=True, outcome="success", failure_category="none", cause=None, success_step=3)
            row["failure_evidence"], row["recovery"] = None, []


def only_nominal(rows):
    rows[:] = [row for row in rows if row["condition"] == "nominal" and row["purpose"] == "panel"]


def no_bands(stored):
    stored["controls"] = {"valid": True, "checks": []}


def test_one_policy_that_never_fails_has_a_page(page):
    said = text(page(rows=all_succeed))
    for words in ("No policy failed.", "There is one policy", "there is nothing to show", "nobody to compare it with"):
        assert words in said, words


def test_a_panel_of_nominal_without_controls_has_a_page(page):
    said = text(page(rows=only_nominal, metadata=no_bands))
    assert "no condition beside nominal" in said
    assert "validity unknown" in said and "No expert ran" in said


def all_errors(rows):
    for row in rows:
        if row["purpose"] == "panel":
            row.update(success=None, outcome="error", error="the simulator died", failure_category="none")


def test_errors_are_counted_and_never_scored(page):
    html = page(rows=all_errors)
    said = text(html)
    assert "Unknown No episode of a policy is scored." in said
    assert "36 errors" in said and "unscored" in said


def test_pages_are_capped_and_what_is_left_out_is_said(page, tmp_path):
    said = text(page("--episodes", "2", rows=broken_steady))
    shown = len(list((tmp_path / "site" / "episodes").iterdir()))
    assert 2 <= shown <= 6
    assert (
        f"{shown} of " in said and "at most 2 a policy and task" in said and "samepanel replay forged.parquet" in said
    )
    assert "--episodes 2" in said[said.index("How to reproduce") :]
    page("--episodes", "0", rows=broken_steady)
    assert not (tmp_path / "site" / "episodes").exists()


def test_an_episode_page_shows_its_trace_and_its_video(page, tmp_path):
    def filmed(rows):
        broken_steady(rows)
        for row in rows:
            row["media"] = b"mp4"

    page("--episodes", "1", rows=filmed)
    one = next((tmp_path / "site" / "episodes").iterdir())
    html = one.read_text()
    assert html.count('role="img"') >= 4 and "<title id=" in html and "age of the observation" in html
    assert f'src="../media/{one.stem}.mp4"' in html
    assert (tmp_path / "site" / "media" / f"{one.stem}.mp4").read_bytes() == b"mp4"
    assert f"samepanel explain forged.parquet --episode {one.stem}" in html


def test_an_artifact_without_traces_has_pages_without_plots(page, tmp_path):
    def blind(rows):
        broken_steady(rows)
        for row in rows:
            row["trace"] = {name: [] for name in row["trace"]} | {"signals": {}}

    page("--episodes", "1", rows=blind)
    assert "holds no trace" in next((tmp_path / "site" / "episodes").iterdir()).read_text()


def test_the_site_says_what_it_was_made_from(page, tmp_path, fake_artifact):
    page()
    about = json.loads((tmp_path / "site" / "site.json").read_text())
    assert about["name"] == "fake" and about["artifacts"][0]["name"] == "forged"
    assert set(about["files"]) | {"site.json"} == files(tmp_path / "site").keys()


def test_what_cannot_be_shown_is_one_sentence_and_exit_code_2(fake_artifact, leaderboard, tmp_path):
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.tex").write_text("mine")
    broken, empty = tmp_path / "broken.parquet", tmp_path / "empty.parquet"
    broken.write_bytes(fake_artifact.read_bytes()[:9000])
    forge(fake_artifact, empty, rows=list.clear)

    def other(stored):
        stored["manifest"]["panel"]["seed"], stored["manifest"]["panel_id"] = 6, "0" * 32

    elsewhere = forge(fake_artifact, tmp_path / "other.parquet", metadata=other)
    twice = forge(fake_artifact, tmp_path / "twice.parquet", rows=lambda rows: rows.extend(rows[-1:]))
    out = tmp_path / "site"
    for words, said in (
        ((fake_artifact, "--out", mine), "other files, thesis.tex for one"),
        ((fake_artifact, "--out", fake_artifact), "got a file"),
        ((fake_artifact, elsewhere, "--out", out), "seed: 5 against 6"),
        ((fake_artifact, "--baseline", elsewhere, "--out", out), "seed: 5 against 6"),
        ((broken, "--out", out), "a whole parquet file"),
        ((empty, "--out", out), "expected episodes"),
        ((twice, "--out", out), "expected one episode"),
        ((tmp_path / "gone.parquet", "--out", out), "no such file"),
    ):
        code, complaint = leaderboard(*words)
        assert (code, complaint.count("error: "), said in complaint) == (2, 1, True), complaint
        assert not out.exists()
    assert (mine / "thesis.tex").read_text() == "mine"


def test_the_front_page_as_markdown_has_tables_that_are_tables(page, tmp_path):
    page()
    lines = (tmp_path / "site" / "front.md").read_text().splitlines()
    rulers = [index for index, line in enumerate(lines) if line.startswith("| --- |")]
    assert len(rulers) == 2
    for index in rulers:
        assert lines[index - 2] == "" and lines[index - 1].count("|") == lines[index].count("|")
    assert lines[0] == "# fake" and lines.count("```") == 1
    for name in re.findall(r"\]\(([^)]+)\)", "\n".join(lines)):
        assert (tmp_path / "site" / name).is_file()


def test_two_artifacts_of_one_panel_stand_side_by_side(fake_artifact, leaderboard, tmp_path):
    second = forge(fake_artifact, tmp_path / "second.parquet", rows=broken_steady)
    assert leaderboard(fake_artifact, second, "--out", tmp_path / "site")[0] == 0
    html = (tmp_path / "site" / "index.html").read_text()
    assert "second:steady-s0" in html and "fake:steady-s0" in html
    assert (tmp_path / "site" / "policies").is_dir()
