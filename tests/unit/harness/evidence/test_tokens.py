"""Codes over time and codes that go with failure, on episodes whose truth is known."""

import numpy as np
import pytest
from scipy.stats import fisher_exact

from harness.evidence.tokens import suspects, switching


def episode(*codes):
    """One query an entry; a number is a query of one layer."""
    return np.array([np.atleast_1d(code) for code in codes], np.int64)


def test_the_switching_rate_is_the_share_of_changes():
    [one, other] = switching([episode((1, 5), (1, 6), (2, 7), (2, 8), (2, 9))])
    assert (one.layer, one.rate, one.quarters) == (1, 0.25, (0.0, 1.0, 0.0, 0.0))
    assert (other.layer, other.rate, other.quarters) == (2, 1.0, (1.0,) * 4)


def test_changes_are_pooled_over_episodes_and_not_counted_between_them():
    [layer] = switching([episode(1, 1, 1), episode(2, 3), episode(4)])
    assert layer.rate == pytest.approx(1 / 3)


def test_without_a_change_to_see_the_rate_is_unknown():
    assert switching([]) == switching([np.zeros((0, 2), np.int64)]) == ()
    [layer] = switching([episode(7)])
    assert (layer.rate, layer.quarters) == (None, (None,) * 4)


def test_a_code_that_only_failures_choose_is_found():
    bad, good = [episode((0, 3), (9, 3), (0, 3))] * 8, [episode((0, 3), (1, 3), (0, 3))] * 12
    [first, *rest] = suspects(bad + good, [False] * 8 + [True] * 12)
    assert (first.layer, first.code, first.failed, first.solved) == (1, 9, 8, 0)
    assert (first.failed_of, first.solved_of) == (8, 12)
    assert first.p == pytest.approx(fisher_exact([[8, 0], [0, 12]], alternative="greater").pvalue)
    assert first.p_adjusted == pytest.approx(4 * first.p)  # codes 0, 1 and 9 of the first layer, 3 of the second
    assert all(item.p == 1.0 for item in rest)


def test_a_longer_episode_alone_makes_no_suspect():
    long = episode(*[0] * 5, *range(1, 40))
    assert all(item.code == 0 for item in suspects([long] * 10 + [episode(*[0] * 5)] * 10, [False] * 10 + [True] * 10))


def test_chance_stays_within_the_level():
    rng = np.random.default_rng(4)
    alarms = 0
    for _ in range(60):
        episodes = [rng.integers(0, 6, size=(4, 2)) for _ in range(24)]
        found = suspects(episodes, list(rng.random(24) < 0.5))
        alarms += any(item.p_adjusted <= 0.05 for item in found)
    assert alarms <= 6


def test_nothing_to_compare_is_nothing_told():
    assert suspects([episode(1, 2)] * 3, [True] * 3) == suspects([episode(1, 2)] * 3, [False] * 3) == ()
    assert suspects([], []) == ()
    assert suspects([np.zeros((0, 1), np.int64)] * 2, [True, False]) == ()
