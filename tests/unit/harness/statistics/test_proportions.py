"""Intervals of a rate against published values and their own definitions."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from harness.statistics.proportions import clopper_pearson, wilson

# Newcombe 1998, Statistics in Medicine 17:857-872, table I, method 3 (score without continuity correction).
PUBLISHED = [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0000, 0.1611), (1, 29, 0.0061, 0.1718)]
# The same table, method 5 (Clopper and Pearson).
EXACT = [(81, 263, 0.2527, 0.3676), (15, 148, 0.0578, 0.1617), (0, 20, 0.0000, 0.1684), (1, 29, 0.0009, 0.1776)]


@pytest.mark.parametrize(("successes", "scored", "low", "high"), PUBLISHED)
def test_published_intervals(successes, scored, low, high):
    found = wilson(successes, scored)
    assert found.rate == successes / scored
    assert (found.low, found.high) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


@given(scored=st.integers(1, 500), share=st.floats(0, 1))
def test_the_ends_solve_the_score_equation(scored, share):
    successes = round(share * scored)
    found = wilson(successes, scored)
    assert 0 <= found.low <= found.rate + 1e-12
    assert found.rate - 1e-12 <= found.high <= 1
    for end in (found.low, found.high):
        if 1e-9 < end < 1 - 1e-9:
            z = abs(found.rate - end) / math.sqrt(end * (1 - end) / scored)
            assert z == pytest.approx(1.959964, rel=1e-4)


@pytest.mark.parametrize(("successes", "scored", "low", "high"), EXACT)
def test_published_exact_intervals(successes, scored, low, high):
    found = clopper_pearson(successes, scored)
    assert found.rate == successes / scored
    assert (found.low, found.high) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


@given(scored=st.integers(1, 300), share=st.floats(0, 1), confidence=st.sampled_from([0.8, 0.95, 0.99]))
def test_the_ends_of_the_exact_interval_leave_half_of_alpha_in_each_tail(scored, share, confidence):
    successes, tail = round(share * scored), (1 - confidence) / 2
    found = clopper_pearson(successes, scored, confidence)
    if successes == 0:
        assert found.low == 0
    else:
        assert stats.binom.sf(successes - 1, scored, found.low) == pytest.approx(tail, rel=1e-6)
    if successes == scored:
        assert found.high == 1
    else:
        assert stats.binom.cdf(successes, scored, found.high) == pytest.approx(tail, rel=1e-6)


@pytest.mark.parametrize("rate", [0.02, 0.3, 0.5, 0.9])
def test_the_exact_interval_covers_at_least_the_confidence(rate):
    covering = [k for k in range(31) if clopper_pearson(k, 30).low <= rate <= clopper_pearson(k, 30).high]
    assert stats.binom.pmf(covering, 30, rate).sum() >= 0.95


@pytest.mark.parametrize("interval", [wilson, clopper_pearson])
def test_more_confidence_is_wider(interval):
    assert interval(5, 10, 0.99).low < interval(5, 10, 0.9).low


@pytest.mark.parametrize("interval", [wilson, clopper_pearson])
def test_nothing_scored_is_nan_and_not_zero(interval):
    found = interval(0, 0)
    assert all(math.isnan(value) for value in (found.rate, found.low, found.high))


@pytest.mark.parametrize("interval", [wilson, clopper_pearson])
@pytest.mark.parametrize("counts", [(3, 2), (-1, 2), (0, -1)])
def test_impossible_counts_are_refused(interval, counts):
    with pytest.raises(ValueError, match="successes <= scored"):
        interval(*counts)


@pytest.mark.parametrize("confidence", [0, 1, 95, float("nan")])
def test_impossible_confidence_is_refused(confidence):
    with pytest.raises(ValueError, match="0 < confidence < 1"):
        clopper_pearson(1, 2, confidence)
