"""Closed-form kinematics agree with MuJoCo's, and reach every scene."""

import mujoco
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.contract.fields import bounds
from tasks.lift import task
from tasks.lift.model import compile_model
from tasks.lift.reach import Pose, joints_at, pose_of

LOW, HIGH = bounds(task.contract.action)
MODEL = compile_model()
LIMITS = MODEL.jnt_range[:6]


def measured(joints):
    """Place and yaw of the gripper as MuJoCo computes them."""
    data = mujoco.MjData(MODEL)
    data.qpos[:6] = joints
    mujoco.mj_forward(MODEL, data)
    gripper = data.body("vx300s_right/gripper_link")
    axes = gripper.xmat.reshape(3, 3)
    return gripper.xpos + 0.14 * axes[:, 0], np.arctan2(-axes[0, 1], axes[1, 1])


def apart(one, other):
    """Difference of two yaws: a gripper turned by half a turn closes along the same axis."""
    return (one - other + np.pi / 2) % np.pi - np.pi / 2


def scenes(split, height):
    x, y, yaw = (task.contract.resets[split][name] for name in ("cube_x", "cube_y", "cube_yaw"))
    return st.tuples(
        st.floats(x.low, x.high), st.floats(y.low, y.high), st.floats(*height), st.floats(yaw.low, yaw.high)
    )


@given(st.lists(st.floats(-1.2, 1.2), min_size=6, max_size=6))
def test_the_gripper_is_where_mujoco_has_it_for_any_joints(joints):
    place, yaw = measured(np.array(joints))
    found = pose_of(np.array(joints))
    np.testing.assert_allclose(found.place, place, atol=1e-9)
    assert apart(found.yaw, yaw) == pytest.approx(0, abs=1e-6)


@given(scenes("train", (0.02, 0.15)) | scenes("stress", (0.02, 0.15)))
def test_every_scene_is_reached_from_above(scene):
    *place, yaw = scene
    joints = joints_at(Pose(np.array(place), np.array(yaw)))
    reached = pose_of(joints)
    np.testing.assert_allclose(reached.place, place, atol=1e-9)
    assert apart(reached.yaw, yaw) == pytest.approx(0, abs=1e-9)
    assert joints[1] + joints[2] + joints[4] == pytest.approx(np.pi / 2)


def test_neighbouring_commands_are_neighbouring_joints():
    """No servo may be told to jump: along any line through the action bounds joints move a little at a time."""
    rng = np.random.default_rng(0)
    ends = rng.uniform(LOW[:4], HIGH[:4], (200, 2, 4))
    line = np.linspace(0, 1, 400)[:, None, None]
    way = ends[:, 0] * (1 - line) + ends[:, 1] * line
    jumps = np.abs(np.diff(joints_at(Pose(way[..., :3], way[..., 3])), axis=0))
    assert jumps.max() < 0.3


def test_commands_out_of_reach_stretch_the_arm_inside_its_limits():
    corners = np.array(np.meshgrid(*zip(LOW[:4], HIGH[:4], strict=True))).reshape(4, -1).T.astype(np.float64)
    joints = joints_at(Pose(corners[:, :3], corners[:, 3]))
    assert np.isfinite(joints).all()
    assert (joints >= LIMITS[:, 0] - 1e-9).all()
    assert (joints <= LIMITS[:, 1] + 1e-9).all()
    short = np.linalg.norm(pose_of(joints).place - corners[:, :3], axis=1)
    assert short.max() > 0.05, "one of them is out of reach"


def test_a_pose_does_not_depend_on_its_neighbours():
    rng = np.random.default_rng(1)
    poses = rng.uniform(LOW[:4], HIGH[:4], (33, 4))
    together = joints_at(Pose(poses[:, :3], poses[:, 3]))
    alone = np.stack([joints_at(Pose(pose[:3], pose[3])) for pose in poses])
    assert together.tobytes() == alone.tobytes()
