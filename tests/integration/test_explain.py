"""Causes from re-simulation on worlds whose truth is known: what is asked, what is stored, what is told."""

import json
import shutil

import numpy as np
import pytest
from fakes.scenario import FAULTS, POLICIES, run_manifest, write_manifest
from PIL import Image

from harness.artifact.reader import open_artifact
from harness.cli import main
from harness.contract.policy import Runtime
from harness.executors.audit import Sample, audit, open_manifest
from harness.executors.explaining import Budget, explain
from harness.executors.stage import Call, Stage
from harness.executors.training import make_ticket
from harness.manifest.plan import episode_id, episodes
from harness.rollout.episode import Beginning

MANIFEST = """\
schema: samepanel/manifest/v1
name: causes
seed: 5
include: [shared.yaml]
panel:
  tasks: [{task: fake-v1, split: heldout, scenes: 4}]
  conditions: [nominal, misled, misled-and-busy, glacial, numb]
policies:
  - {policy: steady, seeds: [0]}
  - {policy: still, seeds: [0]}
  - {policy: erratic, seeds: [0]}
controls: [{control: zero}, {control: expert, conditions: all}]
run: {lanes: 8, threads: 1, device: cpu}
"""
BIAS = {"fault": "observation.bias", "field": "goal", "bias": "40 cm"}
CONDITIONS = FAULTS | {
    "misled": [BIAS],
    "misled-and-busy": [*FAULTS["everything"][:1], BIAS, *FAULTS["slow"]],
    "numb": [{"fault": "action.saturation", "range": "2 %"}],
}
ALL = POLICIES | {
    "still": {"method": "fake", "recipe": {"kind": "still"}, "execution": {"execute": 2}},
    "erratic": {"method": "fake", "recipe": {"sigma": 0.9}, "execution": {"execute": 4}},
}


@pytest.fixture(scope="module")
def recorded(workplace, tmp_path_factory):
    """As run, nothing explained. Do not write to it."""
    from fakes.scenario import plugins  # noqa: PLC0415 -- a fixture of that name exists, too

    folder = tmp_path_factory.mktemp("causes")
    with plugins():
        run_manifest(write_manifest(folder, text=MANIFEST, policies=ALL, conditions=CONDITIONS), folder / "run.parquet")
    return folder / "run.parquet"


@pytest.fixture(scope="module")
def explained(recorded, workplace):
    """All its failures explained by the command line's own road."""
    from fakes.scenario import plugins  # noqa: PLC0415 -- see above

    path = recorded.with_name("explained.parquet")
    shutil.copy(recorded, path)
    with plugins():
        told_to("explain", str(path), "--episodes", "1000", "--threads", "1")
    return path


def told_to(*words):
    with pytest.raises(SystemExit) as ended:
        main(list(words))
    assert ended.value.code == 0


def rows(path, **wanted):
    table = open_artifact(path).columns(
        "episode", "purpose", "parent", "probe", "policy", "condition", "scene", "outcome", "cause", "verdict",
        "point_of_no_return", "faults", "faults_hash", "initial_state", "steps", "label_version", "failure_category",
    )  # fmt: skip
    return [row for row in table.to_pylist() if all(row[name] == value for name, value in wanted.items())]


def test_every_failure_of_a_policy_gets_a_verdict_and_nothing_else_does(explained):
    for row in rows(explained):
        failed = row["purpose"] == "panel" and row["outcome"] == "failure"
        assert (row["cause"] is not None) == (row["verdict"] is not None) == failed


def test_a_lie_about_the_goal_is_found_alone_and_among_others(explained):
    for condition in ("misled", "misled-and-busy"):
        found = [row for row in rows(explained, policy="steady-s0", condition=condition) if row["verdict"]]
        assert len(found) >= 3
        for row in found:
            assert (row["verdict"]["kind"], row["verdict"]["category"]) == ("single", "state_estimation"), row
            assert row["cause"] == "observation.bias/goal"


def test_who_stands_still_fails_by_himself_whatever_the_fault(explained):
    found = [row for row in rows(explained, policy="still-s0", purpose="panel") if row["verdict"]]
    certain = [row for row in found if row["cause"] != "scene"]
    assert certain
    assert {(row["verdict"]["kind"], row["cause"]) for row in certain} == {("intrinsic", "policy")}


def test_what_the_expert_fails_too_is_evaluation_and_never_the_policy_s(explained):
    numb = [row for row in rows(explained, condition="numb", purpose="panel") if row["outcome"] == "failure"]
    unsolved = {row["scene"] for row in rows(explained, condition="numb", policy="expert", outcome="failure")}
    assert unsolved
    for row in numb:
        is_evaluation = (row["verdict"]["category"], row["cause"]) == ("evaluation", "scene")
        assert is_evaluation == (row["scene"] in unsolved)


def test_probes_are_rows_that_name_their_parent_and_their_change(explained):
    probes, episodes = rows(explained, purpose="probe"), {row["episode"]: row for row in rows(explained)}
    pointed = [probe for row in episodes.values() if row["verdict"] for probe in row["verdict"]["probes"]]
    assert sorted(pointed) == sorted(probe["episode"] for probe in probes)
    for probe in probes:
        parent = episodes[probe["parent"]]
        assert probe["probe"]
        assert probe["initial_state"] == parent["initial_state"]
        assert (probe["scene"], probe["condition"]) == (parent["scene"], parent["condition"])


def test_removing_a_fault_changes_no_draw_of_another_in_any_probe(explained):
    episodes, compared = {row["episode"]: row for row in rows(explained)}, 0
    for probe in rows(explained, purpose="probe"):
        drawn = {item["fault"]: item["realised"] for item in episodes[probe["parent"]]["faults"]}
        for item in probe["faults"]:
            assert item["realised"] == drawn[item["fault"]]
            compared += len(probe["faults"]) < len(drawn)
    assert compared > 10


@pytest.mark.parametrize("policy", ["steady-s0", "still-s0", "erratic-s0"])
def test_the_expert_saves_from_the_point_of_no_return_and_not_from_the_next_step(explained, plugins, policy):
    """By re-simulation of every step, not by the probes that found it."""
    artifact = open_artifact(explained)
    known = [row for row in rows(explained, policy=policy) if row["point_of_no_return"] is not None][:4]
    assert any(row["point_of_no_return"] > 0 for row in known)
    for row in known:
        saved, point = takeovers(artifact, row["episode"]), row["point_of_no_return"]
        assert saved[point : point + 2] == [True, False][: len(saved) - point]
        if policy != "erratic-s0":  # who tumbles about may come by the goal once more, between the steps asked
            assert not any(saved[point + 1 :])


def takeovers(artifact, episode):
    """Whether the expert saves an episode by taking over at each of its steps."""
    manifest = open_manifest(artifact)
    key = next(key for key in episodes(manifest) if episode_id(key, manifest.panel.panel_id) == episode)
    tickets = {(spec.label, spec.task): make_ticket(spec, "cpu") for spec in manifest.policies}
    stage = Stage(manifest, tickets, Runtime(1, "cpu"))
    [act] = stage.act(key.cell.policy, key.cell.task, [Call(key)], lanes=1)
    calls = [
        Call(key, f"expert takes over at step {step}", beginning=Beginning(act.rollout, step))
        for step in range(act.rollout.steps)
    ]
    acts = stage.act("expert", key.cell.task, calls, lanes=16)
    done = {item.call.beginning.step: bool(item.row["success"]) for item in acts}
    return [done[step] for step in range(act.rollout.steps)]


def test_an_explained_artifact_keeps_its_digest_and_still_holds(recorded, explained, plugins):
    before, after = open_artifact(recorded), open_artifact(explained)
    assert before.metadata["digest"] == after.metadata["digest"]
    found = audit(after, Sample(share=1.0), Runtime(1, "cpu"))
    assert (found.verdict, found.findings, found.checked) == ("reproduced", (), 84)


def test_explaining_again_gives_the_same_and_leaves_no_probe_twice(explained, plugins, tmp_path):
    again = tmp_path / "again.parquet"
    shutil.copy(explained, again)
    told_to("explain", str(again), "--episodes", "1000", "--threads", "1")
    assert rows(again) == rows(explained)


def test_a_budget_explains_so_many_failures_and_the_seed_says_which(recorded, plugins):
    artifact = open_artifact(recorded)

    def explain_some(seed):
        return explain(artifact, Budget(episodes=3, replicates=1, seed=seed), Runtime(1, "cpu"))

    first = explain_some(1)
    assert len(first.verdicts) == 3
    assert first.verdicts == explain_some(1).verdicts
    assert set(first.verdicts) != set(explain_some(2).verdicts)
    assert first.steps == sum(row["steps"] for row in first.probes) - begun(first) + repeated(artifact, first)


def begun(found):
    """Control steps that probes took over instead of running them."""
    words = (row["probe"] for row in found.probes)
    return sum(int(text.rsplit(" ", 1)[1]) for text in words if text.startswith("expert takes over at step "))


def repeated(artifact, found):
    return sum(row["steps"] for row in artifact.rows(set(found.verdicts)).values())


def test_the_story_of_an_episode_is_short_and_its_figure_a_picture(explained, capfd, tmp_path):
    episode = next(r for r in rows(explained, policy="steady-s0", condition="misled-and-busy") if r["verdict"])
    told_to("explain", str(explained), "--episode", episode["episode"], "--out", str(tmp_path / "story.png"))
    said = capfd.readouterr().out.strip().splitlines()
    told = [line.split()[0] for line in said]
    assert told[1:4] == ["outcome", "label", "fault"]
    assert told[-4:-1] == ["expert", "cause", "because"]
    assert len(said) <= 16
    assert "observation.bias" in "".join(said[-3:])
    picture = np.asarray(Image.open(tmp_path / "story.png").convert("RGB"))
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 20


def test_an_episode_that_was_not_explained_yet_is_explained_first(recorded, plugins, tmp_path, capfd):
    path = tmp_path / "one.parquet"
    shutil.copy(recorded, path)
    episode = rows(path, policy="still-s0", condition="nominal")[0]["episode"]
    told_to("explain", str(path), "--episode", episode, "--threads", "1")
    assert "cause      policy (intrinsic, planning)" in capfd.readouterr().out
    assert (tmp_path / f"{episode}-cause.png").exists()
    assert [row["episode"] for row in rows(path) if row["verdict"]] == [episode]


def test_what_cannot_be_explained_is_one_sentence_and_exit_code_2(recorded, samepanel, tmp_path):
    path = tmp_path / "run.parquet"
    shutil.copy(recorded, path)
    success = rows(path, outcome="success", purpose="panel")[0]["episode"]
    before = path.read_bytes()
    for wrong in ("zzz", success):
        done = samepanel("explain", path, "--episode", wrong)
        assert done.returncode == 2
        assert "Traceback" not in done.stderr
        assert wrong in done.stderr
    assert path.read_bytes() == before
    path.write_bytes(before[:5000])
    done = samepanel("explain", path)
    assert (done.returncode, path.read_bytes()) == (2, before[:5000])


def test_law_7_probes_are_rows_and_count_in_no_rate(recorded, explained, samepanel):
    for verb, names in (("show", ["cells"]), ("compare", ["standings", "overall", "parts"])):
        before, after = (json.loads(samepanel(verb, path, "--json").stdout) for path in (recorded, explained))
        for name in names:
            assert after[name] == before[name] != []
