"""Group sequential bounds against published values, the multivariate normal and simulated walks."""

import numpy as np
import pytest
from scipy import stats

from harness.statistics.spending import group_sequential_bounds


def test_published_bounds_of_five_equal_looks():
    """O'Brien-Fleming-type spending, alpha 0.05 two-sided; the values of Lan and DeMets' program."""
    found = group_sequential_bounds([0.2, 0.4, 0.6, 0.8, 1.0])
    assert found.bounds == pytest.approx(np.array([4.877, 3.357, 2.680, 2.290, 2.031]), abs=5e-4)
    assert found.spent[-1] == pytest.approx(0.05)


def test_published_bounds_of_four_equal_looks():
    """SeqBounds.jl's documented one-sided bounds at 0.05; at 0.1 two-sided the other side hardly matters."""
    found = group_sequential_bounds([0.25, 0.5, 0.75, 1.0], alpha=0.1)
    assert found.bounds == pytest.approx(np.array([3.74955, 2.53993, 2.01604, 1.72014]), abs=2e-3)


@pytest.mark.parametrize("alpha", [0.2, 0.05, 0.001])
def test_one_look_is_the_fixed_test(alpha):
    assert group_sequential_bounds([1.0], alpha).bounds[0] == pytest.approx(stats.norm.isf(alpha / 2))


@pytest.mark.parametrize(("times", "alpha"), [((0.5, 1.0), 0.05), ((0.3, 0.5, 0.9), 0.2), ((0.6, 0.62, 1.0), 0.05)])
def test_the_multivariate_normal_leaves_the_bounds_with_the_spent_alpha(times, alpha):
    found = group_sequential_bounds(times, alpha)
    correlation = np.sqrt(np.minimum.outer(times, times) / np.maximum.outer(times, times))
    for looks in range(2, len(times) + 1):
        walk = stats.multivariate_normal(np.zeros(looks), correlation[:looks, :looks], seed=0)
        bounds = found.bounds[:looks]
        assert 1 - walk.cdf(bounds, lower_limit=-bounds) == pytest.approx(found.spent[looks - 1], abs=2e-5)


def test_simulated_walks_leave_the_bounds_at_alpha():
    rng, runs, looks = np.random.default_rng(41), 20_000, 20
    found = group_sequential_bounds(np.arange(1, looks + 1) / looks)
    z = np.cumsum(rng.normal(size=(runs, looks)), axis=1) / np.sqrt(np.arange(1, looks + 1))
    left = np.mean((np.abs(z) >= found.bounds).any(axis=1))
    assert left == pytest.approx(0.05, abs=3 * np.sqrt(0.05 * 0.95 / runs))


def test_a_later_look_does_not_change_an_earlier_bound():
    assert group_sequential_bounds([0.4, 0.7, 1.0]).bounds[:2] == pytest.approx(
        group_sequential_bounds([0.4, 0.7]).bounds, abs=1e-9
    )


def test_looks_before_there_is_information_cannot_stop():
    found = group_sequential_bounds([0.001, 0.002, 1.0])
    assert np.isinf(found.bounds[:2]).all()
    assert found.bounds[2] == pytest.approx(1.959964, abs=1e-6)


@pytest.mark.parametrize(
    ("fractions", "alpha", "sentence"),
    [
        ([], 0.05, "empty"),
        ([0.5, float("nan")], 0.05, "NaN"),
        ([0.5, 1.1], 0.05, r"\(0, 1\]"),
        ([0.0, 1.0], 0.05, r"\(0, 1\]"),
        ([0.8, 0.4], 0.05, "above the last"),
        ([0.5, 0.5005], 0.05, "above the last"),
        ([0.5, 1.0], 1.0, "0 < alpha < 1"),
    ],
)
def test_impossible_looks_are_refused(fractions, alpha, sentence):
    with pytest.raises(ValueError, match=sentence):
        group_sequential_bounds(fractions, alpha)
