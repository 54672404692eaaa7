"""An engine, an expert, and the loop that joins them."""

import pytest
from playing import Playing

from tasks.transfer_cube import task

PLAYING = Playing(task, "transfer-cube")


@pytest.fixture(scope="session")
def engine():
    return task.engine(2)


@pytest.fixture(scope="session")
def expert():
    return task.expert(1)


@pytest.fixture(scope="session")
def play():
    return PLAYING.play


@pytest.fixture(scope="session")
def scenes_of():
    return PLAYING.scenes_of


@pytest.fixture(scope="session")
def query_of():
    return PLAYING.query_of


@pytest.fixture(scope="session")
def noise_of():
    return PLAYING.noise_of


@pytest.fixture(scope="session")
def heldout(engine, expert, scenes_of):
    """Six held-out scenes played by the expert."""
    return PLAYING.play(engine, expert, scenes_of("heldout", 6))
