"""Law 1: what can change an outcome, and only that, is the panel; and scenes follow from it alone."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.contract.scenes import draw_scene
from harness.manifest.loading import load_manifest
from harness.manifest.panel import Panel, first_difference


@pytest.mark.parametrize(
    ("file", "old", "new", "difference"),
    [
        ("mine.yaml", "seed: 7", "seed: 8", "seed: 7 against 8"),
        ("mine.yaml", "replicates: 2", "replicates: 1", "replicates: 2 against 1"),
        ("mine.yaml", "scenes: 3", "scenes: 4", "tasks.reach-v1/heldout.scenes.3: only in the second"),
        ("mine.yaml", "drops, noise]", "drops]", "conditions.noise: only in the first"),
        ("shared.yaml", "60 %", "50 %", "conditions.drops.0.probability: 0.6 against 0.5"),
        ("shared.yaml", "200 ms", "201 ms", "conditions.noise.1.delay: '0.2 s' against '0.201 s'"),
    ],
)
def test_what_changes_an_outcome_makes_another_panel(folder, edited, file, old, new, difference):
    before = load_manifest("mine.yaml").panel
    edited(file, old, new)
    after = load_manifest("mine.yaml").panel
    assert after.panel_id != before.panel_id
    assert first_difference(before.document, after.document) == difference


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("mine.yaml", "name: mine", "name: yours"),
        ("mine.yaml", "lanes: 4", "lanes: 64"),
        ("mine.yaml", "seeds: [0, 1]", "seeds: [0, 5]"),
        ("mine.yaml", "  - {control: zero}\n", ""),
        ("mine.yaml", "run: {lanes: 4}", "bands: {zero: [0, 0.5]}"),
        ("shared.yaml", "steps: 10", "steps: 20"),
        ("shared.yaml", "delay: 200 ms", "delay: 0.2 s"),
    ],
)
def test_what_changes_no_outcome_keeps_the_panel(folder, edited, file, old, new):
    before = load_manifest("mine.yaml").panel
    edited(file, old, new)
    after = load_manifest("mine.yaml").panel
    assert after.panel_id == before.panel_id
    assert first_difference(before.document, after.document) is None


def test_a_panel_survives_json(folder):
    panel = load_manifest("mine.yaml").panel
    again = Panel.model_validate(json.loads(json.dumps(panel.document)))
    assert again == panel
    assert again.panel_id == panel.panel_id


def test_the_contract_and_the_harness_are_part_of_the_panel(folder):
    panel = load_manifest("mine.yaml").panel
    task = panel.tasks["reach-v1/heldout"]
    contract = task.contract.model_copy(update={"simulator": "none 1.1"})
    other = panel.model_copy(
        update={"tasks": panel.tasks | {"reach-v1/heldout": task.model_copy(update={"contract": contract})}}
    )
    assert first_difference(panel.document, other.model_dump(mode="json")) == (
        "tasks.reach-v1/heldout.contract.simulator: 'none 1.0' against 'none 1.1'"
    )
    newer = Panel.model_validate(panel.document | {"semantics": 99})
    assert newer.panel_id != panel.panel_id


json_values = st.recursive(
    st.one_of(st.integers(0, 2), st.sampled_from(["a", "b"])),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("xyz"), inner, max_size=3)),
    max_leaves=6,
)


@given(json_values, json_values)
def test_documents_differ_somewhere_unless_they_are_equal(first, second):
    assert (first_difference(first, second) is None) == (first == second)


def test_a_scene_does_not_depend_on_the_size_of_the_panel_or_the_order_of_draws(contract):
    forwards = [draw_scene(contract, 7, "heldout", index) for index in range(5)]
    backwards = [draw_scene(contract, 7, "heldout", index) for index in reversed(range(20))]
    assert forwards == backwards[::-1][:5]


def test_variables_are_uniform_over_their_range(contract):
    drawn = [draw_scene(contract, 7, "heldout", index).variables for index in range(2000)]
    for name, low, high in (("x", -0.1, 0.1), ("yaw", 0.0, 1.0)):
        values = np.array([variables[name] for variables in drawn])
        counts, _ = np.histogram(values, bins=10, range=(low, high))
        assert counts.sum() == 2000
        assert counts.min() > 140
    assert abs(np.corrcoef(*np.array([[variables["x"], variables["yaw"]] for variables in drawn]).T)[0, 1]) < 0.1


def test_each_variable_has_a_stream_of_its_own(contract):
    fewer = contract.model_copy(
        update={"resets": contract.resets | {"heldout": {"yaw": contract.resets["heldout"]["yaw"]}}}
    )
    assert draw_scene(fewer, 7, "heldout", 2).variables["yaw"] == draw_scene(contract, 7, "heldout", 2).variables["yaw"]


def test_seed_split_and_index_each_change_the_scene(contract):
    drawn = {
        draw_scene(contract, seed, split, index).variables["yaw"]
        for seed, split, index in [(7, "heldout", 0), (8, "heldout", 0), (7, "train", 0), (7, "heldout", 1)]
    }
    assert len(drawn) == 4


def test_a_range_without_extent_is_its_value(contract):
    assert draw_scene(contract, 7, "stress", 0).variables["x"] == 0.2


def test_a_line_for_a_task_of_another_panel_keeps_this_one(folder, edited):
    text = (folder / "mine.yaml").read_text().replace("    - {task: lift-v2, split: stress, scenes: 2}\n", "")
    (folder / "mine.yaml").write_text(text)
    before = load_manifest("mine.yaml").panel
    edited("shared.yaml", "  drops:\n", "  drops:\n    - {fault: action.delay, task: lift-v2, delay: 300 ms}\n")
    assert load_manifest("mine.yaml").panel.panel_id == before.panel_id
    edited("shared.yaml", "task: lift-v2, delay: 300 ms", "task: reach-v1, delay: 300 ms")
    assert load_manifest("mine.yaml").panel.panel_id != before.panel_id
