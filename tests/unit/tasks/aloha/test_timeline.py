"""Submovements add up to a motion that ends at the last keyframe."""

import numpy as np

from tasks.aloha.timeline import Timeline


def test_a_motion_passes_from_its_base_to_the_last_target_of_each_part():
    timeline = Timeline(np.zeros(3), 1.0, 5)
    first = timeline.move(slice(0, 2), np.array([0.3, 0.6]), 4, 2)
    end = timeline.move(0, -0.2, first - 2, 3)
    motion = timeline.motion()
    np.testing.assert_allclose(motion.at(np.array([2, int(np.ceil(end))])), [[0, 0, 0], [-0.2, 0.6, 0]], atol=1e-12)
    assert len(motion.starts) == 5


def test_the_farthest_joint_and_the_tempo_decide_how_long_it_takes():
    timeline = Timeline(np.zeros(3), 2.0, 1)
    assert timeline.duration(slice(0, 2), np.array([0.06, -0.6]), 4) == 20
    assert timeline.duration(0, 0.06, 4) == 8
