"""An engine, an expert, and the loop that joins them."""

import numpy as np
import pytest
from playing import Playing

from harness.contract.scenes import draw_scene
from tasks.lift import task

PLAYING = Playing(task, "lift")


def _query_of(states, hold, step=0, valid=None):
    """The expert neither remembers nor draws."""
    return PLAYING.query_of(states, hold, step, np.zeros((len(states), 0)), None, valid)


@pytest.fixture(scope="session")
def engine():
    return task.engine(1)


@pytest.fixture(scope="session")
def expert():
    return task.expert(1)


@pytest.fixture(scope="session")
def play():
    return PLAYING.play


@pytest.fixture(scope="session")
def scenes_of():
    return lambda split, count: [draw_scene(task.contract, 7, split, index) for index in range(count)]


@pytest.fixture(scope="session")
def query_of():
    return _query_of


@pytest.fixture(scope="session")
def heldout(engine, expert, scenes_of):
    """Eight held-out scenes played by the expert."""
    return PLAYING.play(engine, expert, scenes_of("heldout", 8))
