"""Worlds as columns, and entrants that read like dicts."""

import numpy as np
import pytest
from fakes.outcomes import artifact, entrant

from harness.reports.comparison import Rules, compare
from harness.reports.pairing import BLOCKS, FEW_SCENES, Scope, entrants, leave_out, pair
from harness.reports.worlds import ABSENT, Met, World, Worlds, union

MET = {
    World("push", "heldout", "late", 3, 0): False,
    World("push", "heldout", "late", 1, 0): True,
    World("lift", "stress", "nominal", 0, 2): None,
}


def test_columns_read_like_the_dict_they_were_made_of():
    met = Met.of(MET)
    assert dict(met) == MET and len(met) == 3
    assert list(met) == sorted(MET)
    with pytest.raises(KeyError):
        met[World("push", "heldout", "late", 2, 0)]


def test_a_world_that_was_not_met_is_no_entry():
    worlds, _ = Worlds.of(list(MET))
    outcome = np.full(3, ABSENT, np.int8)
    assert dict(Met(worlds, outcome)) == {}


def test_worlds_of_different_tasks_and_conditions_are_aligned():
    one, _ = Worlds.of(list(MET))
    other, _ = Worlds.of([World("push", "heldout", "early", 3, 0), World("push", "heldout", "late", 3, 0)])
    both, first, second = union(one, other)
    assert [both[int(k)] for k in first] == list(one.each)
    assert [both[int(k)] for k in second] == list(other.each)
    assert len(both) == 4


def test_what_is_left_out_is_as_if_it_had_not_been_met():
    one = entrant("a", [[True, False]] * 3, conditions=("x", "y"))
    less = leave_out(one, [Scope("push/heldout", "y")])
    assert {world.condition for world in less.outcomes} == {"x"}
    assert len(one.outcomes) == 6
    assert (len(pair(less, one, Scope())), pair(less, one, Scope()).missing) == (3, 3)


def test_the_episode_of_a_world_is_found_again():
    [only] = entrants([artifact("a.parquet", {"act-s0": [True, False, None]})])
    assert dict(only.ids) == {World("push", "heldout", "nominal", k, 0): f"act-s0-{k}" for k in range(3)}


def test_few_scenes_are_resampled_each_by_itself_and_thousands_in_blocks():
    few = entrant("a", [[True, False]] * 50, conditions=("x", "y"))
    pairs = pair(few, few, Scope())
    np.testing.assert_array_equal(pairs.blocks(0), pairs.cluster)
    many = entrant("a", [[True, False]] * (FEW_SCENES + 1), conditions=("x", "y"))
    pairs = pair(many, many, Scope())
    assert len(np.unique(pairs.blocks(0))) == BLOCKS
    assert all(len(np.unique(pairs.blocks(0)[pairs.cluster == scene])) == 1 for scene in range(20))
    np.testing.assert_array_equal(pairs.blocks(0), pairs.blocks(0))
    assert (pairs.blocks(0) != pairs.blocks(1)).any()


def test_blocks_give_the_interval_that_scenes_give(monkeypatch):
    rng = np.random.default_rng(0)
    draws = rng.random((2, 1500, 3)) < np.array([0.6, 0.5])[:, None, None] + rng.normal(0, 0.2, (1, 1500, 1))
    two = [entrant(name, table.tolist(), conditions=("x", "y", "z")) for name, table in zip("ab", draws, strict=True)]
    [blocks] = compare([tuple(two)], [Scope()], Rules(plan=False))
    monkeypatch.setattr("harness.reports.pairing.FEW_SCENES", 10_000)
    [scenes] = compare([tuple(two)], [Scope()], Rules(plan=False))
    width = scenes.interval.high - scenes.interval.low
    assert blocks.interval.estimate == scenes.interval.estimate
    assert abs(blocks.interval.low - scenes.interval.low) < 0.2 * width
    assert abs(blocks.interval.high - scenes.interval.high) < 0.2 * width
    assert blocks.verdict == scenes.verdict == "better"
