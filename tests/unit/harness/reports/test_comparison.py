"""Comparisons of outcomes that were made up, so that the truth is known."""

from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from harness.errors import UnknownIdError
from harness.reports.comparison import Rules, by_name, changes, compare, methods, scopes, standings
from harness.reports.pairing import Entrant, Scope, World, flips, pair

RULES = Rules()


def entrant(name, outcomes, *, method=None, seed=0, conditions=("nominal",)):
    """Outcomes are scenes x conditions, or scenes under one condition."""
    table = np.array(outcomes, object).reshape(-1, len(conditions))
    met = {
        World("push", "heldout", condition, scene, 0): table[scene, column]
        for column, condition in enumerate(conditions)
        for scene in range(len(table))
    }
    ids = {world: f"{name}-{world.condition}-{world.scene}" for world in met}
    return Entrant(name, name, method or name, seed, Path("a.parquet"), met, ids)


def test_a_pair_table_counts_what_it_should():
    first, second = entrant("a", [True] * 5 + [False] * 3), entrant("b", [True] * 2 + [False] * 6)
    [found] = compare([(first, second)], [Scope()], RULES)
    assert vars(found.table) == {"n11": 2, "n10": 3, "n01": 0, "n00": 3}
    assert found.procedure == "exact McNemar, Tango"
    assert found.p == found.p_adjusted == pytest.approx(0.25)
    assert found.verdict == "inconclusive"
    assert found.needed > 0


def test_recurring_scenes_are_never_pooled_in_a_mcnemar_test():
    conditions = ("nominal", "late")
    first = entrant("a", [[True, True]] * 5, conditions=conditions)
    second = entrant("b", [[False, False]] * 5, conditions=conditions)
    [found] = compare([(first, second)], [Scope()], RULES)
    assert found.procedure == "scenes flipped and resampled"
    assert found.p == pytest.approx(2 / 2**5)  # five scenes, not ten pairs
    [cell] = compare([(first, second)], [Scope(None, "late")], RULES)
    assert cell.procedure == "exact McNemar, Tango"


def test_errors_and_missing_partners_are_counted_and_not_scored():
    first, second = entrant("a", [True, None, True, False]), entrant("b", [True, True, None, True, True])
    [found] = compare([(first, second)], [Scope()], RULES)
    assert (found.table.pairs, found.unscored, found.missing) == (2, 2, 1)


@pytest.mark.parametrize("value", [True, False])
def test_all_or_nothing_without_discordant_pairs_is_no_evidence_of_a_difference(value):
    [found] = compare([(entrant("a", [value] * 8), entrant("b", [value] * 8))], [Scope()], RULES)
    assert (found.p, found.verdict, found.needed) == (1.0, "inconclusive", None)


def test_one_scene_under_many_conditions_says_nothing():
    conditions = ("a", "b", "c")
    one = entrant("a", [[True] * 3], conditions=conditions)
    [found] = compare([(one, entrant("b", [[False] * 3], conditions=conditions))], [Scope()], RULES)
    assert (found.verdict, found.interval.low, found.interval.high) == ("inconclusive", -1, 1)


def test_all_errors_leave_nothing_to_say():
    one, other = entrant("a", [None] * 4), entrant("b", [True] * 4)
    assert compare([(one, other)], [Scope()], RULES) == ()
    assert [item.name for item in standings([one, other], (), Scope(), RULES)] == ["b"]


def test_standings_rank_only_what_differs():
    rates = {"a": lambda k: k % 10 != 0, "b": lambda k: k % 10 != 1, "c": lambda k: k % 10 == 2}
    good, twin, bad = (entrant(name, [rate(k) for k in range(60)]) for name, rate in rates.items())
    found = compare(combinations((good, twin, bad), 2), [Scope()], RULES)
    placed = {item.name: item for item in standings([good, twin, bad], found, Scope(), RULES)}
    assert [(placed[name].rank.best, placed[name].rank.worst) for name in "abc"] == [(1, 2), (1, 2), (3, 3)]
    assert placed["a"].letters == placed["b"].letters != placed["c"].letters


def test_policies_that_are_alike_differ_no_more_often_than_alpha():
    """A/A over conditions that share scenes: a scene that is hard is hard for both, whatever the condition."""
    rng, alarms, times = np.random.default_rng(4), 0, 150
    conditions = ("a", "b", "c", "d")
    for _ in range(times):
        quirk = rng.normal(0, 2, (2, 12, 1))  # what a checkpoint makes of a scene, under all conditions
        tables = rng.random((2, 12, 4)) < 1 / (1 + np.exp(-quirk))
        couple = [
            entrant(name, table.tolist(), conditions=conditions) for name, table in zip("xy", tables, strict=True)
        ]
        [found] = compare([tuple(couple)], [Scope()], RULES)
        alarms += found.verdict in ("better", "worse")
    assert alarms / times <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / times)


def test_changes_put_regressions_first_and_flips_name_the_episodes():
    before = [entrant("a", [True] * 12), entrant("b", [True] * 6 + [False] * 6), entrant("gone", [True])]
    now = [entrant("a", [False] * 10 + [True] * 2), entrant("b", [True] * 7 + [False] * 5)]
    found = changes(before, now, [Scope()], RULES)
    assert [(item.first, item.verdict) for item in found] == [("a", "worse"), ("b", "inconclusive")]
    flipped = flips(before, now)
    assert [(item.label, item.now) for item in flipped] == [("a", False)] * 10 + [("b", True)]
    assert flipped[-1].episode == "b-nominal-6"


def test_a_method_is_spoken_of_only_with_three_training_seeds():
    rng = np.random.default_rng(5)

    def trained(method, rate, seeds):
        return [entrant(f"{method}{k}", list(rng.random(30) < rate), method=method, seed=k) for k in range(seeds)]

    few = [*trained("a", 0.9, 3), *trained("b", 0.2, 2)]
    assert methods(few, [Scope()]) == ()
    [claim] = methods([*few, *trained("c", 0.2, 3)], [Scope()])
    assert (claim.first, claim.second, claim.seeds) == ("a", "c", (3, 3))
    assert claim.difference.interval.low > 0.3
    assert claim.difference.p_value < 0.05


def test_parts_of_the_panel_and_their_names():
    one = entrant("a", [[True, True]], conditions=("late", "nominal"))
    assert [str(part) for part in scopes([one], "cell")] == ["push/heldout, nominal", "push/heldout, late"]
    assert [str(part) for part in scopes([one], by_name("overall"))] == ["overall"]
    with pytest.raises(UnknownIdError, match="condition"):
        by_name("conditions")
    assert len(pair(one, replace(one), Scope(None, "late")).worlds) == 1
