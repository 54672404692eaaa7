"""The verb `render`: an episode simulated again, as an mp4 and a contact sheet."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from harness.artifact.media import contact_sheet, write_video
from harness.artifact.reader import open_artifact
from harness.cli.screen import console, stderr
from harness.contract.fields import Array
from harness.errors import UnknownIdError
from harness.reports.replay import Replay, replay

__all__ = ["render_episode"]

SHEET_FRAMES = 12
SHEET_WIDTH = 320


def render_episode(artifact: Path, episode: str, out: Path | None, camera: str | None) -> None:
    """Render one episode and say where the files are."""
    seen = replay(open_artifact(artifact), episode)
    cameras = {item.name: item for item in seen.task.contract.cameras}
    name = camera or next(iter(cameras))
    if name not in cameras:
        raise UnknownIdError.of("camera", name, cameras)
    view = cameras[name]
    video = out or artifact.with_name(f"{seen.row['episode']}.mp4")
    with stderr.status(f"rendering {len(seen.states)} frames"):
        frames = seen.task.render(seen.states, name, view.width, view.height)
        write_video(video, frames, 1 / seen.task.contract.control_period_s)
        sheet = video.with_suffix(".png")
        _write_sheet(sheet, seen, name)
    console.print(f"{_title(seen)}\n{video}\n{sheet}", highlight=False)


def _write_sheet(path: Path, seen: Replay, camera: str) -> None:
    chosen = np.unique(np.linspace(0, len(seen.states) - 1, SHEET_FRAMES).round().astype(int))
    view = next(item for item in seen.task.contract.cameras if item.name == camera)
    height = round(SHEET_WIDTH * view.height / view.width)
    frames: Array = seen.task.render(seen.states[chosen], camera, SHEET_WIDTH, height)
    period = seen.task.contract.control_period_s
    contact_sheet(path, frames, [f"t = {step * period:.1f} s" for step in chosen])


def _title(seen: Replay) -> str:
    row = seen.row
    text = (
        f"{row['policy']} on {row['task']}, {row['condition']}, scene {row['scene']}: "
        f"{row['outcome']} after {row['steps']} steps"
    )
    if seen.first_difference is not None:
        text += f"; the simulation differs from the recording from step {seen.first_difference} on"
    return text
