"""The manifests that come with the package load against the real tasks and methods, without a simulator or torch."""

import json
import subprocess
import sys

import pytest
import yaml

from harness.contract.failure import BLAMES
from harness.faults import catalogue
from harness.faults.catalogue import acting_on
from harness.faults.ladder import LEVELS
from harness.manifest.files import bundled, package_folder
from harness.manifest.ladders import rungs
from harness.manifest.loading import load_manifest
from harness.manifest.plan import episodes
from harness.manifest.schema import manifest_schema
from tasks.metaworld.table import TABLE


def test_the_committed_schema_is_the_present_one():
    assert json.loads((package_folder() / "schema.json").read_text()) == manifest_schema()


def test_files_that_are_only_included_are_no_manifests():
    names = {"smoke", "quick", "weekly", "avoid", "calibration", "insertion", "lift", "metaworld", "two-arms"}
    assert set(bundled()) == names | {"vision"}


@pytest.mark.parametrize("name", ["smoke", "quick", "weekly", "avoid", "insertion", "lift"])
def test_a_bundled_manifest_loads(name):
    manifest = load_manifest(name)
    assert manifest.name == name
    assert {policy.method for policy in manifest.policies} == {"act", "diffusion", "vqbet", "bc"}
    assert {control.control for control in manifest.controls} >= {"zero", "random", "expert", "shuffled", "replay"}
    assert "nominal" in manifest.panel.conditions
    assert episodes(manifest)


def test_the_manifest_of_meta_world_has_all_of_its_tasks():
    manifest = load_manifest("metaworld")
    assert {entry.contract.id for entry in manifest.panel.tasks.values()} == {row.id for row in TABLE.values()}
    assert {policy.method for policy in manifest.policies} == {"act", "bc"}
    assert episodes(manifest)


def test_two_arms_compares_one_policy_with_one_for_each_arm():
    joint, team = load_manifest("two-arms").policies
    assert [agent for agent, _ in team.members] == ["left arm", "right arm"]
    assert {member.recipe for _, member in team.members} == {joint.recipe}
    assert team.execution == joint.execution


def test_calibration_knows_every_category():
    manifest = load_manifest("calibration")
    known = {defect.category for defect in manifest.calibration.defects.values()}
    known |= set(manifest.calibration.conditions.values())
    known |= {fault.category for faults in manifest.panel.conditions.values() for fault in faults}
    assert known == set(BLAMES)
    tasks = {entry.contract.id for entry in manifest.panel.tasks.values()}
    for name, faults in manifest.panel.conditions.items():
        for task in tasks:
            assert len({fault.category for fault in acting_on(faults, task)}) == (name != "nominal")


def test_policies_of_vision_see_with_cameras_of_their_task():
    manifest = load_manifest("vision")
    assert {policy.method for policy in manifest.policies} == {"act", "diffusion", "vqbet"}
    cameras = {"pusht-v1": ("top",), "transfer-cube-v1": ("top", "left_wrist", "right_wrist")}
    assert all(policy.recipe.vision.cameras == cameras[policy.task] for policy in manifest.policies)


def test_quick_and_weekly_are_as_large_as_they_claim():
    quick, weekly = load_manifest("quick"), load_manifest("weekly")
    assert all(task.split == "heldout" and len(task.scenes) == 30 for task in quick.panel.tasks.values())
    assert len(quick.panel.conditions) >= 7
    assert {task.split for task in weekly.panel.tasks.values()} == {"heldout", "stress"}
    assert len(weekly.panel.conditions) >= 10
    assert {policy.seed for policy in weekly.policies} == {0, 1, 2}


def test_loading_imports_neither_torch_nor_a_simulator():
    code = (
        "import sys; from harness.manifest.loading import load_manifest; load_manifest('quick'); "
        "sys.exit(', '.join({'torch', 'mujoco', 'gymnasium'} & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_bundled_families_cover_every_fault_and_fit_the_native_tasks(tmp_path):
    families = yaml.safe_load((package_folder() / "ladders.yaml").read_text())["ladders"]
    text = (package_folder() / "smoke.yaml").read_text()
    text = text.replace("conditions.yaml", "ladders.yaml").replace(
        "[nominal, bad-day, object-shift]", f"[nominal, {', '.join(families)}]"
    )
    (tmp_path / "mine.yaml").write_text(text)
    conditions = load_manifest(tmp_path / "mine.yaml").panel.conditions
    assert len(rungs(conditions)) == len(conditions) - 1 == LEVELS * len(families)
    assert {fault.fault for faults in conditions.values() for fault in faults} == set(catalogue.ids())
