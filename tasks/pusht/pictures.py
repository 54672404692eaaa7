"""Pictures of pusht-v1 states, off screen."""

from __future__ import annotations

import atexit

import mujoco
import numpy as np
from jaxtyping import Float64, UInt8

from harness.contract.fields import Array
from tasks.pusht.engine import PushTEngine

__all__ = ["Painter"]


class Painter:
    """One copy of the scene, and a renderer for the picture size asked for last."""

    def __init__(self) -> None:
        self._simulator = PushTEngine(threads=1).simulator
        self._data = mujoco.MjData(self._simulator.model)
        self._renderer: mujoco.Renderer | None = None

    def paint(
        self, states: Float64[Array, "frames state"], camera: str, width: int, height: int
    ) -> UInt8[Array, "frames height width 3"]:
        """RGB pictures of the states, seen from a camera of the scene; at most 1280 pixels wide and high."""
        pictures = np.empty((len(states), height, width, 3), np.uint8)
        renderer = self._sized(width, height)
        for state, picture in zip(states, pictures, strict=True):
            self._simulator.load(state, self._data)
            renderer.update_scene(self._data, camera)
            renderer.render(out=picture)
        return pictures

    def _sized(self, width: int, height: int) -> mujoco.Renderer:
        """A renderer for that size; a new one opens a graphics context, which takes long."""
        if self._renderer is None or (self._renderer.width, self._renderer.height) != (width, height):
            self._close()
            self._renderer = mujoco.Renderer(self._simulator.model, height, width)
            # Runs before MuJoCo's own exit handler, after which a renderer cannot be closed any more.
            atexit.register(self._close)
        return self._renderer

    def _close(self) -> None:
        atexit.unregister(self._close)
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None
