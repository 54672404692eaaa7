"""`compare` on artifacts: within one, against a baseline, and against another panel."""

import json
import shlex

import pytest
from fakes.forgery import forge
from fakes.scenario import MANIFEST, POLICIES, run_manifest, write_manifest

from harness.cli import main

TEXT = MANIFEST.replace("scenes: 3", "scenes: 10").replace("seeds: [0]", "seeds: [0, 1, 2]")
TEXT = TEXT.replace("seeds: [0, 1]", "seeds: [0, 1, 2]")
STILL = POLICIES | {"steady": {"method": "fake", "recipe": {"kind": "still"}, "execution": {"execute": 2}}}


@pytest.fixture(scope="module")
def regressed(workplace, tmp_path_factory):
    """Ten scenes: last week, this week with `steady` standing still, and a panel with another seed."""
    from fakes.scenario import plugins  # noqa: PLC0415 -- a fixture of that name exists, too

    paths = []
    with plugins():
        for name, manifest, policies in (
            ("old", TEXT, POLICIES),
            ("new", TEXT, STILL),
            ("other", TEXT.replace("seed: 5", "seed: 6"), POLICIES),
        ):
            folder = tmp_path_factory.mktemp(name)
            paths.append(folder / f"{name}.parquet")
            run_manifest(write_manifest(folder, text=manifest, policies=policies), paths[-1])
    return paths


@pytest.fixture
def compare(capsys):
    """The verb in this process: its exit code, and what it said on both streams with single spaces."""

    def call(*arguments):
        with pytest.raises(SystemExit) as left:
            main(["compare", *map(str, arguments)])
        said = capsys.readouterr()
        return left.value.code, said.out, " ".join(said.err.split())

    return call


def test_a_regression_is_named_and_closes_the_gate(regressed, samepanel):
    old, new, _ = regressed
    done = samepanel("compare", new, "--baseline", old, "--gate")
    assert done.returncode == 1, done.stderr
    assert "significant regressions: steady-s0 overall" in done.stdout
    assert f"samepanel replay {new}" in done.stdout


def test_without_a_gate_or_a_regression_the_exit_code_is_0(regressed, compare):
    old, new, _ = regressed
    assert compare(new, "--baseline", old)[0] == 0
    assert compare(new, "--baseline", new, "--gate")[0] == 0
    assert compare(old, "--baseline", new, "--gate")[0] == 0  # better is no regression
    assert compare(new, "--baseline", old, "--policy", "noisy-s0", "--gate")[0] == 0


def test_the_command_of_a_flipped_episode_acts_it_out_again(regressed, compare, plugins, capsys):
    old, new, _ = regressed
    _, said, _ = compare(new, "--baseline", old, "--policy", "steady-s0", "--json")
    flip = json.loads(said)["since"]["flips"][0]
    assert (flip["label"], flip["was"], flip["now"]) == ("steady-s0", True, False)
    command = shlex.split(flip["command"])
    with pytest.raises(SystemExit) as left:
        main([*command[1:], "--threads", "1"])
    assert left.value.code == 0
    assert "failure" in capsys.readouterr().out


def test_json_tells_all_and_the_same_twice(regressed, samepanel):
    old, new, _ = regressed
    first, second = (samepanel("compare", new, "--baseline", old, "--json").stdout for _ in range(2))
    assert first == second
    found = json.loads(first)
    changes, flips = found["since"]["changes"], found["since"]["flips"]
    assert (changes[0]["first"][:6], changes[0]["verdict"]) == ("steady", "worse")
    [counts] = [
        item["table"]
        for item in changes
        if item["first"] == "steady-s0" and item["scope"] == {"task": None, "condition": None}
    ]
    lost = [flip for flip in flips if flip["label"] == "steady-s0" and not flip["now"]]
    assert len(lost) == counts["n01"] > 10
    assert {item["name"] for item in found["standings"]} == {f"{m}-s{k}" for m in ("steady", "noisy") for k in range(3)}


def test_markdown_is_the_same_twice_and_has_all_flips(regressed, compare):
    old, new, _ = regressed
    (_, first, _), (_, second, _) = (compare(new, "--baseline", old, "--markdown") for _ in range(2))
    assert first == second
    flips = json.loads(compare(new, "--baseline", old, "--json")[1])["since"]["flips"]
    assert first.count("`samepanel replay ") == len(flips)


def test_three_training_seeds_make_a_claim_about_a_method(regressed, compare):
    _, new, _ = regressed
    found = json.loads(compare(new, "--by", "overall", "--json")[1])
    [claim] = found["methods"]
    assert (claim["first"], claim["second"], claim["seeds"], claim["verdict"]) == ("noisy", "steady", [3, 3], "better")
    assert not any("checkpoints" in line for line in found["headline"]["caveats"])
    two = json.loads(compare(new, "--policy", "steady-s0", "--policy", "noisy-s0", "--json")[1])
    assert two["methods"] == []
    assert any("checkpoints" in line for line in two["headline"]["caveats"])


def test_two_artifacts_side_by_side_are_told_apart(regressed, compare, tmp_path):
    old, new, _ = regressed
    wanted = ("--policy", "steady-s0", "--by", "overall", "--json")
    found = json.loads(compare(old, new, *wanted)[1])
    assert [item["name"] for item in found["standings"]] == ["old:steady-s0", "new:steady-s0"]
    assert found["overall"][0]["verdict"] == "better"
    copies = [tmp_path / week / "quick.parquet" for week in ("last", "this")]
    for copy, source in zip(copies, (old, new), strict=True):
        copy.parent.mkdir()
        copy.write_bytes(source.read_bytes())
    found = json.loads(compare(*copies, *wanted)[1])
    assert [item["name"] for item in found["standings"]] == ["last/quick:steady-s0", "this/quick:steady-s0"]


def test_controls_take_part_when_asked(regressed, compare):
    old, _, _ = regressed
    names = {item["name"] for item in json.loads(compare(old, "--controls", "--json")[1])["standings"]}
    assert {"zero", "expert", "replay"} < names


def invalid(stored):
    stored["controls"]["valid"] = False
    [check] = [item for item in stored["controls"]["checks"] if item["control"] == "expert"]
    check["successes"] = 0


def all_errors(rows):
    for row in rows:
        if row["policy"] == "noisy-s0":
            row["success"], row["outcome"], row["error"] = None, "error", "the simulator died"


@pytest.mark.parametrize(
    ("change", "words"),
    [({"metadata": invalid}, "an invalid run"), ({"rows": all_errors}, "40 worlds with an error")],
    ids=["controls out of band", "nothing scored"],
)
def test_a_gate_that_cannot_judge_does_not_open(regressed, compare, tmp_path, change, words):
    old, _, _ = regressed
    forged = forge(old, tmp_path / "forged.parquet", **change)
    code, said, complaint = compare(forged, "--baseline", old, "--gate")
    assert (code, words in complaint) == (2, True), complaint
    assert "broke since old" in said
    assert compare(forged, "--baseline", old)[0] == 0


def test_a_probe_changes_nothing(regressed, compare, tmp_path):
    old, _, _ = regressed

    def probe(rows):
        first = next(row for row in rows if row["policy"] == "noisy-s0")
        rows.append(first | {"purpose": "probe", "parent": first["episode"], "success": not first["success"]})

    forged = forge(old, tmp_path / "old.parquet", rows=probe)
    told = [json.loads(compare(path, "--json")[1]) for path in (old, forged)]
    assert told[0]["overall"] == told[1]["overall"]
    assert told[0]["standings"] == told[1]["standings"]


def test_what_cannot_be_compared_is_one_sentence_and_exit_code_2(regressed, compare, tmp_path):
    old, new, other = regressed
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(old.read_bytes()[:9000])
    for words, said in (
        ((new, other), "seed: 5 against 6"),
        ((new, "--baseline", other), "seed: 5 against 6"),
        ((new, "--policy", "steadi-s0"), "did you mean 'steady-s0'"),
        ((new, "--by", "tasks"), "did you mean 'task'"),
        ((new, "--gate"), "add --baseline"),
        ((new, "--json", "--markdown"), "expected one of them"),
        (
            (new, "--controls", "--policy", "zero", "--baseline", forge(old, tmp_path / "b.parquet", rows=no_zero)),
            "zero",
        ),
        ((broken,), "a whole parquet file"),
        ((new, "--baseline", broken), "a whole parquet file"),
        ((tmp_path / "gone.parquet",), "no such file"),
    ):
        code, _, complaint = compare(*words)
        assert (code, complaint.count("error: "), said in complaint) == (2, 1, True), complaint


def no_zero(rows):
    rows[:] = [row for row in rows if row["policy"] != "zero"]


def test_a_reset_range_that_differs_is_named(regressed, compare, tmp_path):
    """As another version of the task would have written it."""

    def wider(stored):
        [task] = stored["manifest"]["panel"]["tasks"].values()
        task["contract"]["resets"]["heldout"]["goal_x"]["high"] = 1.25
        stored["manifest"]["panel_id"] = "0" * 32

    code, _, complaint = compare(regressed[0], forge(regressed[0], tmp_path / "wider.parquet", metadata=wider))
    assert code == 2
    assert "resets.heldout.goal_x.high: 1.0 against 1.25" in complaint


def test_the_first_lines_say_which_is_best_and_what_broke(regressed, compare, monkeypatch):
    old, new, _ = regressed
    _, said, _ = compare(new, "--baseline", old)
    first = " ".join(said.split("standings overall")[0].split())
    assert first.startswith("best: not settled; noisy-s")
    assert "broke since old: " in first
