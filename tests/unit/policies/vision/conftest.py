"""The toy task with two cameras, and pictures of its demonstrations."""

import numpy as np
import pytest

from harness.contract.task import Camera


def camera(name, width, height):
    return Camera(
        name=name, width=width, height=height, fov=1.0, mount="world", position=(0, 0, 1), orientation=(1, 0, 0, 0)
    )


@pytest.fixture(scope="session")
def seeing(contract):
    return contract.model_copy(update={"cameras": (camera("top", 24, 20), camera("wrist", 20, 20))})


@pytest.fixture(scope="session")
def frames(demonstrations):
    rng = np.random.default_rng(0)
    count = sum(len(episode) for episode in demonstrations.actions)
    return {
        "top": rng.integers(0, 256, (count, 20, 24, 3), np.uint8),
        "wrist": rng.integers(0, 256, (count, 20, 20, 3), np.uint8),
    }
