"""Minimum-jerk submovements: the profile, their superposition, and the way through memory."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.aloha.motion import Motion, minimum_jerk


def test_the_profile_starts_and_ends_at_rest():
    s = np.linspace(-0.5, 1.5, 401)
    share = minimum_jerk(s)
    speed = np.gradient(share, s)
    assert share[0] == 0
    assert share[-1] == 1
    assert (np.diff(share) >= 0).all()
    assert abs(speed[101]) < 1e-3
    assert speed.max() == pytest.approx(1.875, rel=1e-2)


def test_overlapping_movements_end_at_the_sum_of_their_ways():
    motion = Motion(np.array([1.0]), np.array([0.0, 3.0]), np.array([6.0, 6.0]), np.array([[2.0], [-0.5]]))
    reached = motion.at(np.arange(12))[:, 0]
    assert reached[-1] == 2.5
    assert reached[0] > 1.0


@given(st.integers(0, 5), st.integers(1, 4))
def test_memory_gives_back_the_motion(moves, action):
    rng = np.random.default_rng(moves * 10 + action)
    motion = Motion(rng.random(action), rng.random(moves), rng.random(moves), rng.random((moves, action)))
    again = Motion.unpack(motion.pack(), action)
    for name in ("base", "starts", "durations", "deltas"):
        np.testing.assert_array_equal(getattr(again, name), getattr(motion, name))
