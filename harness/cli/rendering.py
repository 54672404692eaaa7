"""The verbs `render` and `replay`: an episode simulated again, as an mp4 and a contact sheet."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from harness.artifact.media import contact_sheet, write_video
from harness.artifact.reader import open_artifact
from harness.cli.screen import bars, console, stderr
from harness.contract.fields import Array
from harness.contract.policy import Runtime
from harness.contract.task import Camera, Task
from harness.errors import UnknownIdError
from harness.executors.variation import Change, Variation, vary
from harness.reports.replay import Replay, replay

__all__ = ["render_episode", "replay_episode"]

SHEET_FRAMES = 12
MEDIA_WIDTH = 320
"""Pixels; a contract says how large a picture a policy sees, which is too small for a person."""


def render_episode(artifact: Path, episode: str, out: Path | None, camera: str | None) -> None:
    """Render one episode from its recorded actions and say where the files are."""
    seen = replay(open_artifact(artifact), episode)
    video = out or artifact.with_name(f"{seen.row['episode']}.mp4")
    sheet = _film(seen.task, seen.states, camera, video)
    console.print(f"{_title(seen)}\n{video}\n{sheet}", highlight=False)


def replay_episode(
    artifact: Path, episode: str, change: Change, out: Path | None, camera: str | None, threads: int
) -> bool:
    """Act out one episode again, under a change; returns whether nothing unexpected came out."""
    with bars() as watcher:
        seen = vary(open_artifact(artifact), episode, change, Runtime(threads), watcher)
    unchanged = change == Change()
    video = out or artifact.with_name(f"{seen.stored['episode']}{'' if unchanged else '-varied'}.mp4")
    sheet = _film(seen.task, seen.act.rollout.states, camera, video)
    console.print(f"{_story(seen, change)}\n{video}\n{sheet}", highlight=False, markup=False, soft_wrap=True)
    return seen.parting is None or not unchanged


def _film(task: Task, states: Array, camera: str | None, video: Path) -> Path:
    """Write the mp4, and beside it the contact sheet, whose path is returned."""
    view = _view(task, camera)
    with stderr.status(f"rendering {len(states)} frames"):
        write_video(video, _painted(task, states, view), 1 / task.contract.control_period_s)
        _write_sheet(video.with_suffix(".png"), task, states, view)
    return video.with_suffix(".png")


def _view(task: Task, camera: str | None) -> Camera:
    cameras = {item.name: item for item in task.contract.cameras}
    name = camera or next(iter(cameras))
    if name not in cameras:
        raise UnknownIdError.of("camera", name, cameras)
    return cameras[name]


def _write_sheet(path: Path, task: Task, states: Array, view: Camera) -> None:
    chosen = np.unique(np.linspace(0, len(states) - 1, SHEET_FRAMES).round().astype(int))
    period = task.contract.control_period_s
    contact_sheet(path, _painted(task, states[chosen], view), [f"t = {step * period:.1f} s" for step in chosen])


def _painted(task: Task, states: Array, view: Camera) -> Array:
    return task.render(states, view.name, MEDIA_WIDTH, 2 * round(MEDIA_WIDTH * view.height / view.width / 2))


def _title(seen: Replay) -> str:
    text = _account(seen.row)
    if seen.first_difference is not None:
        text += f"; the simulation differs from the recording from step {seen.first_difference} on"
    return text


def _account(row: Mapping[str, Any]) -> str:
    return (
        f"{row['policy']} on {row['task']}, {row['condition']}, scene {row['scene']}: "
        f"{row['outcome']} after {row['steps']} steps"
    )


def _story(seen: Variation, change: Change) -> str:
    """What was recorded, what happened now, and where the two part."""
    now = seen.act.row
    parting = f"parts from the recording: {seen.parting}" if seen.parting else "bit for bit as recorded"
    again = f"again, {change}: {now['outcome']} after {now['steps']} steps"
    return f"{_account(seen.stored)}\n{again}\n{parting}"
