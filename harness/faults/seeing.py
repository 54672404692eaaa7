"""What faults make of the cameras of one episode: which picture is delivered, how it was staged, what became of it.

Most episodes need none of this; `Effects.vision` is then None.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Int32, UInt8

from harness.contract.fields import Array
from harness.contract.staging import Prop, Staging
from harness.contract.task import TaskContract
from harness.faults.pixels import PixelError
from harness.faults.streams import through

__all__ = ["Displaced", "Marred", "Seeing", "Shown", "Vision", "plain_vision"]


@dataclass(frozen=True)
class Marred:
    """Something happens to the pictures taken at start <= t < stop."""

    start: int
    stop: int
    error: PixelError


@dataclass(frozen=True)
class Displaced:
    """The camera is moved and turned about its own axes while start <= t < stop; metre, radian."""

    start: int
    stop: int
    move: tuple[float, float, float]
    turn: tuple[float, float, float]


@dataclass(frozen=True)
class Shown:
    """Things stand in the scene while start <= t < stop, and touch nothing."""

    start: int
    stop: int
    props: tuple[Prop, ...]


@dataclass(frozen=True, eq=False)
class Seeing:
    """Of one camera; T is the horizon.

    Attributes:
        source: which of its pictures the camera gives at step t, at most t.
        marred: in the order in which they happen.
        displaced: they add up.
    """

    camera: str
    source: Int32[Array, " T"]
    marred: tuple[Marred, ...] = ()
    displaced: tuple[Displaced, ...] = ()

    @property
    def idle(self) -> bool:
        """Whether it changes nothing."""
        return not (self.marred or self.displaced or (self.source != np.arange(len(self.source))).any())


@dataclass(frozen=True, eq=False)
class Vision:
    """Of an episode: every camera of the task, in contract order, and things that all of them see."""

    cameras: tuple[Seeing, ...]
    shown: tuple[Shown, ...] = ()

    @property
    def idle(self) -> bool:
        """Whether it changes nothing."""
        return not self.shown and all(camera.idle for camera in self.cameras)

    def of(self, camera: str) -> Seeing:
        """One camera's part."""
        return next(item for item in self.cameras if item.camera == camera)

    def marring(self, names: Sequence[str], item: Marred) -> Vision:
        """With something more that happens to the pictures of some cameras."""
        return self._changed(names, lambda one: replace(one, marred=(*one.marred, item)))

    def displacing(self, names: Sequence[str], item: Displaced) -> Vision:
        """With some cameras displaced, further if they are already."""
        return self._changed(names, lambda one: replace(one, displaced=(*one.displaced, item)))

    def carrying(self, names: Sequence[str], source: Int32[Array, " T"]) -> Vision:
        """With one more link behind some cameras, which gives at step t what came at step source[t]."""
        return self._changed(names, lambda one: replace(one, source=through(one.source, source)))

    def _changed(self, names: Sequence[str], change: Callable[[Seeing], Seeing]) -> Vision:
        return replace(self, cameras=tuple(change(one) if one.camera in names else one for one in self.cameras))

    def taken(self, camera: str, step: int) -> int:
        """The step at which the picture was taken that a camera gives at `step`."""
        return int(self.of(camera).source[step])

    def staging(self, camera: str, step: int) -> Staging | None:
        """How a picture taken at `step` is staged; None for as the state is."""
        displaced = [item for item in self.of(camera).displaced if item.start <= step < item.stop]
        props = tuple(prop for item in self.shown if item.start <= step < item.stop for prop in item.props)
        if not (displaced or props):
            return None
        return Staging(_sum([item.move for item in displaced]), _sum([item.turn for item in displaced]), props)

    def delivered(
        self, picture: UInt8[Array, "height width 3"], camera: str, step: int
    ) -> UInt8[Array, "height width 3"]:
        """What becomes of a picture that was taken at `step`."""
        for item in self.of(camera).marred:
            if item.start <= step < item.stop:
                picture = item.error.act(picture, camera, step)
        return picture

    def touched(self, camera: str, step: int) -> bool:
        """Whether the picture that a camera gives at `step` is another one than without faults."""
        taken, own = self.taken(camera, step), self.of(camera)
        spans: list[Marred | Displaced | Shown] = [*own.marred, *own.displaced, *self.shown]
        return taken != step or any(item.start <= taken < item.stop for item in spans)


def _sum(vectors: Sequence[tuple[float, float, float]]) -> tuple[float, float, float]:
    x, y, z = np.sum([(0.0, 0.0, 0.0), *vectors], axis=0).tolist()
    return x, y, z


def plain_vision(contract: TaskContract) -> Vision:
    """Cameras without a fault."""
    own = np.arange(contract.horizon, dtype=np.int32)
    return Vision(tuple(Seeing(camera.name, own) for camera in contract.cameras))
