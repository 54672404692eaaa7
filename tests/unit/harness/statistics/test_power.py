"""Power of the exact McNemar test against a sum over every table of pairs."""

import math

import pytest
from scipy import stats

from harness.statistics.paired import mcnemar_exact
from harness.statistics.power import minimum_detectable_effect, paired_power, pairs_needed


def over_all_tables(pairs, difference, discordance, alpha):
    """Probability of a rejection, table by table, with scipy's binomial test."""
    rates = [(discordance + difference) / 2, (discordance - difference) / 2, 1 - discordance]
    total = 0.0
    for n10 in range(pairs + 1):
        for n01 in range(pairs + 1 - n10):
            if n10 + n01 and stats.binomtest(n10, n10 + n01).pvalue <= alpha * (1 + 1e-12):
                total += stats.multinomial.pmf([n10, n01, pairs - n10 - n01], pairs, rates)
    return total


@pytest.mark.parametrize("pairs", [1, 6, 17])
@pytest.mark.parametrize(("difference", "discordance"), [(0.0, 0.4), (0.3, 0.4), (-0.3, 0.5), (0.6, 0.6), (1.0, 1.0)])
@pytest.mark.parametrize("alpha", [0.05, 0.25])
def test_power_is_the_sum_over_all_tables(pairs, difference, discordance, alpha):
    expected = over_all_tables(pairs, difference, discordance, alpha)
    assert paired_power(pairs, difference, discordance, alpha) == pytest.approx(expected, abs=1e-12)


def test_an_alpha_that_the_test_attains_exactly_rejects():
    """Six discordant pairs one way: p = 1/32."""
    assert mcnemar_exact(6, 0) == 1 / 32
    assert paired_power(6, 1.0, 1.0, alpha=1 / 32) == pytest.approx(1)
    assert paired_power(6, 1.0, 1.0, alpha=1 / 32 - 1e-9) == 0


def test_the_size_is_below_alpha_and_both_directions_count_alike():
    assert 0 < paired_power(200, 0.0, 0.3) <= 0.05
    assert paired_power(200, -0.1, 0.3) == pytest.approx(paired_power(200, 0.1, 0.3))


def test_scenes_that_never_differ_detect_nothing():
    assert paired_power(50, 0.0, 0.0) == 0
    assert minimum_detectable_effect(50, 0.0) == math.inf
    assert pairs_needed(0.0, 0.0, limit=50) is None


def test_the_minimum_detectable_effect_has_the_power():
    effect = minimum_detectable_effect(120, 0.4, power=0.9)
    assert 0 < effect < 0.4
    assert paired_power(120, effect, 0.4) == pytest.approx(0.9, abs=1e-6)
    assert minimum_detectable_effect(240, 0.4, power=0.9) < effect


def test_too_few_pairs_detect_nothing_whatever_the_effect():
    assert minimum_detectable_effect(5, 1.0) == math.inf
    assert minimum_detectable_effect(6, 1.0) < 1


def test_a_power_below_the_size_needs_no_effect():
    assert minimum_detectable_effect(200, 0.3, power=0.001) == 0


@pytest.mark.parametrize(("difference", "discordance", "power"), [(0.3, 0.3, 0.8), (0.2, 0.4, 0.9), (-0.5, 0.6, 0.5)])
def test_pairs_needed_is_the_first_number_with_the_power(difference, discordance, power):
    found = pairs_needed(difference, discordance, power=power)
    assert paired_power(found, difference, discordance) >= power
    assert all(paired_power(pairs, difference, discordance) < power for pairs in range(1, found))


def test_more_pairs_than_the_limit_is_none():
    needed = pairs_needed(0.2, 0.4)
    assert pairs_needed(0.2, 0.4, limit=needed) == needed
    assert pairs_needed(0.2, 0.4, limit=needed - 1) is None


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: paired_power(0, 0.1, 0.3), "pairs >= 1"),
        (lambda: paired_power(10, 0.4, 0.3), "<= discordance"),
        (lambda: paired_power(10, float("nan"), 0.3), "<= discordance"),
        (lambda: paired_power(10, 0.1, 1.3), "<= 1"),
        (lambda: paired_power(10, 0.1, 0.3, alpha=0), "0 < alpha < 1"),
        (lambda: minimum_detectable_effect(10, float("nan")), "<= discordance"),
        (lambda: minimum_detectable_effect(10, 0.3, power=1), "0 < power < 1"),
        (lambda: pairs_needed(0.1, 0.3, power=float("nan")), "0 < power < 1"),
        (lambda: pairs_needed(0.1, 0.3, limit=0), "limit >= 1"),
    ],
)
def test_impossible_designs_are_refused(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()
