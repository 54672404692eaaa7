"""The dose at which success halves, worked out by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import isotonic_regression

from harness.reports.halving import Halving, antitonic, halved, halving

DOSES = np.array([0.0, 100.0, 200.0, 400.0])


def scenes(*rates, count=10):
    """Of every level, so many of the first scenes succeed; one episode a scene and level."""
    successes = np.stack([np.arange(count) < round(rate * count) for rate in rates], axis=1).astype(float)
    return successes, np.ones_like(successes)


def test_between_two_levels_the_curve_is_a_line():
    # Half of 0.8 is 0.4; from 0.5 at 200 to 0.1 at 400 it is reached after a quarter of the way.
    found = halving(DOSES, *scenes(0.8, 0.7, 0.5, 0.1))
    assert found.estimate == pytest.approx(250)
    assert found.low <= 250 <= found.high


def test_levels_in_the_wrong_order_are_pooled():
    # 0.5 and 0.7 become 0.6 and 0.6; from 0.6 at 200 to 0.1 at 400, 0.4 is reached after two fifths.
    assert halving(DOSES, *scenes(0.8, 0.5, 0.7, 0.1)).estimate == pytest.approx(280)


def test_half_of_nominal_is_meant_even_where_a_little_latency_helps():
    # The curve begins at 0.65, but half of nominal is 0.3: from 0.5 at 200 to 0 at 400, after two fifths.
    assert halving(DOSES, *scenes(0.6, 0.7, 0.5, 0.0)).estimate == pytest.approx(280)


def test_a_level_at_exactly_half_is_the_answer():
    assert halving(DOSES, *scenes(0.8, 0.4, 0.4, 0.4)).estimate == pytest.approx(100)


def test_what_never_halves_is_above_the_ladder():
    found = halving(DOSES, *scenes(0.8, 0.8, 0.8, 0.8))
    assert (found.estimate, found.low, found.high) == (np.inf, np.inf, np.inf)
    open_ended = halving(DOSES, *scenes(1.0, 0.9, 0.8, 0.6))
    assert (open_ended.estimate, open_ended.high) == (np.inf, np.inf) and open_ended.low < np.inf


def test_where_all_scenes_agree_the_levels_are_the_interval():
    assert halving(DOSES, *scenes(1.0, 1.0, 0.0, 0.0)) == Halving(150.0, 100.0, 200.0)
    assert halving(DOSES, *scenes(0.5, 0.0, 0.0, 0.0)) == Halving(50.0, 0.0, 100.0)


def test_nothing_to_halve_is_unknown():
    assert halving(DOSES, *scenes(0.0, 0.4, 0.0, 0.0)) == Halving(None, None, None)
    assert halving(DOSES[:1], *scenes(0.8)) == Halving(None, None, None)


def test_one_scene_has_no_interval():
    found = halving(DOSES, np.array([[4.0, 4, 4, 0]]), np.full((1, 4), 5.0))
    assert (found.estimate, found.low, found.high) == (pytest.approx(300), None, None)


def test_a_level_that_no_scene_met_is_unknown():
    assert np.isnan(halved(DOSES, np.array([4.0, 0, 2, 0]), np.array([5.0, 0, 5, 5])))


def test_the_interval_is_that_of_the_seed_and_shrinks_with_scenes():
    few, many = scenes(0.8, 0.7, 0.5, 0.1), scenes(0.8, 0.7, 0.5, 0.1, count=400)
    assert halving(DOSES, *few, seed=3) == halving(DOSES, *few, seed=3)
    one, other = halving(DOSES, *few), halving(DOSES, *many)
    assert other.high - other.low < one.high - one.low


def test_thousands_of_scenes_are_resampled_in_blocks():
    found = halving(DOSES, *scenes(0.8, 0.7, 0.5, 0.1, count=2000))
    assert found.estimate == pytest.approx(250) and 235 < found.low < 250 < found.high < 265


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(1, 20)), min_size=1, max_size=7))
def test_the_curve_is_that_of_isotonic_regression(levels):
    rates, weights = (np.array(column, float) for column in zip(*levels, strict=True))
    known = isotonic_regression(rates, weights=weights, increasing=False).x
    np.testing.assert_allclose(antitonic(rates, weights), known, atol=1e-9)
    np.testing.assert_allclose(antitonic(np.stack([rates, rates]), np.stack([weights, weights]))[1], known, atol=1e-9)
