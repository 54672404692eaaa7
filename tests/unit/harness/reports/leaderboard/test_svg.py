"""Scales, ticks and paths."""

import pytest

from harness.reports.leaderboard.svg import Axis, Span, axis_of, path, spans, stairs


def test_an_axis_maps_its_ends_to_its_ends():
    down = Axis(0.0, 2.0, 100, 0)
    assert (down(0.0), down(2.0), down(1.0)) == (100, 0, 50)


@pytest.mark.parametrize(
    ("low", "high", "texts"),
    [
        (0.0, 1.0, ["0.0", "0.5", "1.0"]),
        (-3.0, 6.0, ["0", "5"]),
        (0.012, 0.031, ["0.02", "0.03"]),
        (0.0001, 0.0029, ["0.001", "0.002"]),
        (-1.0, -0.4, ["\N{MINUS SIGN}1.0", "\N{MINUS SIGN}0.8", "\N{MINUS SIGN}0.6", "\N{MINUS SIGN}0.4"]),
    ],
)
def test_ticks_are_round_and_inside(low, high, texts):
    axis = Axis(low, high, 0, 100)
    assert [text for _, text in axis.ticks(3)] == texts
    assert all(0 <= where <= 100 for where, _ in axis.ticks(3))


@pytest.mark.parametrize("values", [[], [float("nan")], [3.0, 3.0], [1.0, float("inf")]])
def test_values_without_spread_have_an_axis_too(values):
    axis = axis_of(values, 0, 100)
    assert axis.high > axis.low


def test_a_path_is_broken_where_a_value_is_missing():
    axis = Axis(0, 4, 0, 4)
    assert path(axis, axis, range(5), [0, 1, float("nan"), 3, 4]) == "M0 0L1 1M3 3L4 4"


def test_stairs_hold_a_value_until_the_next():
    axis = Axis(0, 4, 0, 4)
    assert stairs(axis, axis, [0, 1, 2], [1, 3, 3]) == "M0 1H1V3H2V3"


def test_flags_become_bands():
    axis = Axis(0, 10, 0, 100)
    assert spans(axis, [True, True, False, True], 1.0) == [Span(0, 20), Span(30, 10)]
    assert spans(axis, [False], 1.0) == []
