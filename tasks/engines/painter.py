"""Pictures of engine states, off screen. The physics never waits for them.

Without shadows and reflections, and small pictures without anti-aliasing too: drawn by a processor, a picture of
96 x 96 takes 0.3 ms (pusht-v1) to 5 ms (transfer-cube-v1) so, and 27 ms to 127 ms with all three.
"""

from __future__ import annotations

import atexit

import mujoco
import numpy as np
from jaxtyping import Float64, UInt8

from harness.contract.fields import Array
from harness.contract.staging import Staging
from tasks.engines.staging import furnish, misplace

__all__ = ["Painter"]

_SMALL = 128
"""Pictures up to this width, pixel, are for policies: quick to draw. Larger ones are for people: smooth."""
_SAMPLES = 4


class Painter:
    """One copy of a scene, and a renderer for the picture size asked for last.

    Args:
        model: of the scene; its picture buffer grows with the size asked for.
    """

    def __init__(self, model: mujoco.MjModel) -> None:
        self._model = model
        self._data = mujoco.MjData(model)
        self._renderer: mujoco.Renderer | None = None

    def rows(self, qpos: Float64[Array, "frames nq"]) -> Float64[Array, "frames state"]:
        """State rows with these generalised positions and zeros elsewhere: good for `paint`, not for simulating."""
        full = mujoco.mj_stateSize(self._model, mujoco.mjtState.mjSTATE_FULLPHYSICS)
        rows = np.zeros((len(qpos), full + self._model.nu))
        rows[:, 1 : 1 + self._model.nq] = qpos
        return rows

    def paint(
        self,
        states: Float64[Array, "frames state"],
        camera: str,
        width: int,
        height: int,
        staging: Staging | None = None,
    ) -> UInt8[Array, "frames height width 3"]:
        """RGB pictures of state rows of `tasks.engines.mujoco_batch`, seen from a camera of the scene."""
        pictures = np.empty((len(states), height, width, 3), np.uint8)
        renderer = self._sized(width, height)
        for state, picture in zip(states, pictures, strict=True):
            self._data.qpos[:] = state[1 : 1 + self._model.nq]
            mujoco.mj_forward(self._model, self._data)
            if staging is not None:
                misplace(self._data, self._model.camera(camera).id, staging)
            renderer.update_scene(self._data, camera)
            if staging is not None:
                furnish(renderer.scene, staging)
            renderer.render(out=picture)
        return pictures

    def _sized(self, width: int, height: int) -> mujoco.Renderer:
        """A renderer for that size; it is made anew only when the size changes, since that takes long."""
        if self._renderer is None or (self._renderer.width, self._renderer.height) != (width, height):
            self._close()
            frame = self._model.vis.global_
            frame.offwidth, frame.offheight = max(width, frame.offwidth), max(height, frame.offheight)
            self._model.vis.quality.offsamples = 0 if width <= _SMALL else _SAMPLES
            self._renderer = mujoco.Renderer(self._model, height, width)
            for effect in (mujoco.mjtRndFlag.mjRND_SHADOW, mujoco.mjtRndFlag.mjRND_REFLECTION):
                self._renderer.scene.flags[effect] = False
            # Registered after MuJoCo's own exit handler and so run before it: a renderer cannot be closed afterwards.
            atexit.register(self._close)
        return self._renderer

    def _close(self) -> None:
        atexit.unregister(self._close)
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None
