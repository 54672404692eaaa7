"""What a policy's cameras show it: pictures of delivered measurements, drawn only when a query is about to see them.

A frame is one measurement: a frame that is late, lost or repeated is so in pictures as in numbers. What was drawn for
the last query of an episode is kept until its next one, so no picture is drawn twice in a row.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import numpy as np
from jaxtyping import Float64, UInt8

from harness.contract.fields import Array
from harness.contract.staging import Staging
from harness.contract.task import Camera, Task, TaskContract
from harness.errors import PrerequisiteError, SamepanelError
from harness.faults.seeing import Vision
from harness.rollout.channels import measured_at
from harness.rollout.lanes import Lanes

__all__ = ["Artist", "Painted", "Seen", "Shot", "Sight", "Solo"]


class Shot(NamedTuple):
    """A picture that is wanted: of a state, through a camera, in the size of its contract; None for nothing staged."""

    state: Float64[Array, " state"]
    camera: Camera
    staging: Staging | None = None


@dataclass(frozen=True)
class Painted:
    """Pictures, one a shot; `failed` says why there is none, by the index of the shot."""

    pictures: Sequence[UInt8[Array, "height width 3"] | None]
    failed: Mapping[int, str] = field(default_factory=dict)


class Artist(Protocol):
    """Who draws. A picture is a pure function of its shot: who draws it beside what, and when, changes no bit."""

    def paint(self, shots: Sequence[Shot]) -> Painted:
        """Pictures of the shots."""


class Solo:
    """Draws in this process, one picture after the other."""

    def __init__(self, task: Task) -> None:
        self._task = task

    def paint(self, shots: Sequence[Shot]) -> Painted:
        """Pictures of the shots; one that makes the task raise fails alone (law 8)."""
        pictures: list[Array | None] = []
        failed: dict[int, str] = {}
        for k, shot in enumerate(shots):
            try:
                pictures.append(shoot(self._task, shot))
            except SamepanelError:
                raise
            except Exception as error:  # a plug-in may raise anything
                pictures.append(None)
                failed[k] = f"{type(error).__name__}: {error}"
        return Painted(pictures, failed)


def shoot(task: Task, shot: Shot) -> UInt8[Array, "height width 3"]:
    """One picture."""
    camera, states = shot.camera, np.ascontiguousarray(shot.state[None])
    staged = () if shot.staging is None else (shot.staging,)
    picture: Array = task.render(states, camera.name, camera.width, camera.height, *staged)[0]
    return picture


@dataclass(frozen=True)
class Seen:
    """What some lanes see; `lost` says by lane why it sees nothing."""

    images: Mapping[str, UInt8[Array, "active n_obs height width 3"]]
    lost: Mapping[int, str]

    def rows(self, which: Array) -> Mapping[str, Array]:
        """The images of some of the lanes."""
        return {name: shown[which] for name, shown in self.images.items()}


class Sight:
    """Looks through the cameras that a policy reads.

    Attributes:
        seconds: wall time spent on pictures so far, for `bench`.
        drawn: pictures drawn so far.
    """

    def __init__(self, task: TaskContract, cameras: tuple[str, ...], n_obs: int, artist: Artist | None) -> None:
        known = {camera.name: camera for camera in task.cameras}
        self._cameras, self._n_obs, self._artist = [known[name] for name in cameras], n_obs, artist
        self.seconds, self.drawn = 0.0, 0

    def look(self, lanes: Lanes, index: Array) -> Seen:
        """Pictures of the frames that the lanes' next query sees, oldest first."""
        if not self._cameras:
            return Seen({}, {})
        started = time.perf_counter()
        steps = measured_at(lanes, index, self._n_obs)
        taken = {
            (int(lane), camera.name): [_taken(lanes, int(lane), camera.name, step) for step in row]
            for lane, row in zip(index, steps.tolist(), strict=True)
            for camera in self._cameras
        }
        lost = self._fetch(lanes, taken)
        images = {}
        for camera in self._cameras:
            shown = np.zeros((*steps.shape, camera.height, camera.width, 3), np.uint8)
            for row, lane in enumerate(index):
                for at, step in enumerate(taken[int(lane), camera.name]):
                    if int(lane) not in lost:
                        shown[row, at] = lanes.pictures[lane][camera.name, step]
            images[camera.name] = shown
        self.seconds += time.perf_counter() - started
        return Seen(images, lost)

    def watch(self, lanes: Lanes, index: Array, first: Array) -> None:
        """Draw every step since `first`, and forget it: what a simulator that renders at every step would do."""
        started = time.perf_counter()
        shots = [
            Shot(lanes.states[lane, step], camera)
            for lane, start in zip(index, first, strict=True)
            for step in range(int(start), int(lanes.t[lane]))
            for camera in self._cameras
        ]
        self._paint(shots)
        self.seconds += time.perf_counter() - started

    def _fetch(self, lanes: Lanes, taken: Mapping[tuple[int, str], list[int]]) -> dict[int, str]:
        """Have pictures in the lanes' memories, and no others; says which lanes could not.

        `taken` holds by lane and camera the steps at which they are taken.
        """
        missing: list[tuple[int, tuple[str, int]]] = []
        for lane in dict.fromkeys(lane for lane, _ in taken):
            keys = {(camera.name, step) for camera in self._cameras for step in taken[lane, camera.name]}
            kept = {key: picture for key, picture in lanes.pictures[lane].items() if key in keys}
            lanes.pictures[lane] = kept
            missing += [(lane, key) for key in sorted(keys - kept.keys())]
        painted = self._paint([self._shot(lanes, lane, *key) for lane, key in missing])
        for (lane, key), picture in zip(missing, painted.pictures, strict=True):
            vision = _vision(lanes, lane)
            if picture is not None:
                lanes.pictures[lane][key] = picture if vision is None else vision.delivered(picture, *key)
        return {missing[k][0]: f"renderer: {error}" for k, error in painted.failed.items()}

    def _shot(self, lanes: Lanes, lane: int, name: str, step: int) -> Shot:
        camera = next(item for item in self._cameras if item.name == name)
        vision = _vision(lanes, lane)
        return Shot(lanes.state_measured(lane, step), camera, None if vision is None else vision.staging(name, step))

    def _paint(self, shots: Sequence[Shot]) -> Painted:
        if self._artist is None:
            raise PrerequisiteError(
                "a policy that reads cameras",
                expected="somebody who draws pictures",
                got="nobody",
                fix="give `rollouts` an artist",
            )
        self.drawn += len(shots)
        return self._artist.paint(shots) if shots else Painted([])


def _vision(lanes: Lanes, lane: int) -> Vision | None:
    assignment = lanes.assignments[lane]
    return None if assignment is None else assignment.effects.vision


def _taken(lanes: Lanes, lane: int, camera: str, step: int) -> int:
    """The step at which the picture was taken that came with measurement `step`."""
    vision = _vision(lanes, lane)
    return step if vision is None else vision.taken(camera, step)
