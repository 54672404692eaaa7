"""The plug-in: light to import, and able to draw its states."""

import subprocess
import sys

import numpy as np
import pytest

from tasks.transfer_cube import task


def test_importing_the_task_starts_no_simulator():
    code = (
        "import sys, tasks.transfer_cube;"
        "print(sorted({'mujoco', 'torch', 'mink', 'gym_aloha', 'gymnasium'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_model_does_not_import_gym_aloha():
    code = "import sys; from tasks.transfer_cube import model; model.compile_model(); print('gym_aloha' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_stress_scenes_lie_outside_the_training_range():
    train, stress = (task.contract.resets[split]["cube_y"] for split in ("train", "stress"))
    assert stress.low > train.high


def test_the_simulator_and_the_scene_are_named_with_their_versions():
    assert "mujoco 3." in task.contract.simulator
    assert "gym-aloha 0." in task.contract.simulator


@pytest.mark.parametrize("camera", [camera.name for camera in task.contract.cameras])
def test_pictures_show_the_arms_moving(heldout, camera):
    pictures = task.render(heldout.states[0, [0, 80]], camera, 48, 32)
    assert pictures.shape == (2, 32, 48, 3)
    assert np.abs(pictures[0].astype(int) - pictures[1]).max() > 50


def test_pictures_of_a_state_are_repeatable_at_any_size(heldout):
    states = heldout.states[0, :1]
    before = task.render(states, "top", 40, 40)
    assert task.render(states, "top", 64, 48).shape == (1, 48, 64, 3)
    np.testing.assert_array_equal(task.render(states, "top", 40, 40), before)
