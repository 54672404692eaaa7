"""What an episode remembers: the gap of each row, the way, and that chunks do not matter."""

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.avoid.layout import GAPS, ROW_LINES, WAYS, posts_of
from tasks.avoid.record import RECORD, blank, follow, mode_of

ROWS = np.array([[0.0, line] for line in ROW_LINES])
POSTS = posts_of(ROWS)


def course(before, path):
    path = np.asarray(path, float)[None]
    return follow(before, path, np.broadcast_to(POSTS, (1, path.shape[1], *POSTS.shape))).records


def crossing(gaps):
    """A straight crossing of each row through the middle of its gap."""
    places = ((-0.1, 0.1), (-0.15, 0.0, 0.15), (-0.22, -0.075, 0.075, 0.22))
    return [
        (xs[gap], line + step) for xs, gap, line in zip(places, gaps, ROW_LINES, strict=True) for step in (-0.06, 0.06)
    ]


def test_every_way_has_a_number_of_its_own():
    numbers = [mode_of(course(blank(1), crossing(gaps)))[0, -1] for gaps in itertools.product(*map(range, GAPS))]
    assert numbers == list(range(1, WAYS + 1))


def test_a_way_has_no_number_before_the_last_row():
    assert mode_of(course(blank(1), crossing((0, 0, 0))[:-1]))[0, -1] == 0


def test_who_goes_back_and_through_another_gap_has_gone_through_that_one():
    there = crossing((0, 1, 1))
    back = [(-0.1, 0.1), (0.1, 0.1)]
    assert mode_of(course(blank(1), there[:2] + back + crossing((1, 1, 1))))[0, -1] == 1 + 12 + 4 + 1


@settings(max_examples=50, deadline=None)
@given(
    path=st.lists(st.tuples(st.floats(-0.3, 0.3), st.floats(0, 0.7)), min_size=2, max_size=20),
    cut=st.integers(1, 19),
)
def test_a_record_in_parts_is_the_record_at_once(path, cut):
    cut = min(cut, len(path) - 1)
    whole = course(blank(1), path)
    first = course(blank(1), path[:cut])
    second = course(first[:, -1], path[cut:])
    np.testing.assert_array_equal(whole, np.concatenate([first, second], axis=1))
    assert whole.shape == (1, len(path), RECORD)
