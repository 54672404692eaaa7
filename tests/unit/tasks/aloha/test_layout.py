"""Actions and servo targets of one arm or two."""

import numpy as np

from tasks.aloha.layout import HOME, action_to_control, control_to_action, opened


def test_one_arm_is_mapped_as_it_is_in_a_pair():
    actions = np.linspace(0.1, 0.9, 3 * 14, dtype=np.float32).reshape(3, 14)
    both = action_to_control(actions)
    np.testing.assert_array_equal(both[:, :8], action_to_control(actions[:, :7]))
    np.testing.assert_array_equal(both[:, 8:], action_to_control(actions[:, 7:]))
    np.testing.assert_array_equal(control_to_action(both)[:, 7:], control_to_action(both[:, 8:]))


def test_no_lane_at_all_is_no_error():
    assert action_to_control(np.zeros((0, 5, 14), np.float32)).shape == (0, 5, 16)
    assert opened(np.zeros((0, 8))).shape == (0, 7)


def test_the_start_pose_holds_the_grippers_nearly_closed():
    np.testing.assert_allclose(control_to_action(HOME)[[6, 13]], 0.1, atol=1e-3)
