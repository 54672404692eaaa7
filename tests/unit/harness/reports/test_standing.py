"""Ranks are left open where the evidence leaves them open."""

from itertools import combinations

import pytest
from fakes.outcomes import entrant

from harness.reports.comparison import Rules, compare
from harness.reports.pairing import Scope
from harness.reports.standing import standings
from harness.statistics.proportions import wilson

RULES = Rules()


def placed(*entered):
    return standings(entered, compare(combinations(entered, 2), [Scope()], RULES), Scope(), RULES)


def test_ranks_and_letters_separate_only_what_differs():
    bad = entrant("bad", [k % 10 == 2 for k in range(60)])
    good, twin = (entrant(name, [k % 10 != skip for k in range(60)]) for name, skip in (("good", 0), ("twin", 1)))
    found = placed(bad, good, twin)
    assert [item.name for item in found] == ["good", "twin", "bad"]
    assert [(item.rank.best, item.rank.worst) for item in found] == [(1, 2), (1, 2), (3, 3)]
    assert [item.letters for item in found] == ["a", "a", "b"]  # best first, whatever the order of entry


def test_whose_episodes_are_all_errors_is_shown_last_without_a_score():
    found = placed(entrant("broken", [None] * 4), entrant("fine", [True, None, True, True]))
    assert [(item.name, item.scored, item.errors) for item in found] == [("fine", 3, 1), ("broken", 0, 4)]
    assert found[1].success is None
    assert (found[1].rank.best, found[1].rank.worst) == (1, 2)


@pytest.mark.parametrize("value", [True, False])
def test_all_or_nothing_over_recurring_scenes_is_known_no_better_than_so_many_scenes(value):
    [only] = placed(entrant("a", [[value] * 4] * 6, conditions=("a", "b", "c", "d")))
    share = wilson(6 * value, 6)
    assert (only.success.low, only.success.high) == (share.low, share.high)
    assert only.scored == 24


def test_one_policy_stands_alone_and_nobody_stands_nowhere():
    [only] = placed(entrant("a", [True, False]))
    assert (only.rank.best, only.rank.worst, only.letters) == (1, 1, "a")
    assert placed() == []


def test_one_scene_with_mixed_outcomes_is_anything():
    [only] = placed(entrant("a", [[True, False]], conditions=("x", "y")))
    assert (only.success.estimate, only.success.low, only.success.high) == (0.5, 0.0, 1.0)
