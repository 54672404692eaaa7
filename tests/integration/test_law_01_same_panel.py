"""Law 1: the panel id is the hash of all that can change an outcome, policies apart."""

import re

import pytest
from fakes.scenario import FAULTS, MANIFEST, POLICIES, write_manifest

from harness.manifest.loading import load_manifest
from harness.manifest.panel import Panel, first_difference

CHANGES = {
    "seed": (r"seed: 5", "seed: 6"),
    "scenes": (r"scenes: 3", "scenes: 4"),
    "split": (r"split: heldout", "split: stress"),
    "conditions": (r"nominal, drops, slow, shift", "nominal, drops, slow"),
    "replicates": (r"drops, slow, shift\]", "drops, slow, shift]\n  replicates: 2"),
}
HARMLESS = {
    "order of conditions": (r"nominal, drops, slow, shift", "shift, slow, nominal, drops"),
    "policies": (r"  - \{policy: noisy, seeds: \[0, 1\]\}\n", ""),
    "controls": (r"  - \{control: replay\}\n", ""),
    "name": (r"name: fake", "name: other"),
    "lanes and threads": (r"lanes: 8, threads: 1", "lanes: 2, threads: 2"),
}


@pytest.fixture
def load(plugins, tmp_path):
    def panel(pattern="", replacement="", **settings):
        text = re.sub(pattern, replacement, MANIFEST) if pattern else MANIFEST
        assert not pattern or text != MANIFEST
        return load_manifest(write_manifest(tmp_path, text=text, **settings)).panel

    return panel


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_can_change_an_outcome_makes_another_panel(load, change):
    first, second = load(), load(*change)
    assert first.panel_id != second.panel_id


@pytest.mark.parametrize("change", HARMLESS.values(), ids=HARMLESS)
def test_what_cannot_leaves_the_panel_alone(load, change):
    assert load().panel_id == load(*change).panel_id


def test_recipes_do_not_enter(load):
    other = POLICIES | {"steady": {"method": "fake", "recipe": {"chunk": 8}, "execution": {"execute": 8}}}
    assert load().panel_id == load(policies=other).panel_id


def test_a_fault_parameter_makes_another_panel_and_is_named(load):
    drops = [FAULTS["drops"][0] | {"probability": "60 %"}]
    first, second = load(), load(conditions=FAULTS | {"drops": drops})
    assert first.panel_id != second.panel_id
    difference = first_difference(first.document, second.document)
    assert "conditions.drops.0.probability" in difference
    assert "0.5" in difference
    assert "0.6" in difference


def test_of_several_differences_the_first_is_named(load):
    drops = [FAULTS["drops"][0] | {"probability": "60 %", "burst": "300 ms"}]
    first, second = load(), load(*CHANGES["seed"], conditions=FAULTS | {"drops": drops})
    assert first_difference(first.document, second.document).startswith("conditions.drops.0.burst")
    assert first_difference(first.document, first.document) is None


def test_the_simulator_version_makes_another_panel(load):
    panel = load()
    [(name, entry)] = panel.tasks.items()
    newer = entry.model_copy(update={"contract": entry.contract.model_copy(update={"simulator": "numpy 2"})})
    assert panel.model_copy(update={"tasks": {name: newer}}).model_dump(mode="json") != panel.document
    other = Panel.model_validate(panel.model_copy(update={"tasks": {name: newer}}).model_dump(mode="json"))
    assert other.panel_id != panel.panel_id


def test_an_artifact_carries_its_panel(load, fake_artifact):
    from harness.artifact.reader import open_artifact  # noqa: PLC0415 -- only this test reads an artifact

    manifest = open_artifact(fake_artifact).metadata["manifest"]
    assert Panel.model_validate(manifest["panel"]).panel_id == manifest["panel_id"] == load().panel_id
