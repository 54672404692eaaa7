"""Feedback brings the peg in line before it moves it ahead."""

import numpy as np
import pytest

from tasks.aloha.kinematics import arm
from tasks.aloha.layout import HOME, RIGHT_JOINTS
from tasks.insertion.guide import guided
from tasks.insertion.poses import ready
from tasks.insertion.style import DRAWS, Style

JOINTS = ready("right", Style.of(np.full(DRAWS, 0.5), "right"))


def world(peg, yaw=0.0, half_turns=0):
    """The right arm holds a peg at `peg` from the socket's centre, turned about z."""
    pinch, _ = arm("right").pose(JOINTS)
    qpos = np.concatenate([HOME, np.zeros(14)])
    qpos[RIGHT_JOINTS] = JOINTS
    qpos[16:23] = [*pinch, np.cos(yaw / 2 + half_turns * np.pi / 2), 0, 0, np.sin(yaw / 2 + half_turns * np.pi / 2)]
    qpos[23:30] = [*(pinch - peg), 1, 0, 0, 0]
    return qpos


def moved(qpos):
    """How the pinch point and the closing axis of the gripper change over one correction."""
    hold = np.append(JOINTS, 0.05)
    actions = guided(hold, qpos, 6)
    (before, turn), (after, turned) = (arm("right").pose(joints) for joints in (JOINTS, actions[-1, :6]))
    assert (actions[:, 6] == 0.05).all()
    return after - before, turned[:, 1] - turn[:, 1]


def test_a_peg_in_line_moves_ahead():
    shift, _ = moved(world([0.13, 0, 0]))
    assert shift[0] < -0.01
    np.testing.assert_allclose(shift[1:], 0, atol=1e-3)


def test_a_peg_aside_first_moves_to_the_axis():
    shift, _ = moved(world([0.13, 0.015, -0.01]))
    assert shift[0] > -0.002
    assert shift[1] < -0.007
    assert shift[2] > 0.005


def test_a_peg_askew_turns_before_it_moves_ahead():
    shift, turn = moved(world([0.13, 0, 0], yaw=0.3))
    assert shift[0] > -0.002
    assert np.linalg.norm(turn) > 0.15


@pytest.mark.parametrize("half_turns", [0, 1])
def test_which_end_of_the_peg_is_ahead_does_not_matter(half_turns):
    straight = moved(world([0.13, 0, 0]))
    np.testing.assert_allclose(moved(world([0.13, 0, 0], half_turns=half_turns)), straight, atol=1e-9)
