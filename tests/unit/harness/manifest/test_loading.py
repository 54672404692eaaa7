"""A right manifest loads completely; a wrong one stops with one line that says where, expected, got and fix."""

import json

import pytest
import yaml

from harness.errors import ManifestError
from harness.manifest.loading import load_manifest


def test_a_manifest_is_resolved(folder):
    manifest = load_manifest("mine.yaml")
    assert (manifest.name, manifest.panel.seed, manifest.panel.replicates) == ("mine", 7, 2)
    assert {key: task.scenes for key, task in manifest.panel.tasks.items()} == {
        "reach-v1/heldout": (0, 1, 2),
        "lift-v2/stress": (0, 1),
    }
    assert {name: len(faults) for name, faults in manifest.panel.conditions.items()} == {
        "nominal": 0,
        "drops": 1,
        "noise": 2,
    }
    assert [(control.label, control.conditions) for control in manifest.controls] == [
        ("zero", ("nominal",)),
        ("expert", ("nominal", "drops", "noise")),
        ("shuffled-clone-s0", ("nominal",)),
    ]
    assert manifest.bands == {"expert": (0.95, 1.0), "zero": (0.0, 0.05), "random": (0.0, 0.05)}
    assert manifest.run.lanes == 4


def test_a_policy_is_one_checkpoint_per_task_and_seed(folder):
    labels = [(policy.label, policy.task, policy.version) for policy in load_manifest("mine.yaml").policies]
    assert labels == [(f"clone-s{seed}", task, 3) for task in ("lift-v2", "reach-v1") for seed in (0, 1)]


def test_settings_of_a_task_are_merged_over_shared_ones(folder):
    lift, _, reach, _ = load_manifest("mine.yaml").policies
    assert reach.recipe.model_dump() == {"steps": 10, "chunk": 4, "network": {"width": 8, "depth": 2}}
    assert lift.recipe.model_dump() == {"steps": 10, "chunk": 4, "network": {"width": 8, "depth": 3}}
    assert (reach.execution.execute, reach.execution.ensemble) == (2, None)
    assert (lift.execution.execute, lift.execution.ensemble) == (4, 0.01)


def test_bands_replace_the_defaults_one_by_one(folder, edited):
    edited("mine.yaml", "run: {lanes: 4}", "bands: {expert: [0.5, 1]}")
    assert load_manifest("mine.yaml").bands["expert"] == (0.5, 1.0)
    assert load_manifest("mine.yaml").bands["zero"] == (0.0, 0.05)


def test_the_resolved_manifest_is_json(folder):
    document = load_manifest("mine.yaml").document()
    assert json.loads(json.dumps(document, allow_nan=False)) == document


def test_an_included_file_may_come_from_the_package(folder, edited):
    edited("mine.yaml", "[shared.yaml]", "[shared.yaml, policies-tiny.yaml]")
    assert load_manifest("mine.yaml").policies


WRONG = [
    (
        "mine.yaml",
        "seed: 7",
        "sed: 7",
        "mine.yaml:3: sed; got unknown key 'sed'; fix: did you mean 'seed'? (and 1 more)",
    ),
    ("mine.yaml", "seed: 7\n", "", "mine.yaml:1: seed; expected the key 'seed'; got nothing; fix: add it"),
    (
        "mine.yaml",
        "seed: 7",
        "seed: 7\nrnu: 1",
        "mine.yaml:4: rnu; got unknown key 'rnu'; fix: did you mean 'run'?",
    ),
    ("mine.yaml", "seed: 7", "seed: '7'", "mine.yaml:3: seed; expected a whole number; got '7'"),
    ("mine.yaml", "seed: 7", "seed: true", "mine.yaml:3: seed; expected a whole number; got True"),
    ("mine.yaml", "seed: 7", "seed: -1", "mine.yaml:3: seed; expected a number of at least 0; got -1"),
    (
        "mine.yaml",
        "seed: 7",
        "seed: 7\nseed: 8",
        "mine.yaml:4: seed; expected every key once; got the key of line 3 again; fix: remove or rename one of them",
    ),
    (
        "mine.yaml",
        "manifest/v1",
        "manifest/v9",
        "mine.yaml:1: schema; expected 'samepanel/manifest/v1'; got 'samepanel/manifest/v9'",
    ),
    (
        "mine.yaml",
        "task: reach-v1",
        "task: reach",
        "mine.yaml:7: panel.tasks.0; got unknown task 'reach'; fix: did you mean 'reach-v1'?",
    ),
    (
        "mine.yaml",
        "split: stress",
        "split: test",
        "mine.yaml:8: panel.tasks.1.split; expected 'train', 'heldout' or 'stress'; got 'test'",
    ),
    (
        "mine.yaml",
        "{task: lift-v2, split: stress, scenes: 2}",
        "{task: reach-v1, scenes: 2}",
        "mine.yaml:8: panel.tasks.1; expected every task and split once; got reach-v1/heldout again; fix: remove one",
    ),
    ("mine.yaml", "scenes: 3", "scenes: 0", "mine.yaml:7: panel.tasks.0.scenes; expected a number above 0; got 0"),
    (
        "mine.yaml",
        "drops, noise]",
        "drops, nose]",
        "mine.yaml:9: panel.conditions.2; got unknown condition 'nose'; fix: did you mean 'noise'?",
    ),
    (
        "mine.yaml",
        "drops, noise]",
        "drops, drops]",
        "mine.yaml:9: panel.conditions.2; expected every entry once; got drops again; fix: remove one",
    ),
    (
        "mine.yaml",
        "policy: clone",
        "policy: klone",
        "mine.yaml:12: policies.0; got unknown policy 'klone'; fix: did you mean 'clone'?",
    ),
    (
        "mine.yaml",
        "seeds: [0, 1]",
        "seeds: [1, 1]",
        "mine.yaml:12: policies.0.seeds.1; expected every entry once; got 1 again; fix: remove one",
    ),
    (
        "mine.yaml",
        "control: zero",
        "control: zeros",
        "mine.yaml:14: controls.0; got unknown control 'zeros'; fix: did you mean 'zero'?",
    ),
    (
        "mine.yaml",
        "{control: zero}",
        "{control: zero, conditions: [bad]}",
        "mine.yaml:14: controls.0.conditions; got unknown condition of this panel 'bad'; "
        "fix: known: drops, noise, nominal",
    ),
    (
        "mine.yaml",
        "{control: zero}",
        "{control: zero, of: clone}",
        "mine.yaml:14: controls.0.of; expected nothing for control 'zero'; got 'clone'; fix: remove it",
    ),
    (
        "mine.yaml",
        ", of: clone",
        "",
        "mine.yaml:16: controls.2.of; expected the name of a policy; got nothing; fix: add `of: <policy>`",
    ),
    (
        "mine.yaml",
        "of: clone",
        "of: bc",
        "mine.yaml:16: controls.2.of; got unknown policy of this manifest 'bc'; fix: known: clone",
    ),
    (
        "mine.yaml",
        "run: {lanes: 4}",
        "bands: {zeroo: [0, 0.1]}",
        "mine.yaml:17: bands.zeroo; got unknown control 'zeroo'; fix: did you mean 'zero'?",
    ),
    (
        "mine.yaml",
        "run: {lanes: 4}",
        "bands: {zero: [0.5, 0.1]}",
        "mine.yaml:17: bands.zero; expected [low, high] with 0 <= low <= high <= 1; got [0.5, 0.1]",
    ),
    (
        "mine.yaml",
        "{lanes: 4}",
        "{lane: 4}",
        "mine.yaml:17: run.lane; got unknown key 'lane'; fix: did you mean 'lanes'?",
    ),
    (
        "mine.yaml",
        "[shared.yaml]",
        "[share.yaml]",
        "mine.yaml:4: include.0 (share.yaml); expected a YAML file; got no such file; fix: did you mean 'shared.yaml'?",
    ),
    (
        "mine.yaml",
        "[shared.yaml]",
        "[shared.yaml, shared.yaml]",
        "shared.yaml:2: conditions.drops; expected every name once; got one more 'drops'; the first is in "
        "shared.yaml:1; fix: rename one of them",
    ),
    (
        "shared.yaml",
        "probability: 60 %",
        "probability: 60",
        "shared.yaml:3: conditions.drops.0.probability; expected a ratio from 0 to 1; got 60",
    ),
    (
        "shared.yaml",
        "probability: 60 %",
        "probabilty: 60 %",
        "shared.yaml:3: conditions.drops.0.probabilty; got unknown key 'probabilty'; fix: did you mean 'probability'? "
        "(and 1 more)",
    ),
    (
        "shared.yaml",
        "probability: 60 %",
        "probability: 60 %, brust: 2 steps",
        "shared.yaml:3: conditions.drops.0.brust; got unknown key 'brust'; fix: did you mean 'burst'?",
    ),
    (
        "shared.yaml",
        "probability: 60 %",
        "probability: 60 %, window: {strat: 1 s}",
        "shared.yaml:3: conditions.drops.0.window.strat; got unknown key 'strat'; fix: did you mean 'start'?",
    ),
    (
        "shared.yaml",
        "observation.frame_drop",
        "observation.frame_drops",
        "shared.yaml:3: conditions.drops.0; expected the id of a fault; got 'observation.frame_drops'; "
        "fix: did you mean 'observation.frame_drop'?",
    ),
    (
        "shared.yaml",
        "delay: 200 ms",
        "delay: 200 N",
        "shared.yaml:6: conditions.noise.1.delay; expected a duration such as '80 ms' or '3 steps', not negative; "
        "got '200 N'",
    ),
    (
        "shared.yaml",
        "{fault: action.delay, delay: 200 ms}",
        "{fault: timing.latency, latency: 200}",
        "shared.yaml:6: conditions.noise.1.latency; expected a duration such as '80 ms' or '3 steps', not negative; "
        "got 200 (and 1 more)",
    ),
    (
        "shared.yaml",
        "{fault: action.delay, delay: 200 ms}",
        "{fault: timing.latency, latency: [1 s, 200 s, 3 s]}",
        "shared.yaml:6: conditions.noise.1.latency; expected at most 2 entries; got ['1 s', '200 s', '3 s']",
    ),
    (
        "shared.yaml",
        "  drops:",
        "  Dr ops:",
        "shared.yaml:2: conditions.Dr ops; expected text of the form ^[a-z0-9]+([-_.][a-z0-9]+)*$; got 'Dr ops'",
    ),
    (
        "shared.yaml",
        "field: tip",
        "field: tipp",
        "shared.yaml:5: conditions.noise.0: observation.noise on reach-v1; got unknown observation field 'tipp'; "
        "fix: did you mean 'tip'?",
    ),
    (
        "shared.yaml",
        "task: reach-v1",
        "task: reach-v2",
        "shared.yaml:5: conditions.noise.0; got unknown task 'reach-v2'; fix: did you mean 'reach-v1'?",
    ),
    (
        "shared.yaml",
        "{fault: action.delay, delay: 200 ms}",
        "{fault: observation.noise, field: tip, std: 2 cm}",
        "shared.yaml:4: conditions.noise; expected distinct faults on reach-v1; got observation.noise/tip twice; "
        "fix: give each a `name` of its own, or remove one",
    ),
    (
        "shared.yaml",
        "  drops:",
        "  nominal:",
        "shared.yaml:2: conditions.nominal; expected no faults: `nominal` is the empty condition; got 1; "
        "fix: give the condition another name",
    ),
    (
        "shared.yaml",
        "  drops:",
        "  all:",
        "shared.yaml:2: conditions.all; got a reserved name; fix: give it another name",
    ),
    (
        "shared.yaml",
        "method: bc",
        "method: cb",
        "shared.yaml:9: policies.clone.method; got unknown method 'cb'; fix: did you mean 'bc'?",
    ),
    (
        "shared.yaml",
        "      lift-v2:",
        "      lift-v3:",
        "shared.yaml:13: policies.clone.tasks.lift-v3; got unknown task 'lift-v3'; fix: did you mean 'lift-v2'?",
    ),
    (
        "shared.yaml",
        "steps: 10",
        "step: 10",
        "shared.yaml:10: policies.clone.recipe.step; got unknown key 'step'; fix: did you mean 'steps'?",
    ),
    (
        "shared.yaml",
        "steps: 10",
        "steps: 0",
        "shared.yaml:10: policies.clone.recipe.steps; expected a number above 0; got 0",
    ),
    (
        "shared.yaml",
        "{depth: 3}",
        "{dept: 3}",
        "shared.yaml:14: policies.clone.tasks.lift-v2.recipe.network.dept; got unknown key 'dept'; "
        "fix: did you mean 'depth'?",
    ),
    (
        "shared.yaml",
        "execute: 4",
        "execute: 5",
        "shared.yaml:15: policies.clone.tasks.lift-v2.execution.execute; expected at most 4, the chunk of its recipe; "
        "got 5",
    ),
    (
        "shared.yaml",
        "    execution: {execute: 2}\n",
        "",
        "shared.yaml:8: policies.clone.execution.execute; expected the key 'execute'; got nothing; fix: add it",
    ),
]


@pytest.mark.parametrize(("file", "old", "new", "message"), WRONG, ids=[message.split(";")[0] for *_, message in WRONG])
def test_a_wrong_manifest_stops_with_one_line(folder, edited, file, old, new, message):
    edited(file, old, new)
    with pytest.raises(ManifestError) as caught:
        load_manifest("mine.yaml")
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [1", "mine.yaml:1; expected YAML; got expected ',' or ']'"),
        ("- 1", "mine.yaml:1; expected a mapping; got list"),
        ("", "mine.yaml:1; expected a mapping; got NoneType"),
        ("a: !!python/object:os.system x", "mine.yaml:1; expected YAML; got could not determine a constructor"),
        ("a: 2026-99-99", "mine.yaml; expected YAML in UTF-8; got month must be in 1..12"),
        ("a: \x07", "mine.yaml; expected YAML in UTF-8; got unacceptable character"),
    ],
)
def test_what_is_no_yaml_mapping_is_refused(folder, text, message):
    (folder / "mine.yaml").write_text(text)
    with pytest.raises(ManifestError) as caught:
        load_manifest("mine.yaml")
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("quik", "manifest 'quik'; got no file and no bundled manifest of that name; fix: did you mean 'quick'?"),
        ("main.yaml", "manifest 'main.yaml'; expected a YAML file; got no such file; fix: did you mean 'mine.yaml'?"),
        ("no/such.yaml", "manifest 'no/such.yaml'; expected a YAML file; got no such file; fix: check the path"),
    ],
)
def test_a_manifest_that_is_not_there_suggests_the_nearest(folder, name, message):
    with pytest.raises(ManifestError) as caught:
        load_manifest(name)
    assert str(caught.value) == message


def test_paths_are_shown_without_the_folders_of_the_machine(folder, monkeypatch):
    (folder / "elsewhere").mkdir()
    (folder / "mine.yaml").write_text("seed: 1")
    monkeypatch.chdir(folder / "elsewhere")
    with pytest.raises(ManifestError) as caught:
        load_manifest(folder / "mine.yaml")
    assert str(caught.value).startswith(f"{folder.name}/mine.yaml:1: schema")


def test_order_and_layout_of_a_file_do_not_matter(folder):
    before = load_manifest("mine.yaml")
    document = yaml.safe_load((folder / "mine.yaml").read_text())
    document["panel"]["conditions"].reverse()
    document["panel"]["tasks"].reverse()
    (folder / "mine.yaml").write_text(yaml.safe_dump(document))
    shared = yaml.safe_load((folder / "shared.yaml").read_text())
    shared["conditions"]["noise"].reverse()
    (folder / "shared.yaml").write_text(yaml.safe_dump(shared))
    assert load_manifest("mine.yaml").panel.panel_id == before.panel.panel_id
