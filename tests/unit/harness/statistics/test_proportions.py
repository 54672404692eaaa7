"""Wilson's interval against published values and its own definition."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.statistics.proportions import wilson

# Newcombe 1998, Statistics in Medicine 17:857-872, table I, method 3 (score without continuity correction).
PUBLISHED = [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0000, 0.1611), (1, 29, 0.0061, 0.1718)]


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


def test_more_confidence_is_wider():
    assert wilson(5, 10, 0.99).low < wilson(5, 10, 0.9).low


def test_nothing_scored_is_nan_and_not_zero():
    found = wilson(0, 0)
    assert all(math.isnan(value) for value in (found.rate, found.low, found.high))


@pytest.mark.parametrize("counts", [(3, 2), (-1, 2), (0, -1)])
def test_impossible_counts_are_refused(counts):
    with pytest.raises(ValueError, match="successes <= scored"):
        wilson(*counts)
