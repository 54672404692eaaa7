"""Holm against statsmodels, letters against cliques found by brute force, ranks against their definition."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from harness.statistics.multiplicity import RankInterval, compact_letter_display, holm, rank_intervals

p_value = st.one_of(st.floats(0, 1), st.sampled_from([0.0, 0.01, 0.05, 1.0]))


@given(st.lists(p_value, min_size=1, max_size=30))
def test_holm_is_that_of_statsmodels(p_values):
    assert holm(p_values) == pytest.approx(multipletests(p_values, method="holm")[1], abs=1e-12)


@given(st.lists(p_value, min_size=1, max_size=30))
def test_adjusting_raises_keeps_the_order_and_stays_a_probability(p_values):
    adjusted = holm(p_values)
    assert (adjusted >= np.array(p_values)).all()
    assert (adjusted <= 1).all()
    assert (np.diff(adjusted[np.argsort(p_values, kind="stable")]) >= 0).all()


def test_one_test_needs_no_adjustment():
    assert holm([0.03]).tolist() == [0.03]


def test_any_false_rejection_is_rarer_than_alpha():
    p_values = np.random.default_rng(3).random((4000, 8))
    alarms = np.mean([holm(row).min() <= 0.05 for row in p_values])
    assert 0 < alarms <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 4000)


@st.composite
def relations(draw):
    size = draw(st.integers(1, 7))
    differs = np.zeros((size, size), bool)
    for first, second in combinations(range(size), 2):
        differs[first, second] = differs[second, first] = draw(st.booleans())
    return differs


def maximal_ties(differs):
    """All maximal sets without a significant pair, by looking at every subset."""
    size = len(differs)
    subsets = [set(chosen) for length in range(1, size + 1) for chosen in combinations(range(size), length)]
    ties = [chosen for chosen in subsets if not any(differs[i, j] for i, j in combinations(sorted(chosen), 2))]
    return {frozenset(tie) for tie in ties if not any(tie < other for other in ties)}


@given(relations())
def test_groups_are_the_maximal_ties(differs):
    names = [f"m{index}" for index in range(len(differs))]
    found = compact_letter_display(names, differs)
    assert {frozenset(names.index(name) for name in group) for group in found.groups} == maximal_ties(differs)
    assert len(set(found.groups)) == len(found.groups)


@given(relations())
def test_two_methods_share_a_letter_exactly_if_they_tie(differs):
    letters = compact_letter_display([str(index) for index in range(len(differs))], differs).letters
    for first, second in combinations(range(len(differs)), 2):
        assert bool(set(letters[first]) & set(letters[second])) != differs[first, second]
    assert letters[0].startswith("a")


def test_a_chain_of_ties_overlaps():
    differs = np.zeros((3, 3), bool)
    differs[0, 2] = differs[2, 0] = True
    found = compact_letter_display(["act", "diffusion", "bc"], differs)
    assert found.letters == ("a", "ab", "b")
    assert found.groups == (("act", "diffusion"), ("diffusion", "bc"))


def test_more_groups_than_letters_stay_readable():
    differs = ~np.eye(54, dtype=bool)
    letters = compact_letter_display([str(index) for index in range(54)], differs).letters
    assert (letters[0], letters[51], letters[52]) == ("a", "Z", "(53)")
    assert len(set(letters)) == 54


def test_without_significance_every_rank_is_open():
    assert rank_intervals(np.zeros((3, 3), bool)) == (RankInterval(1, 3),) * 3


def test_a_full_order_leaves_one_rank_each():
    better = np.triu(np.ones((4, 4), bool), 1)
    assert rank_intervals(better) == tuple(RankInterval(rank, rank) for rank in (1, 2, 3, 4))


@given(st.permutations(range(6)), st.integers(0, 5))
def test_ranks_hold_the_true_rank_when_the_significant_pairs_are_true(order, gap):
    """Method m has true rank order[m] + 1; only ranks further apart than `gap` are told apart."""
    rank = np.array(order)
    found = rank_intervals(rank[:, None] + gap < rank[None])
    assert all(each.best <= true + 1 <= each.worst for each, true in zip(found, order, strict=True))


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: holm([]), "empty"),
        (lambda: holm([0.1, float("nan")]), "NaN"),
        (lambda: holm([0.1, 1.2]), r"\[0, 1\]"),
        (lambda: compact_letter_display([], np.zeros((0, 0), bool)), "empty"),
        (lambda: compact_letter_display(["a"], np.zeros((2, 2), bool)), "1 x 1"),
        (lambda: compact_letter_display(["a", "a"], np.zeros((2, 2), bool)), "different names"),
        (lambda: compact_letter_display(["a", "b"], np.triu(np.ones((2, 2), bool), 1)), "symmetric"),
        (lambda: compact_letter_display(["a", "b"], [[0.0, float("nan")], [float("nan"), 0.0]]), "booleans"),
        (lambda: rank_intervals(np.zeros((0, 0), bool)), "empty"),
        (lambda: rank_intervals(np.eye(2, dtype=bool)), "diagonal"),
        (lambda: rank_intervals(~np.eye(2, dtype=bool)), "both directions"),
        (lambda: rank_intervals(np.zeros((2, 3), bool)), "2 x 2"),
    ],
)
def test_what_is_no_family_or_relation_is_refused(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()
