"""`compare` on artifacts: within one, against a baseline, and against another panel."""

import json

import pytest
from fakes.scenario import MANIFEST, POLICIES, run_manifest, write_manifest


@pytest.fixture(scope="module")
def regressed(workplace, tmp_path_factory):
    """Ten scenes: last week, this week with `steady` standing still, and a panel with another seed."""
    from fakes.scenario import plugins  # noqa: PLC0415 -- a fixture of that name exists, too

    text = MANIFEST.replace("scenes: 3", "scenes: 10")
    worse = POLICIES | {"steady": {"method": "fake", "recipe": {"kind": "still"}, "execution": {"execute": 2}}}
    paths = []
    with plugins():
        for name, manifest, policies in (
            ("old", text, POLICIES),
            ("new", text, worse),
            ("other", text.replace("seed: 5", "seed: 6"), POLICIES),
        ):
            folder = tmp_path_factory.mktemp(name)
            paths.append(folder / f"{name}.parquet")
            run_manifest(write_manifest(folder, text=manifest, policies=policies), paths[-1])
    return paths


def test_a_regression_is_named_with_its_episodes_and_closes_the_gate(regressed, samepanel):
    old, new, _ = regressed
    done = samepanel("compare", new, "--baseline", old, "--gate")
    assert done.returncode == 1, done.stderr
    assert "steady-s0, steady-s0" in done.stdout + done.stderr
    assert f"samepanel replay {new}" in done.stdout + done.stderr
    assert samepanel("compare", new, "--baseline", old).returncode == 0
    assert samepanel("compare", new, "--baseline", new, "--gate").returncode == 0


def test_json_tells_all_and_the_same_twice(regressed, samepanel):
    old, new, _ = regressed
    first, second = (samepanel("compare", new, "--baseline", old, "--json").stdout for _ in range(2))
    assert first == second
    found = json.loads(first)
    worst = found["changes"][0]
    assert (worst["first"], worst["verdict"]) == ("steady-s0", "worse")
    lost = [flip for flip in found["flips"] if flip["label"] == "steady-s0" and not flip["now"]]
    counts = next(
        c["table"]
        for c in found["changes"]
        if c["first"] == "steady-s0" and c["scope"] == {"task": None, "condition": None}
    )
    assert len(lost) == counts["n01"] > 10
    assert {item["name"] for item in found["standings"]} == {"steady-s0", "noisy-s0", "noisy-s1"}


def test_two_artifacts_side_by_side_are_told_apart(regressed, samepanel):
    old, new, _ = regressed
    found = json.loads(samepanel("compare", old, new, "--policy", "steady-s0", "--by", "overall", "--json").stdout)
    assert [item["name"] for item in found["standings"]] == ["old:steady-s0", "new:steady-s0"]
    assert found["pairs"][0]["verdict"] == "better"


def test_what_cannot_be_compared_is_one_sentence_and_exit_code_2(regressed, samepanel, tmp_path):
    old, new, other = regressed
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(old.read_bytes()[:9000])
    for words, said in (
        ((new, other), "seed: 5 against 6"),
        ((new, "--baseline", other), "seed: 5 against 6"),
        ((new, "--policy", "steadi-s0"), "did you mean 'steady-s0'"),
        ((new, "--by", "tasks"), "did you mean 'task'"),
        ((broken,), "a whole parquet file"),
    ):
        done = samepanel("compare", *words)
        assert (done.returncode, "Traceback" in done.stderr) == (2, False)
        assert said in " ".join(done.stderr.split())


def test_a_reset_range_that_differs_is_named(regressed, tmp_path, samepanel):
    """By editing the stored panel, as another version of the task would have written it."""
    import pyarrow.parquet as pq  # noqa: PLC0415 -- only here

    table = pq.read_table(regressed[0])
    stored = dict(table.schema.metadata)
    manifest = json.loads(stored[b"samepanel.manifest"])
    [task] = manifest["panel"]["tasks"].values()
    task["contract"]["resets"]["heldout"]["goal_x"]["high"] = 1.25
    manifest["panel_id"] = "0" * 32
    path = tmp_path / "wider.parquet"
    stored[b"samepanel.manifest"] = json.dumps(manifest).encode()
    pq.write_table(table.replace_schema_metadata(stored), path)
    done = samepanel("compare", regressed[0], path)
    assert done.returncode == 2
    assert "resets.heldout.goal_x.high: 1.0 against 1.25" in " ".join(done.stderr.split())
