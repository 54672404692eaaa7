"""What contracts say of cameras is what the scenes have."""

import mujoco
import numpy as np
import pytest

from harness import registry
from harness.contract.task import Camera

TASKS = {name: registry.load("tasks", name) for name in registry.ids("tasks")}
NATIVE = [name for name, task in TASKS.items() if task.contract.simulator.startswith("mujoco")]


@pytest.mark.parametrize("name", NATIVE)
def test_cameras_stand_in_the_scene_as_the_contract_says(name):
    task = TASKS[name]
    model = task.engine(1).simulator.model
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    for camera in task.contract.cameras:
        at = model.camera(camera.name).id
        mount = data.body(camera.mount)
        turn, expected = mount.xmat.reshape(3, 3), np.empty(9)
        mujoco.mju_quat2Mat(expected, np.array(camera.orientation))
        np.testing.assert_allclose(turn.T @ (data.cam_xpos[at] - mount.xpos), camera.position, atol=1e-4)
        np.testing.assert_allclose(turn.T @ data.cam_xmat[at].reshape(3, 3), expected.reshape(3, 3), atol=1e-4)
        assert model.cam_fovy[at] == pytest.approx(np.rad2deg(camera.fov))
        assert model.cam_mode[at] == mujoco.mjtCamLight.mjCAMLIGHT_FIXED
        assert model.body(camera.mount).id == model.cam_bodyid[at]


def test_intrinsics_are_those_of_a_pinhole():
    camera = Camera(
        name="top", width=64, height=48, fov=np.pi / 2, mount="world", position=(0, 0, 1), orientation=(1, 0, 0, 0)
    )
    np.testing.assert_allclose(camera.intrinsics, (24, 24, 32, 24))


def test_an_orientation_is_a_unit_quaternion():
    with pytest.raises(ValueError, match="unit quaternion"):
        Camera(name="top", width=8, height=8, fov=1, mount="world", position=(0, 0, 1), orientation=(1, 1, 0, 0))
