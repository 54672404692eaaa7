"""The plug-in: light to import, hard enough to play back, and able to draw its states."""

import subprocess
import sys

import numpy as np
import pytest

from tasks.lift import task


def test_importing_the_task_starts_no_simulator():
    code = (
        "import sys, tasks.lift;print(sorted({'mujoco', 'torch', 'mink', 'gym_aloha', 'gymnasium'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_stress_scenes_lie_outside_the_training_range():
    train, stress = task.contract.resets["train"], task.contract.resets["stress"]
    for name in ("gripper_x", "gripper_y", "cube_yaw"):
        assert stress[name].low >= train[name].high
    assert stress["gripper_z"].high < train["gripper_z"].low


def test_the_simulator_and_the_scene_are_named_with_their_versions():
    assert "mujoco 3." in task.contract.simulator
    assert "gym-aloha 0." in task.contract.simulator


def test_cameras_are_those_that_one_arm_leaves():
    assert [camera.name for camera in task.contract.cameras] == ["top", "angle", "right_wrist"]


@pytest.mark.parametrize("camera", [camera.name for camera in task.contract.cameras])
def test_pictures_show_the_arm_moving(heldout, camera):
    pictures = task.render(heldout.states[0, [0, 15]], camera, 48, 32)
    assert np.abs(pictures[0].astype(int) - pictures[1]).max() > 50
