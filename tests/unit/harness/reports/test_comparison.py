"""Comparisons of outcomes that were made up, so that the truth is known."""

from dataclasses import replace

import numpy as np
import pytest
from fakes.outcomes import entrant

from harness.errors import UnknownIdError
from harness.reports.comparison import Rules, by_name, changes, compare, scopes, unjudged
from harness.reports.pairing import Entrant, Scope, pair
from harness.statistics.power import pairs_needed

RULES = Rules()


def found(first, second, scope=None, rules=RULES):
    [item] = compare([(first, second)], [scope or Scope()], rules)
    return item


def both(*parts):
    """One entrant of the worlds of several."""
    outcomes = {world: success for part in parts for world, success in part.outcomes.items()}
    ids = {world: episode for part in parts for world, episode in part.ids.items()}
    return Entrant(**vars(parts[0]) | {"outcomes": outcomes, "ids": ids})


def test_a_pair_table_counts_what_it_should():
    item = found(entrant("a", [True] * 5 + [False] * 3), entrant("b", [True] * 2 + [False] * 6))
    assert vars(item.table) == {"n11": 2, "n10": 3, "n01": 0, "n00": 3}
    assert item.procedure == "exact McNemar, Tango"
    assert item.p == item.p_adjusted == pytest.approx(0.25)
    assert item.interval.estimate == pytest.approx(3 / 8)
    # phi by hand: (2 * 3 - 3 * 0) / sqrt(5 * 3 * 2 * 6)
    assert item.table.phi == pytest.approx(6 / np.sqrt(180))
    assert item.verdict == "inconclusive"
    assert item.needed == pairs_needed(0.05, 3 / 8) - 8


def test_recurring_scenes_are_never_pooled_in_a_mcnemar_test():
    conditions = ("nominal", "late")
    first = entrant("a", [[True, True]] * 5, conditions=conditions)
    second = entrant("b", [[False, False]] * 5, conditions=conditions)
    item = found(first, second)
    assert item.procedure == "scenes flipped and resampled"
    assert item.p == pytest.approx(2 / 2**5)  # five scenes, not ten pairs
    assert found(first, second, Scope(None, "late")).procedure == "exact McNemar, Tango"


def test_neither_replicates_nor_tasks_are_pooled_in_a_mcnemar_test():
    one, other = ([entrant(name, [value] * 5, replicate=k) for k in (0, 1)] for name, value in (("a", 1), ("b", 0)))
    assert found(both(*one), both(*other)).p == pytest.approx(2 / 2**5)
    one, other = ([entrant(name, [value] * 5, task=k) for k in "xy"] for name, value in (("a", 1), ("b", 0)))
    item = found(both(*one), both(*other), Scope(None, "nominal"))
    assert item.procedure == "scenes flipped and resampled"
    assert (item.scenes, item.p) == (10, pytest.approx(2 / 2**10))  # the tasks' scenes 0 are two scenes


def test_errors_and_missing_partners_are_counted_and_not_scored():
    item = found(entrant("a", [True, None, True, False]), entrant("b", [True, True, None, True, True]))
    assert (item.table.pairs, item.unscored, item.missing) == (2, 2, 1)
    assert item.interval.estimate == -0.5


@pytest.mark.parametrize("value", [True, False])
@pytest.mark.parametrize("conditions", [("nominal",), ("nominal", "late")])
def test_all_or_nothing_without_discordant_pairs_is_no_evidence_of_anything(value, conditions):
    met = [[value] * len(conditions)] * 8
    item = found(entrant("a", met, conditions=conditions), entrant("b", met, conditions=conditions))
    assert (item.p, item.verdict) == (1.0, "inconclusive")
    assert item.interval.low < -0.2
    assert item.interval.high > 0.2
    # Of 8 scenes none differs: planned is with the least discordance that could hold the margin.
    assert item.needed == pairs_needed(0.05, 0.05) - 8 > 100


def test_scenes_that_hardly_ever_differ_become_equivalent_only_when_there_are_many():
    conditions = ("nominal", "late")

    def verdict(scenes):
        met = [[True, True]] * scenes
        odd = [[True, False], *met[1:]]
        return found(entrant("a", met, conditions=conditions), entrant("b", odd, conditions=conditions)).verdict

    assert verdict(60) == "inconclusive"
    assert verdict(200) == "equivalent"


def test_one_scene_under_many_conditions_says_nothing():
    conditions = ("a", "b", "c")
    one = entrant("a", [[True] * 3], conditions=conditions)
    item = found(one, entrant("b", [[False] * 3], conditions=conditions))
    assert (item.verdict, item.interval.low, item.interval.high, item.needed) == ("inconclusive", -1, 1, None)


def test_all_errors_are_told_instead_of_compared():
    couples = [(entrant("a", [None] * 4), entrant("b", [True] * 5))]
    assert compare(couples, [Scope()], RULES) == ()
    [silent] = unjudged(couples, [Scope(), Scope("elsewhere")])
    assert (silent.first, silent.unscored, silent.missing) == ("a", 4, 1)
    assert unjudged([(couples[0][1], couples[0][1])], [Scope()]) == ()


def test_a_margin_of_zero_gives_no_plan_and_enough_pairs_need_no_more():
    one, other = entrant("a", [True, False] * 20), entrant("b", [False, True] * 20)
    assert found(one, other, rules=Rules(margin=0.0)).needed is None
    assert found(one, other, rules=Rules(margin=0.9)).needed == 0


def test_all_couples_and_parts_of_a_call_are_one_family():
    one, other = entrant("a", [True] * 6), entrant("b", [False] * 6)
    assert found(one, other).p_adjusted == pytest.approx(2 / 2**6)
    pooled = compare([(one, other)] * 2, [Scope(), Scope("push/heldout")], RULES)
    assert [item.p_adjusted for item in pooled] == [pytest.approx(4 * 2 / 2**6)] * 4
    assert {item.verdict for item in pooled} == {"inconclusive"}


def test_the_same_seed_gives_the_same_numbers_and_another_seed_others():
    rng = np.random.default_rng(0)
    couple = [
        entrant(name, rng.integers(0, 2, (40, 2)).astype(bool).tolist(), conditions=("x", "y")) for name in ("a", "b")
    ]
    runs = [compare([tuple(couple)], [Scope()], Rules(seed=seed)) for seed in (1, 1, 2)]
    assert runs[0] == runs[1] != runs[2]


def simulate(rng, *, effect, scenes=12, conditions=("a", "b", "c", "d")):
    """Scenes that are hard are hard for a checkpoint under all conditions."""
    quirk = rng.normal(0, 2, (2, scenes, 1)) + np.array([effect, 0])[:, None, None]
    tables = rng.random((2, scenes, len(conditions))) < 1 / (1 + np.exp(-quirk))
    return tuple(entrant(name, table.tolist(), conditions=conditions) for name, table in zip("xy", tables, strict=True))


def test_policies_that_are_alike_differ_no_more_often_than_alpha():
    """A/A; a McNemar test that pooled the conditions would alarm in far more than alpha of these."""
    rng, times = np.random.default_rng(4), 400
    runs = [found(*simulate(rng, effect=0.0)) for _ in range(times)]
    alarms = sum(item.verdict in ("better", "worse") for item in runs)
    assert 0 < alarms / times <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / times)
    assert np.mean([item.verdict == "equivalent" for item in runs]) == 0


def test_policies_that_differ_are_told_apart():
    rng = np.random.default_rng(4)
    assert np.mean([found(*simulate(rng, effect=4.0)).verdict == "better" for _ in range(60)]) > 0.8


def test_changes_put_regressions_first():
    before = [entrant("a", [True] * 12), entrant("b", [True] * 6 + [False] * 6), entrant("gone", [True])]
    now = [entrant("b", [True] * 7 + [False] * 5), entrant("a", [False] * 10 + [True] * 2), entrant("new", [True])]
    items = changes(before, now, [Scope()], RULES)
    assert [(item.first, item.verdict) for item in items] == [("a", "worse"), ("b", "inconclusive")]
    assert [item.interval.estimate for item in items] == [pytest.approx(-10 / 12), pytest.approx(1 / 12)]


def test_parts_of_the_panel_and_their_names():
    one = entrant("a", [[True, True]], conditions=("late", "nominal"))
    assert [str(part) for part in scopes([one], "cell")] == ["push/heldout, nominal", "push/heldout, late"]
    assert [str(part) for part in scopes([one], by_name("overall"))] == ["overall"]
    with pytest.raises(UnknownIdError, match="condition"):
        by_name("conditions")
    assert len(pair(one, replace(one), Scope(None, "late")).worlds) == 1
