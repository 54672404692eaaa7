"""Pictures of demonstrations, for methods that train on images: drawn when first asked for, kept on disk.

Data sets hold no pictures: what a camera saw follows from what was measured (`Task.posed`). A file is named by all that
decides its pixels: data, camera, simulator, and how the first frame looks, since drawing is also the work of the
graphics driver.
"""

from __future__ import annotations

import fcntl
import math
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from jaxtyping import Float32, UInt8

from harness.contract.fields import Array
from harness.contract.policy import Pictures, Progress
from harness.contract.task import Camera, Task
from harness.demonstrations import dataset_hash, read
from harness.errors import ContractError
from harness.hashing import content_hash

__all__ = ["pictures_of"]

_BLOCK = 32
"""Frames drawn between two reports."""


def pictures_of(task: Task, dataset: Path, folder: Path, progress: Progress, whose: str) -> Pictures:
    """What `TrainingJob.pictures` is: pictures of all frames of a data set, in its order.

    Args:
        task: draws them.
        dataset: folder of the LeRobotDataset v3.0.
        folder: where pictures are kept.
        progress: told of frames drawn, with a loss of NaN.
        whose: who asks, for the error.

    Raises (when called):
        ContractError: the task has no such camera.
    """

    def pictures(cameras: tuple[str, ...]) -> Mapping[str, UInt8[Array, "frames height width 3"]]:
        known = {camera.name: camera for camera in task.contract.cameras}
        for name in cameras:
            if name not in known:
                raise ContractError(
                    whose,
                    expected=f"a camera of {task.contract.id}: {', '.join(known) or 'it has none'}",
                    got=repr(name),
                    fix="name another camera in the recipe",
                )
        frames = np.concatenate(read(dataset, task.contract).observations)
        files = {name: _drawn(task, known[name], frames, dataset, folder, progress) for name in cameras}
        return {name: np.load(file, mmap_mode="r") for name, file in files.items()}

    return pictures


def _drawn(
    task: Task,
    camera: Camera,
    frames: Float32[Array, "frames observation"],
    dataset: Path,
    folder: Path,
    progress: Progress,
) -> Path:
    """The file of one camera; where another process draws it now, wait for it."""
    key = content_hash(
        {
            "dataset": dataset_hash(dataset),
            "camera": camera.model_dump(mode="json"),
            "simulator": task.contract.simulator,
            "first": _paint(task, camera, frames[:1]).tobytes().hex(),
        }
    )
    file = folder / key / f"{camera.name}.npy"
    with _alone(file.with_suffix(".lock")):
        if not file.is_file():
            _draw(task, camera, frames, file, progress)
    return file


def _draw(
    task: Task, camera: Camera, frames: Float32[Array, "frames observation"], file: Path, progress: Progress
) -> None:
    """Draw them into a file that appears by atomic rename."""
    part = file.with_suffix(".part")
    shape = (len(frames), camera.height, camera.width, 3)
    pictures = np.lib.format.open_memmap(part, "w+", np.uint8, shape)  # type: ignore[no-untyped-call]
    for first in range(0, len(frames), _BLOCK):
        block = frames[first : first + _BLOCK]
        pictures[first : first + _BLOCK] = _paint(task, camera, block)
        progress(first + len(block), len(frames), math.nan)
    pictures.flush()
    part.replace(file)


def _paint(
    task: Task, camera: Camera, frames: Float32[Array, "frames observation"]
) -> UInt8[Array, "frames height width 3"]:
    return task.render(task.posed(frames), camera.name, camera.width, camera.height)


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """No other process is in here with the same lock; a process that dies lets go of it."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
