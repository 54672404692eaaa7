"""The one word that a comparison may claim."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.statistics.intervals import Interval
from harness.statistics.paired import mcnemar_exact, tango
from harness.statistics.verdict import verdict

NAN = float("nan")


@pytest.mark.parametrize(
    ("low", "high", "margin", "p_adjusted", "word"),
    [
        (0.1, 0.4, 0.05, 0.01, "better"),
        (-0.4, -0.1, 0.05, 0.01, "worse"),
        (0.1, 0.4, 0.05, 0.05, "better"),
        (0.1, 0.4, 0.05, 0.051, "inconclusive"),
        (-0.04, 0.04, 0.05, 0.9, "equivalent"),
        (-0.05, 0.04, 0.05, 0.9, "inconclusive"),
        (-0.04, 0.05, 0.05, 0.9, "inconclusive"),
        (-0.3, 0.3, 0.05, 0.9, "inconclusive"),
        (0.01, 0.04, 0.05, 0.001, "better"),
        (0.01, 0.04, 0.05, 0.2, "equivalent"),
        (-0.02, 0.4, 0.05, 0.01, "inconclusive"),
        (0.0, 0.4, 0.05, 0.01, "inconclusive"),
        (0.0, 0.0, 0.0, 1.0, "inconclusive"),
    ],
)
def test_words(low, high, margin, p_adjusted, word):
    assert verdict(Interval((low + high) / 2, low, high), margin, p_adjusted, alpha=0.05) == word


def test_thirty_scenes_without_a_discordant_pair_are_no_equivalence_within_five_points():
    assert verdict(tango(20, 0, 0, 10), 0.05, mcnemar_exact(0, 0)) == "inconclusive"
    assert verdict(tango(200, 0, 0, 100), 0.05, mcnemar_exact(0, 0)) == "equivalent"


@given(ends=st.tuples(st.floats(-1, 1), st.floats(-1, 1)).map(sorted), p=st.floats(0, 1), margin=st.floats(0, 1))
def test_exchanging_the_methods_exchanges_better_and_worse(ends, p, margin):
    low, high = ends
    swapped = {"better": "worse", "worse": "better"}
    word = verdict(Interval(low, low, high), margin, p)
    assert verdict(Interval(-low, -high, -low), margin, p) == swapped.get(word, word)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: verdict(Interval(0, -1, 1), -0.1, 0.5), "margin >= 0"),
        (lambda: verdict(Interval(0, -1, 1), NAN, 0.5), "margin >= 0"),
        (lambda: verdict(Interval(0, -1, 1), 0.1, 1.5), "p-value in"),
        (lambda: verdict(Interval(0, -1, 1), 0.1, NAN), "p-value in"),
        (lambda: verdict(Interval(0, -1, 1), 0.1, 0.5, alpha=0), "0 < alpha < 1"),
        (lambda: Interval(0, NAN, 1), "NaN"),
        (lambda: Interval(0, 1, -1), "low <= high"),
    ],
)
def test_impossible_evidence_is_refused(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()
