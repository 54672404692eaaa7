"""One policy an agent: what a manifest may say, and a team from training to audit, causes and comparison."""

import json

import numpy as np
import pytest

from harness.artifact.reader import open_artifact
from harness.cli import main
from harness.contract.fields import bounds
from harness.contract.policy import Runtime
from harness.errors import ManifestError
from harness.executors.audit import Sample, audit
from harness.executors.explaining import Budget, explain
from harness.executors.local import Options, run
from harness.executors.teams import checkpoints, ticket_for
from harness.executors.variation import Change, vary
from harness.manifest.loading import load_manifest
from harness.manifest.stored import restore
from tasks.transfer_cube.contract import CONTRACT

MANIFEST = """\
schema: samepanel/manifest/v1
name: teams
seed: 3
include: [policies-tiny.yaml, arms.yaml]
panel:
  tasks: [{task: transfer-cube-v1, scenes: 2}]
  conditions: [nominal, left-late]
policies:
  - {policy: bc, seeds: [0]}
teams:
  - {team: act-and-diffusion, agents: {left arm: act, right arm: diffusion}, seeds: [0], execution: {execute: 4}}
controls:
  - {control: shuffled, of: act-and-diffusion}
run: {lanes: 3, threads: 1, device: cpu}
"""
ARMS = """\
conditions:
  left-late: [{fault: action.delay, agent: left arm, delay: 200 ms}]
"""
TEAM = "act-and-diffusion-s0"


def written(folder, text=MANIFEST):
    (folder / "arms.yaml").write_text(ARMS)
    (folder / "teams.yaml").write_text(text)
    return load_manifest(folder / "teams.yaml")


@pytest.fixture(scope="module")
def artifact(workplace, tmp_path_factory):
    """Of the team, a policy and a control. Do not write to it."""
    folder = tmp_path_factory.mktemp("teams")
    run(written(folder), Options(folder / "run.parquet", lanes=3, threads=1, device="cpu"))
    return folder / "run.parquet"


def test_a_team_is_trained_run_and_written_down(artifact):
    found = open_artifact(artifact)
    rows = found.columns("policy", "method", "training_seed", "outcome", "queries").to_pylist()
    own = [row for row in rows if row["policy"] == TEAM]
    assert len(own) == 4
    assert {(row["method"], row["training_seed"]) for row in own} == {("act-and-diffusion", 0)}
    assert all(row["outcome"] in ("success", "failure") and row["queries"] > 1 for row in own)
    card = found.metadata["policies"][f"{TEAM}/transfer-cube-v1"]
    assert {agent: part["method"] for agent, part in card["members"].items()} == {
        "left arm": "act",
        "right arm": "diffusion",
    }


def test_a_members_actions_are_those_of_its_own_checkpoint(artifact):
    """Left and right are trained on their own columns: layouts in the cards say so."""
    card = open_artifact(artifact).metadata["policies"][f"{TEAM}/transfer-cube-v1"]
    layouts = {agent: part["layout"]["action"] for agent, part in card["members"].items()}
    assert layouts["left arm"] == [["left_joints", 6], ["left_gripper", 1]]
    assert layouts["right arm"] == [["right_joints", 6], ["right_gripper", 1]]


def test_the_file_alone_is_enough_to_act_a_team_out_again(artifact):
    found = audit(open_artifact(artifact), Sample(share=1.0), Runtime(1, "cpu"), lanes=1)
    assert found.findings == ()
    assert found.reproduced == found.checked == found.episodes == 10


def test_a_manifest_in_a_file_is_the_one_that_ran(artifact, tmp_path):
    manifest = written(tmp_path)
    stored = restore(open_artifact(artifact).metadata["manifest"])
    assert stored.document() == manifest.document() == json.loads(json.dumps(manifest.document()))
    first, second = (
        {part.key for part in checkpoints(ticket_for(s, "cpu") for s in m.policies)} for m in (manifest, stored)
    )
    assert first == second
    assert len(first) == 3


def test_an_arm_that_is_late_is_late_in_a_team_too(artifact):
    rows = open_artifact(artifact).columns("policy", "condition", "trace", "exposure").to_pylist()
    [one, *_] = [row for row in rows if (row["policy"], row["condition"]) == (TEAM, "left-late")]
    commanded, applied = (np.array(one["trace"][name]) for name in ("commanded", "applied"))
    inside = np.clip(commanded, *bounds(CONTRACT.action))
    np.testing.assert_array_equal(applied[5:, :7], inside[:-5, :7])
    np.testing.assert_array_equal(applied[:, 7:], inside[:, 7:])


def test_a_team_is_explained_and_replayed_like_any_policy(artifact):
    found = open_artifact(artifact)
    rows = found.columns("episode", "policy", "condition", "outcome").to_pylist()
    [late, *_] = [row["episode"] for row in rows if (row["policy"], row["condition"]) == (TEAM, "left-late")]
    explained = explain(found, Budget(replicates=1, named=(late,)), Runtime(1, "cpu"))
    assert set(explained.verdicts) == {late}
    probes = {row["probe"] for row in explained.probes}
    assert {"nominal twin", "nominal twin, noise redrawn 1"} <= probes
    assert {row["policy"] for row in explained.probes} == {TEAM}
    again = vary(found, late, Change(), Runtime(1, "cpu"))
    assert again.parting is None
    healed = vary(found, late, Change(without=("action.delay/left arm",)), Runtime(1, "cpu"))
    assert healed.parting.component == "fault draw"


@pytest.mark.parametrize("verb", ["compare", "show"])
def test_a_team_is_compared_and_shown_like_any_policy(artifact, capsys, verb):
    with pytest.raises(SystemExit) as ended:
        main([verb, str(artifact)])
    assert ended.value.code == 0
    assert "act-and-diffusion" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("left arm: act", "left am: act", "unknown agent 'left am' of transfer-cube-v1; fix: did you mean 'left arm'?"),
        ("left arm: act, ", "", "expected a policy for 'left arm', an agent of transfer-cube-v1"),
        ("left arm: act", "left arm: acd", "unknown policy 'acd'"),
        (", execution: {execute: 4}", "", "expected one execution for all members; got left arm: "),
        ("{execute: 4}", "{execute: 9}", "expected at most 8, the chunk of left arm"),
        ("{execute: 4}", "{execut: 4}", "did you mean 'execute'?"),
        ("team: act-and-diffusion", "team: bc", "expected a name of its own"),
        ("team: act", "tean: act", "unknown key 'tean'; fix: did you mean 'team'?"),
    ],
)
def test_a_team_that_cannot_act_is_told_in_one_sentence(tmp_path, old, new, said):
    assert MANIFEST.count(old) >= 1
    with pytest.raises(ManifestError) as caught:
        written(tmp_path, MANIFEST.replace(old, new, 1))
    assert said in str(caught.value)
    assert "teams" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_members_that_agree_lend_the_team_their_execution(tmp_path):
    text = MANIFEST.replace(", execution: {execute: 4}", "").replace("right arm: diffusion", "right arm: act")
    [_, team] = written(tmp_path, text).policies
    assert (team.execution.execute, team.execution.ensemble) == (4, 0.01)
