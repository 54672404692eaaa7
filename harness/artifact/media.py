"""Pictures and videos of an episode."""

from __future__ import annotations

from pathlib import Path

import imageio.v3 as iio
import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageDraw

from harness.contract.fields import Array

__all__ = ["contact_sheet", "write_video"]

Frames = UInt8[Array, "frames height width 3"]


def write_video(path: Path, frames: Frames, rate_hz: float) -> None:
    """Write an H.264 mp4 that appears whole or not at all."""
    aside = path.with_name(f".{path.name}.writing.mp4")
    try:
        iio.imwrite(aside, frames, plugin="pyav", codec="libx264", fps=max(1, round(rate_hz)))
        aside.rename(path)
    finally:
        aside.unlink(missing_ok=True)


def contact_sheet(path: Path, frames: Frames, captions: list[str], columns: int = 4) -> None:
    """Write frames in rows as one PNG, each with its caption."""
    height, width = frames.shape[1:3]
    rows = -(-len(frames) // columns)
    sheet = Image.new("RGB", (columns * width, rows * height), "white")
    draw = ImageDraw.Draw(sheet)
    for index, (frame, caption) in enumerate(zip(frames, captions, strict=True)):
        x, y = index % columns * width, index // columns * height
        sheet.paste(Image.fromarray(np.ascontiguousarray(frame)), (x, y))
        draw.rectangle((x, y, x + 8 + int(draw.textlength(caption)), y + 16), fill="black")
        draw.text((x + 4, y + 2), caption, fill="white")
    sheet.save(path)
