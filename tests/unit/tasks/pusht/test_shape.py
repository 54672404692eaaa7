"""Geometry of the block, against shapely and against the scene."""

import math

import mujoco
import numpy as np
import pytest
import shapely

from tasks.pusht import shape
from tasks.pusht.engine import load_model

RNG = np.random.default_rng(0)


def polygon(pose):
    return shapely.Polygon(shape.to_world(pose, shape.OUTLINE))


def poses_about_the_goal(count, metres, radians):
    return shape.GOAL + RNG.normal(size=(count, 3)) * [metres, metres, radians]


@pytest.mark.parametrize(("metres", "radians"), [(0.05, 2.0), (0.003, 0.05), (1e-8, 1e-8), (0.0, 0.0), (0.02, 0.0)])
def test_coverage_is_the_common_area(metres, radians):
    poses = poses_about_the_goal(200, metres, radians)
    goal = polygon(shape.GOAL)
    expected = [polygon(pose).intersection(goal).area / goal.area for pose in poses]
    np.testing.assert_allclose(shape.coverage(poses), expected, atol=1e-9)


def test_coverage_of_poses_at_right_angles_to_the_goal():
    poses = shape.GOAL + np.array([[0.0, 0, k * math.pi / 2] for k in range(4)])
    goal = polygon(shape.GOAL)
    expected = [polygon(pose).intersection(goal).area / goal.area for pose in poses]
    np.testing.assert_allclose(shape.coverage(poses), expected, atol=1e-9)


def test_coverage_stays_within_its_bounds():
    covered = shape.coverage(poses_about_the_goal(5000, 0.2, 3.0))
    assert covered.min() >= 0.0
    assert shape.coverage(shape.GOAL) <= 1.0
    assert shape.coverage(shape.GOAL) == pytest.approx(1.0)


@pytest.mark.parametrize("function", [shape.coverage, shape.origin_of, shape.pose_error])
@pytest.mark.parametrize("size", [1, 3, 8, 50])
def test_a_pose_does_not_depend_on_its_neighbours(function, size):
    poses = poses_about_the_goal(200, 0.05, 2.0)
    parts = [function(poses[start : start + size]) for start in range(0, 200, size)]
    np.testing.assert_array_equal(np.concatenate(parts), function(poses))


def test_distance_is_that_to_the_outline_outside_and_negative_inside():
    pose = poses_about_the_goal(1, 0.05, 2.0)[0]
    points = pose[:2] + RNG.uniform(-0.15, 0.15, (300, 2))
    block = polygon(pose)
    outside = np.array([not block.contains(shapely.Point(point)) for point in points])
    distance = shape.distance_to_block(np.tile(pose, (300, 1)), points)
    expected = np.array([block.distance(shapely.Point(point)) for point in points])
    np.testing.assert_allclose(distance[outside], expected[outside], atol=1e-12)
    assert (distance[~outside] < 0).all()


def test_world_and_block_frames_are_inverse():
    poses, points = poses_about_the_goal(50, 0.1, 3.0), RNG.normal(size=(50, 2))
    np.testing.assert_allclose(shape.to_block(poses, shape.to_world(poses, points)), points, atol=1e-12)


def test_the_goal_is_the_fields():
    np.testing.assert_allclose(shape.origin_of(shape.GOAL), [0.256, 0.256], atol=1e-12)
    assert shape.GOAL[2] == math.pi / 4


def test_the_angle_error_takes_the_short_way_round():
    poses = shape.GOAL + np.array([[0.0, 0, 2 * math.pi + 0.1], [0.0, 0, -4 * math.pi - 0.1]])
    np.testing.assert_allclose(shape.pose_error(poses)[:, 2], [0.1, -0.1], atol=1e-12)


def box_of(model, name):
    geom = model.geom(name)
    return [*(geom.pos - geom.size)[:2], *(geom.pos + geom.size)[:2]]


def test_the_scene_has_the_same_block():
    model = load_model()
    np.testing.assert_allclose([box_of(model, "bar"), box_of(model, "stem")], shape.BOXES, atol=1e-12)
    np.testing.assert_allclose(model.body("block").ipos[:2], [0, 0], atol=1e-12)


def test_friction_is_spread_evenly_over_the_block():
    model = load_model()
    slide, _, hinge = model.dof_damping[:3]
    assert hinge == pytest.approx(slide * shape.GYRATION**2, rel=1e-4)


def test_the_block_cannot_leave_the_workspace():
    reach = np.hypot(*shape.OUTLINE.T).max()
    low, high = load_model().joint("block_x").range
    assert low >= reach - 1e-3
    assert high <= 0.512 - reach + 1e-3


def test_the_painted_goal_is_the_goal():
    model = load_model()
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    bar, stem = data.geom("goal_bar").xpos[:2], data.geom("goal_stem").xpos[:2]
    centres = (shape.BOXES[:, :2] + shape.BOXES[:, 2:]) / 2
    np.testing.assert_allclose([bar, stem], shape.to_world(shape.GOAL, centres), atol=1e-12)
