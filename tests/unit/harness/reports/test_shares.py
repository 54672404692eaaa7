"""A share of episodes with its interval over scenes."""

import numpy as np
import pytest

from harness.reports.shares import share
from harness.statistics.proportions import wilson


def test_scenes_that_do_not_recur_have_wilsons_interval():
    found, known = share(np.arange(10) < 7, np.arange(10)), wilson(7, 10)
    assert (found.estimate, found.low, found.high) == (0.7, known.low, known.high)


def test_a_scene_met_twice_is_no_more_evidence_than_a_scene_met_once():
    values = np.arange(20) < 8
    once, twice = share(values, np.arange(20)), share(np.repeat(values, 9), np.repeat(np.arange(20), 9))
    assert twice.estimate == pytest.approx(once.estimate)
    assert twice.high - twice.low == pytest.approx(once.high - once.low, abs=0.06)


def test_all_or_nothing_knows_as_much_as_it_has_scenes():
    found, known = share(np.ones(12, bool), np.repeat([3, 7, 9], 4)), wilson(3, 3)
    assert (found.estimate, found.low, found.high) == (1.0, known.low, known.high)


def test_one_scene_tells_nothing():
    found = share(np.array([True, False, False, False]), np.zeros(4, int))
    assert (found.estimate, found.low, found.high) == (0.25, 0.0, 1.0)
    assert share(np.zeros(0, bool), np.zeros(0, int)) is None


def test_the_seed_decides_the_resampling():
    values, scenes = np.arange(60) % 7 == 0, np.arange(60) // 4
    assert share(values, scenes, seed=1) == share(values, scenes, seed=1)
    assert len({share(values, scenes, seed=seed) for seed in range(6)}) > 1


def test_thousands_of_scenes_are_resampled_in_blocks():
    values, scenes = np.arange(6000) % 4 == 0, np.arange(6000) // 2
    found = share(values, scenes)
    assert found.estimate == 0.25 and 0.22 < found.low < 0.25 < found.high < 0.28
