"""`weekly`: two weeks of a panel, and an instrument that drifts."""

import contextlib
import io

import pyarrow.parquet as pq
import pytest
from fakes.forgery import forge
from fakes.scenario import MANIFEST, plugins, write_manifest

from harness.artifact.reader import open_artifact
from harness.cli import main
from harness.reports.comparison import Rules
from harness.reports.drift import against_itself, anchor

TEXT = MANIFEST.replace("  - {control: replay}\n", "  - {control: replay}\n  - {control: again, of: noisy}\n")
TEXT = TEXT.replace("[nominal, drops, slow, shift]", "[nominal, bias, shift]")
TEXT += "explain: {episodes: 3, replicates: 1}\nanchor: steady-s0\n"


def week(folder, name, *more):
    said = io.StringIO()
    with contextlib.redirect_stdout(said), pytest.raises(SystemExit) as left:
        main(["weekly", str(folder / "mine.yaml"), "--out", str(folder), "--week", name, "--threads", "1", *more])
    return left.value.code, " ".join(said.getvalue().split())


@pytest.fixture(scope="module")
def weeks(workplace, tmp_path_factory):
    """A folder with two weeks of one panel, and what was said in each."""
    folder = tmp_path_factory.mktemp("weeks")
    write_manifest(folder, text=TEXT)
    with plugins():
        return folder, [week(folder, name) for name in ("2026-W47", "2026-W48")]


def test_the_first_week_says_that_it_has_nothing_to_compare_with(weeks):
    _, [(code, said), _] = weeks
    assert code == 0
    assert "broke: unknown, this is the first week of the panel here" in said
    assert "anchor: unknown" in said
    assert "noisy-s0 against itself" in said
    assert "causes of 3 failures: observation.bias/goal 3" in said


def test_the_second_week_is_held_against_the_first(weeks):
    folder, [_, (code, said)] = weeks
    assert code == 0
    assert "broke since fake-2026-W47: nothing significantly" in said
    assert "anchor: holds steady-s0: 9 episodes, the same bit for bit as in fake-2026-W47.parquet" in said
    assert (folder / "fake-2026-W48" / "index.html").is_file()
    assert "fake 2026-W48" in (folder / "fake-2026-W48" / "index.html").read_text()


def test_a_week_that_is_done_is_not_done_again(weeks, plugins):
    folder, [_, (_, before)] = weeks
    stored = (folder / "fake-2026-W48.parquet").read_bytes()
    _, said = week(folder, "2026-W48")
    assert said == before
    assert (folder / "fake-2026-W48.parquet").read_bytes() == stored


def test_a_drifting_anchor_is_seen_before_a_method_is_blamed(weeks, plugins, tmp_path):
    folder, _ = weeks

    def drift(rows):
        row = next(row for row in rows if row["policy"] == "steady-s0" and row["purpose"] == "panel")
        row["digest"] = "0" * 32

    old = forge(folder / "fake-2026-W47.parquet", tmp_path / "old.parquet", rows=drift)
    code, said = week(folder, "2026-W48", "--baseline", str(old))
    assert code == 1
    assert "anchor: DRIFTED steady-s0: 1 of 9 episodes differ" in said


def test_another_checkpoint_tells_nothing_about_the_instrument(weeks, tmp_path):
    folder, _ = weeks

    def retrained(rows):
        for row in rows:
            row["policy_hash"] = "another"

    now = open_artifact(folder / "fake-2026-W48.parquet")
    before = open_artifact(forge(now.path, tmp_path / "before.parquet", rows=retrained))
    assert anchor(now, before, "steady-s0").holds is None
    assert anchor(now, now, "nobody-s0").holds is None


def test_a_policy_that_beats_itself_is_a_false_alarm(weeks, tmp_path):
    folder, _ = weeks
    source = folder / "fake-2026-W48.parquet"
    [fine] = against_itself(open_artifact(source), Rules())
    assert fine.holds

    def biased(rows):
        """Forty more scenes, all won by the one and lost by the other."""
        nominal = [row for row in rows if row["condition"] == "nominal"]
        one, other = (next(row for row in nominal if row["policy"] == name) for name in ("noisy-s0", "again-noisy-s0"))
        for scene in range(100, 140):
            for row, success in ((one, True), (other, False)):
                copy = {"scene": scene, "episode": f"{row['policy']}{scene}", "success": success}
                rows.append(row | copy | {"outcome": "success" if success else "failure"})

    [alarm] = against_itself(open_artifact(forge(source, tmp_path / "biased.parquet", rows=biased)), Rules())
    assert alarm.holds is False
    assert "FALSE ALARM" in alarm.text


def test_another_panel_in_the_folder_is_passed_over(weeks, plugins, tmp_path, capsys):
    folder, _ = weeks
    write_manifest(tmp_path, text=TEXT.replace("seed: 5", "seed: 6"))
    (tmp_path / "fake-2026-W40.parquet").write_bytes((folder / "fake-2026-W47.parquet").read_bytes())
    (tmp_path / "fake-2026-W41.parquet").write_bytes(b"PAR1 and then nothing")
    _, said = week(tmp_path, "2026-W48")
    assert "first week of the panel" in said
    assert capsys.readouterr().err.count("passed over") == 2


def test_an_unknown_anchor_is_refused(plugins, tmp_path, capsys):
    write_manifest(tmp_path, text=TEXT.replace("anchor: steady-s0", "anchor: stedy-s0"))
    code, _ = week(tmp_path, "2026-W48")
    assert code == 2
    assert "did you mean 'steady-s0'" in capsys.readouterr().err
    assert not list(tmp_path.glob("*.parquet*"))


def test_the_twin_shares_scenes_and_faults_but_not_noise(weeks):
    folder, _ = weeks
    columns = ["policy", "scene", "condition", "faults_hash", "digest", "initial_state"]
    rows = pq.read_table(folder / "fake-2026-W48.parquet", columns=columns).to_pylist()
    nominal = {(row["policy"], row["scene"]): row for row in rows if row["condition"] == "nominal"}
    for scene in range(3):
        one, twin = (nominal[name, scene] for name in ("noisy-s0", "again-noisy-s0"))
        assert (twin["faults_hash"], twin["initial_state"]) == (one["faults_hash"], one["initial_state"])
        assert twin["digest"] != one["digest"]
