"""The plug-in: light to import, and able to draw its states."""

import subprocess
import sys

import numpy as np
import pytest

from tasks.insertion import task


def test_importing_the_task_starts_no_simulator():
    code = (
        "import sys, tasks.insertion;"
        "print(sorted({'mujoco', 'torch', 'mink', 'gym_aloha', 'gymnasium'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("thing", ["peg", "socket"])
def test_stress_scenes_lie_outside_the_training_range(thing):
    train, stress = (task.contract.resets[split][f"{thing}_y"] for split in ("train", "stress"))
    assert stress.low > train.high


def test_peg_and_socket_never_start_in_each_other():
    for ranges in task.contract.resets.values():
        assert ranges["peg_x"].low - ranges["socket_x"].high > 0.12 + 0.02


@pytest.mark.parametrize("camera", [camera.name for camera in task.contract.cameras])
def test_pictures_show_the_arms_moving(heldout, camera):
    pictures = task.render(heldout.states[0, [0, 80]], camera, 48, 32)
    assert pictures.shape == (2, 32, 48, 3)
    assert np.abs(pictures[0].astype(int) - pictures[1]).max() > 50
