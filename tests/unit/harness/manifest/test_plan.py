"""The plan has every episode once, in an order and with ids that only content decides."""

import yaml

from harness.manifest.loading import load_manifest
from harness.manifest.plan import Cell, EpisodeKey, episode_id, episodes


def test_every_episode_is_planned_once(folder):
    planned = episodes(load_manifest("mine.yaml"))
    scenes, replicates, conditions, seeds = 3 + 2, 2, 3, 2
    assert len(planned) == len(set(planned)) == scenes * replicates * (seeds * conditions + 1 + conditions + 1)
    assert {(key.cell.purpose, key.cell.policy) for key in planned} == {
        ("panel", "clone-s0"),
        ("panel", "clone-s1"),
        ("control", "zero"),
        ("control", "expert"),
        ("control", "shuffled-clone-s0"),
    }
    assert EpisodeKey(Cell("panel", "clone-s1", "lift-v2", "stress", "noise"), 1, 1) in planned


def test_every_policy_meets_the_same_scenes(folder):
    met = {}
    for key in episodes(load_manifest("mine.yaml")):
        if key.cell.condition == "nominal":
            met.setdefault(key.cell.policy, set()).add((key.cell.task, key.cell.split, key.scene, key.replicate))
    assert len(met) == 5
    assert all(scenes == met["zero"] for scenes in met.values())


def test_the_order_of_a_manifest_does_not_change_the_plan(folder):
    before = load_manifest("mine.yaml")
    document = yaml.safe_load((folder / "mine.yaml").read_text())
    document["policies"][0]["seeds"].reverse()
    document["panel"]["tasks"].reverse()
    document["controls"].reverse()
    (folder / "mine.yaml").write_text(yaml.safe_dump(document, sort_keys=True))
    after = load_manifest("mine.yaml")
    assert [key for key in episodes(after) if "shuffled" not in key.cell.policy] == [
        key for key in episodes(before) if "shuffled" not in key.cell.policy
    ]
    assert episodes(before) == tuple(sorted(episodes(before)))


def test_ids_are_distinct_and_belong_to_the_panel(folder):
    planned = episodes(load_manifest("mine.yaml"))
    ids = {episode_id(key, "a" * 32) for key in planned}
    assert len(ids) == len(planned)
    assert all(len(identifier) == 12 for identifier in ids)
    assert not ids & {episode_id(key, "b" * 32) for key in planned}


def test_the_id_of_an_episode_never_changes():
    key = EpisodeKey(Cell("panel", "act-s0", "pusht-v1", "heldout", "nominal"), 3, 0)
    assert episode_id(key, "0" * 32) == "0fabcec8e148"
