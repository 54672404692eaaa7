"""Inverse kinematics reaches every scene inside the action bounds, with the fingers along the cube's sides."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.contract.fields import bounds
from tasks.aloha.kinematics import arm
from tasks.transfer_cube import task
from tasks.transfer_cube.poses import CubeOnTable, fetch, left_around, right_at_meeting, right_raised
from tasks.transfer_cube.style import DRAWS, Style

RESETS = task.contract.resets
LOW, HIGH = (bound[:6] for bound in bounds(task.contract.action))


def cubes(split):
    x, y, yaw = (RESETS[split][name] for name in ("cube_x", "cube_y", "cube_yaw"))
    return st.builds(CubeOnTable, st.floats(x.low, x.high), st.floats(y.low, y.high), st.floats(yaw.low, yaw.high))


styles = st.lists(st.floats(0, 1, exclude_max=True), min_size=DRAWS, max_size=DRAWS).map(Style.of)


@given(cubes("train") | cubes("stress"), styles)
def test_every_scene_can_be_grasped_from_above(cube, style):
    poses = fetch(cube, style)
    pinch, rotation = arm("right").pose(poses.grasp)
    np.testing.assert_allclose(pinch, [cube.x + style.slip_x, cube.y + style.slip_y, 0.02], atol=1e-6)
    np.testing.assert_allclose(rotation[:, 0], [0, 0, -1], atol=1e-6)
    side = (np.arctan2(rotation[1, 1], rotation[0, 1]) - cube.yaw) % (np.pi / 2)
    assert min(side, np.pi / 2 - side) < 1e-6
    for joints in (poses.hover, poses.grasp, poses.lift):
        assert ((joints >= LOW) & (joints <= HIGH)).all()


@given(styles)
def test_the_grippers_face_each_other_at_the_meeting_point(style):
    place = np.array(style.meeting)
    right, right_axes = arm("right").pose(right_at_meeting(place))
    waiting, taking = left_around(place)
    left, left_axes = arm("left").pose(taking)
    np.testing.assert_allclose(right, place, atol=1e-6)
    np.testing.assert_allclose(left, place, atol=1e-6)
    np.testing.assert_allclose(left_axes[:, 0], -right_axes[:, 0], atol=1e-6)
    assert abs(left_axes[:, 1] @ right_axes[:, 1]) < 1e-6, "the fingers must close across each other"
    assert arm("left").pose(waiting)[0][0] == pytest.approx(place[0] - 0.09, abs=1e-6)


def test_a_low_gripper_rises_and_a_high_one_need_not():
    poses = fetch(CubeOnTable(0.1, 0.5, 0.0), Style.of(np.full(DRAWS, 0.5)))
    raised = right_raised(poses.grasp)
    assert raised is not None
    low, high = arm("right").pose(poses.grasp)[0], arm("right").pose(raised)[0]
    np.testing.assert_allclose(high - low, [0, 0, 0.08], atol=1e-6)
    assert right_raised(poses.hover) is None


def test_an_unreachable_place_gives_the_nearest_finite_joints():
    joints = arm("left").solve(np.array([0.9, 0.5, 0.3]), np.eye(3), np.zeros(6))
    assert np.isfinite(joints).all()
