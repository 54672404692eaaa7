"""Pictures of pusht-v1 states, off screen."""

from __future__ import annotations

import os

# Read once, when mujoco is first imported: without a display its default backend cannot open a context.
os.environ.setdefault("MUJOCO_GL", "egl")

import mujoco  # noqa: E402 (after the backend is chosen)
import numpy as np
from jaxtyping import Float64, UInt8

from harness.contract.fields import Array
from tasks.pusht.engine import PushTEngine

__all__ = ["render"]


def render(
    states: Float64[Array, "frames state"], camera: str, width: int, height: int
) -> UInt8[Array, "frames height width 3"]:
    """Render engine states with a camera of the scene; width and height in pixels."""
    simulator = PushTEngine(threads=1).simulator
    data = mujoco.MjData(simulator.model)
    pictures = np.empty((len(states), height, width, 3), np.uint8)
    with mujoco.Renderer(simulator.model, height, width) as renderer:
        for state, picture in zip(states, pictures, strict=True):
            simulator.load(state, data)
            renderer.update_scene(data, camera)
            renderer.render(out=picture)
    return pictures
