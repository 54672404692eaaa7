"""The plug-in: light to import, documented, demonstrating every way, and able to draw its states."""

import re
import subprocess
import sys

import numpy as np

import tasks.avoid
from harness.demonstrations import read
from tasks.avoid import task
from tasks.avoid.layout import POST_RADIUS, ROW_LINES, ROWS, WAYS, posts_of
from tasks.avoid.record import blank, follow, mode_of


def test_importing_the_task_starts_no_simulator():
    code = "import sys, tasks.avoid; print(sorted({'mujoco', 'torch', 'gymnasium'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_documented_tables_are_the_contract():
    rows = re.findall(
        r"^\| (\d) +\| (\w+) .*\| (\S+) +\| (\S+) +\| (\S+) +\|(?: velocity target \|)?$",
        tasks.avoid.__doc__,
        re.MULTILINE,
    )
    contract = task.contract
    fields = [
        (f.name, f.low[i], f.high[i], f.unit) for f in (*contract.observation, *contract.action) for i in range(f.size)
    ]
    assert [(name, float(low), float(high), unit) for _, name, low, high, unit in rows] == fields


def test_the_scene_is_that_of_layout_and_contract():
    model = task.engine(1).simulator.model
    assert model.opt.timestep == task.contract.physics_step_s
    posts = posts_of(np.array([[0.0, line] for line in ROW_LINES]))
    for row, members in enumerate(ROWS, 1):
        for post in range(members.start, members.stop):
            geom = model.geom(f"post_{post + 1}")
            assert geom.bodyid == model.body(f"row_{row}").id
            np.testing.assert_allclose(geom.pos[:2], posts[post] - [0, ROW_LINES[row - 1]], atol=1e-12)
            assert geom.size[0] == POST_RADIUS


def test_the_demonstrations_show_nearly_every_way():
    modes = set()
    for episode in read(task.demonstrations, task.contract).observations:
        episode = episode[None].astype(float)
        rows = episode[..., 2:].reshape(1, -1, 3, 2)
        modes.add(int(mode_of(follow(blank(1), episode[..., :2], posts_of(rows)).records)[0, -1]))
    assert len(modes - {0}) >= WAYS - 2


def pixel(picture, point):
    """Colour at a point of the world; the picture spans 0.8 m about the workspace's middle, y upwards."""
    span = 2 * 1.5 * np.tan(np.radians(15)) * 96 / 96
    column, row = (np.array([1, -1]) * (np.asarray(point) - [0, 0.38]) / span + 0.5) * 96
    return picture[int(row), int(column)]


def test_a_picture_shows_posts_effector_and_finish_where_they_are(state_of):
    picture = task.render(state_of([0.2, 0.1]), "top", 96, 96)[0].astype(int)
    table, finish = pixel(picture, [-0.2, 0.1]), pixel(picture, [0.0, 0.71])
    assert finish[1] > finish[0] + 20
    red, _, blue = pixel(picture, [0.2, 0.1])
    assert blue > red + 20
    for post in posts_of(np.array([[0.0, line] for line in ROW_LINES])):
        assert pixel(picture, post).sum() < table.sum() - 100
