"""What counts as known, and the score of what was said about it."""

import json

import numpy as np
import pytest
from fakes.scenario import MANIFEST, POLICIES, write_manifest

from harness.contract.failure import BLAMES
from harness.evidence.calibration import known, score
from harness.manifest.loading import load_manifest

TEXT = (
    MANIFEST.replace("seeds: [0]}\n", "seeds: [0]}\n  - {policy: half, seeds: [0]}\n", 1)
    + """\
calibration:
  defects:
    half-s0: {category: data_coverage, healthy: steady-s0}
    shuffled-steady-s0: {category: planning, healthy: steady-s0}
  conditions: {shift: evaluation}
"""
)
HALF = {"method": "fake", "recipe": {}, "demonstrations": {"within": {"goal_x": {"low": 0.0}}}}
HALF |= {"execution": {"execute": 2}}


@pytest.fixture
def manifest(plugins, tmp_path):
    return load_manifest(write_manifest(tmp_path, text=TEXT, policies=POLICIES | {"half": HALF}))


def row(policy="steady-s0", condition="drops", *, success=False, purpose="panel", scene=0, **changes):
    made = {"episode": f"{policy} {condition} {scene}", "purpose": purpose, "policy": policy, "condition": condition}
    made |= {"task": "fake-v1", "split": "heldout", "scene": scene, "replicate": 0, "success": success}
    return made | {"outcome": {True: "success", False: "failure", None: "error"}[success]} | changes


def expert(condition="drops", success=True, scene=0):
    return row("expert", condition, success=success, purpose="control", scene=scene)


def test_a_fault_is_known_where_policy_and_expert_win_without_and_under_it(manifest):
    failure, twin = row(), row(condition="nominal", success=True)
    assert known([failure, twin, expert()], manifest) == {"steady-s0 drops 0": "perception"}
    assert known([failure, twin], manifest) == {}
    assert known([failure, expert()], manifest) == {}
    assert known([failure, twin, expert(success=False)], manifest) == {}
    assert known([failure, row(condition="nominal"), expert()], manifest) == {}
    assert known([row(success=None), twin, expert()], manifest) == {}
    assert known([row(purpose="probe"), twin, expert()], manifest) == {}


def test_a_named_condition_is_known_whatever_the_expert_does(manifest):
    rows = [row(condition="shift"), row(condition="nominal", success=True), expert("shift", success=False)]
    assert known(rows, manifest) == {"steady-s0 shift 0": "evaluation"}


def test_a_defect_is_known_where_the_healthy_policy_wins_without_faults(manifest):
    defect = row("shuffled-steady-s0", "nominal", purpose="control")
    under_fault = row("shuffled-steady-s0", "drops", purpose="control")
    healthy = row(condition="nominal", success=True)
    assert known([defect, under_fault, healthy, expert()], manifest) == {"shuffled-steady-s0 nominal 0": "planning"}
    assert known([defect, row(condition="nominal")], manifest) == {}


def test_a_part_of_the_workspace_is_missing_only_outside_of_it(manifest):
    scenes = range(20)
    rows = [row("half-s0", "nominal", scene=scene) for scene in scenes]
    rows += [row(condition="nominal", success=True, scene=scene) for scene in scenes]
    found = known(rows, manifest)
    assert set(found.values()) == {"data_coverage"}
    assert 0 < len(found) < 20


def test_the_score_of_a_table_worked_out_by_hand():
    """Two categories are confused: tp 3, fp 1, fn 1 gives F1 0.75; one case of timing is abstained from."""
    truths = {f"{blame}{k}": blame for blame in BLAMES for k in range(4)}
    found = {episode: str(truth) for episode, truth in truths.items()}
    found |= {"perception0": "control", "control0": "perception", "timing0": "undetermined"}
    made = score(truths, found)
    assert made.cases == 28
    assert made.abstention == pytest.approx(1 / 28)
    f1 = dict(zip(BLAMES, made.f1, strict=True))
    assert (f1["perception"], f1["control"], f1["planning"]) == (0.75, 0.75, 1.0)
    assert f1["timing"] == pytest.approx(2 * 3 / (2 * 3 + 0 + 1))
    assert made.macro_f1 == pytest.approx(np.mean([0.75, 0.75, 6 / 7, 1, 1, 1, 1]))
    assert made.document()["matrix"]["timing"] == dict.fromkeys(BLAMES, 0) | {"timing": 3, "undetermined": 1}


def test_a_category_without_a_case_makes_the_whole_unknown():
    made = score({"a": "control"}, {"a": "control"})
    assert np.isnan(made.macro_f1)
    document = made.document()
    assert (document["macro_f1"], document["abstention"], document["categories"]["timing"]["f1"]) == (None, 0.0, None)
    assert json.dumps(document, allow_nan=False)


def test_nothing_scored():
    made = score({"a": "control"}, {})
    assert (made.cases, np.isnan(made.abstention)) == (0, True)
