"""Source maps of lossy and slow streams, step by step."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.faults.streams import bursts, delayed, held, through

WHOLE = slice(0, 8)


def test_a_lost_item_repeats_the_last_one():
    lost = np.array([0, 1, 1, 0, 0, 1, 0, 0], bool)
    assert held(lost, first=0).tolist() == [0, 0, 0, 3, 4, 4, 6, 7]


def test_before_any_item_arrives_the_first_stands_in():
    assert held(np.array([1, 1, 0, 1], bool), first=-1).tolist() == [-1, -1, 2, 2]


def test_a_delay_shifts_the_stream():
    assert delayed(3, WHOLE, 8, first=0).tolist() == [0, 0, 0, 0, 1, 2, 3, 4]
    assert delayed(3, WHOLE, 8, first=-1).tolist() == [-1, -1, -1, 0, 1, 2, 3, 4]


def test_a_delay_that_begins_later_lets_the_stream_stand_still_and_catch_up():
    assert delayed(2, slice(3, 6), 8, first=0).tolist() == [0, 1, 2, 2, 2, 3, 6, 7]


def test_a_late_stream_carries_the_repeats_of_the_lossy_one():
    dropped = np.array([0, 1, 1, 1, 4, 5], np.int32)
    late = np.array([-1, 0, 1, 2, 3, 4], np.int32)
    assert through(dropped, late).tolist() == [-1, 0, 1, 1, 1, 4]


@given(st.integers(0, 100), st.integers(1, 9), st.floats(0, 1), st.floats(0, 1))
def test_a_higher_probability_loses_what_a_lower_one_loses_and_more(seed, burst, first, second):
    low, high = sorted((first, second))
    few = bursts(low, burst, slice(0, 50), 50, np.random.default_rng(seed))
    many = bursts(high, burst, slice(0, 50), 50, np.random.default_rng(seed))
    assert not (few & ~many).any()


@pytest.mark.parametrize("burst", [1, 3, 10])
@pytest.mark.parametrize("probability", [0.0, 0.2, 0.6, 1.0])
def test_the_share_of_lost_items_is_the_probability_whatever_the_burst(burst, probability):
    lost = bursts(probability, burst, slice(0, 200_000), 200_000, np.random.default_rng(1))
    assert lost[100:].mean() == pytest.approx(probability, abs=0.01)


@given(st.integers(0, 100), st.integers(2, 5))
def test_a_loss_lasts_at_least_one_burst_unless_the_window_ends(seed, burst):
    lost = bursts(0.3, burst, slice(5, 40), 50, np.random.default_rng(seed))
    edges = np.flatnonzero(np.diff(np.r_[False, lost, False]))
    starts, stops = edges[::2], edges[1::2]
    assert all(stop - start >= burst or stop == 40 for start, stop in zip(starts, stops, strict=True))
    assert not lost[:5].any()
    assert not lost[40:].any()
