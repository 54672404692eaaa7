"""The plug-in: light to import, documented, and able to draw its states."""

import re
import subprocess
import sys

import numpy as np

import tasks.pusht
from tasks.pusht import shape, task


def test_importing_the_task_starts_no_simulator():
    code = "import sys, tasks.pusht; print(sorted({'mujoco', 'torch', 'gymnasium'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_documented_observation_table_is_the_contract():
    rows = re.findall(r"^\| (\d) +\| (\w+) .*\| (\S+) +\| (\S+) +\| (\w+) +\|$", tasks.pusht.__doc__, re.MULTILINE)
    fields = [(f.name, f.low[i], f.high[i], f.unit) for f in task.contract.observation for i in range(f.size)]
    assert [(name, float(low), float(high), unit) for _, name, low, high, unit in rows] == fields


def test_the_scene_has_the_steps_of_the_contract():
    model = task.engine(1).simulator.model
    assert model.opt.timestep == task.contract.physics_step_s


def picture_of(pose, pusher):
    states = task.engine(1).simulator.pack(np.array([[*pose, *pusher]]), np.array([pusher]))
    return task.render(states, "top", 96, 96)[0].astype(int)


def pixel(picture, point):
    """Colour at a point of the world; the picture spans 0.536 m about the workspace's middle, y upwards."""
    column, row = (np.array([1, -1]) * (np.asarray(point) - 0.256) / 0.536 + 0.5) * 96
    return picture[int(row), int(column)]


def test_a_picture_shows_block_goal_and_pusher_where_they_are():
    pose, pusher = np.array([0.40, 0.15, 0.0]), [0.1, 0.1]
    picture = picture_of(pose, pusher)
    red, green, blue = pixel(picture, shape.GOAL[:2])
    assert green > red
    assert green > blue
    red, green, blue = pixel(picture, pusher)
    assert blue > red
    block, table = pixel(picture, pose[:2]), pixel(picture, [0.1, 0.4])
    assert block.sum() < table.sum() - 100


def test_pictures_of_a_state_are_repeatable_at_any_size():
    states = task.engine(1).simulator.pack(np.array([[0.3, 0.3, 1.0, 0.1, 0.1]]), np.array([[0.1, 0.1]]))
    before = task.render(states, "top", 40, 40)
    assert task.render(states, "top", 64, 48).shape == (1, 48, 64, 3)
    np.testing.assert_array_equal(task.render(states, "top", 40, 40), before)
