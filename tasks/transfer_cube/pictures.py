"""Pictures of engine states. Rendering is off-screen (`MUJOCO_GL=egl`) and never touches the physics."""

from __future__ import annotations

import mujoco
import numpy as np
from jaxtyping import Float64, UInt8

from harness.contract.fields import Array
from tasks.transfer_cube.layout import QPOS
from tasks.transfer_cube.model import compile_model

__all__ = ["Painter"]


class Painter:
    """One copy of the scene, and a renderer for the picture size asked for last."""

    def __init__(self) -> None:
        self._model = compile_model()
        self._data = mujoco.MjData(self._model)
        self._renderer: mujoco.Renderer | None = None

    def paint(
        self, states: Float64[Array, "frames state"], camera: str, width: int, height: int
    ) -> UInt8[Array, "frames height width 3"]:
        """RGB pictures of the states, seen from a camera of the scene."""
        pictures = np.empty((len(states), height, width, 3), np.uint8)
        renderer = self._sized(width, height)
        for state, picture in zip(states, pictures, strict=True):
            self._data.qpos[:] = state[QPOS]
            mujoco.mj_forward(self._model, self._data)
            renderer.update_scene(self._data, camera)
            renderer.render(out=picture)
        return pictures

    def _sized(self, width: int, height: int) -> mujoco.Renderer:
        """A renderer for that size; its frame buffer comes from the model's visual settings."""
        renderer = self._renderer
        if renderer is None or (renderer.width, renderer.height) != (width, height):
            if renderer is not None:
                renderer.close()
            self._model.vis.global_.offwidth, self._model.vis.global_.offheight = width, height
            renderer = self._renderer = mujoco.Renderer(self._model, height, width)
        return renderer
