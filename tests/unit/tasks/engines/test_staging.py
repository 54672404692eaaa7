"""What is staged is drawn, and is gone from the next picture."""

import numpy as np
import pytest

from harness import registry
from harness.contract.scenes import draw_scene
from harness.contract.staging import Prop, Staging

RED = Prop("sphere", (0.1, 0.1, 0.03), (0.03,) * 3, (1.0, 0.0, 0.0))


@pytest.fixture(scope="module")
def draw():
    task = registry.load("tasks", "pusht-v1")
    states = task.engine(1).reset([draw_scene(task.contract, 0, "heldout", 0)])
    return lambda *staging: task.render(states, "top", 96, 96, *staging)[0].astype(int)


def centre(picture):
    """Row and column of what is red."""
    red = (picture[..., 0] > 1.5 * picture[..., 1]) & (picture[..., 0] > 1.5 * picture[..., 2]) & (picture[..., 0] > 60)
    return np.argwhere(red).mean(axis=0)


def test_a_prop_is_where_it_is_put_and_then_gone(draw):
    plain = draw()
    row, column = centre(draw(Staging(props=(RED,))))
    assert row > 48 > column
    np.testing.assert_array_equal(draw(), plain)
    np.testing.assert_array_equal(draw(Staging()), plain)


@pytest.mark.parametrize("shape", ["box", "cylinder"])
def test_other_shapes_are_drawn_too(draw, shape):
    prop = Prop(shape, RED.position, RED.size, RED.colour)
    assert np.isfinite(centre(draw(Staging(props=(prop,))))).all()


def test_a_camera_that_moves_to_the_right_sees_things_further_left(draw):
    before = centre(draw(Staging(props=(RED,))))
    after = centre(draw(Staging(move=(0.05, 0, 0), props=(RED,))))
    assert after[1] < before[1] - 3
    assert after[0] == pytest.approx(before[0], abs=1)


def test_a_camera_that_rolls_turns_the_picture(draw):
    row, column = centre(draw(Staging(props=(RED,)))) - 47.5
    turned = centre(draw(Staging(turn=(0, 0, np.pi / 2), props=(RED,)))) - 47.5
    np.testing.assert_allclose(turned, (column, -row), atol=1.5)
