"""The settings of a policy that sees. Nothing here imports torch."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from harness.contract.fields import ContractModel
from harness.contract.task import TaskContract
from harness.errors import ContractError

__all__ = ["Vision"]

_STEM_STRIDE = 4


class Vision(ContractModel):
    """Which pictures a policy reads, and the residual network that reads them (He et al. 2016).

    The defaults are ResNet-18 with group norm and a spatial softmax, as Diffusion Policy has it (Chi et al. 2023).

    Attributes:
        cameras: names of cameras of the task.
        crop: side of the square that the network sees, pixel: at random in training, from the middle afterwards.
        norm: "group" (Wu and He 2018; groups of 16 channels), or "frozen": batch norm whose statistics are taken from
            the demonstrations before the first step and fixed from then on. There are no pre-trained weights.
        channels: of the stages of the network; each but the first halves the picture.
        blocks: residual blocks of a stage.
        keypoints: how a picture becomes a vector: so many points of a spatial softmax (Finn et al. 2016), or None for
            the average over the picture. ACT reads the cells of the last feature map instead.
        features: length of that vector.
        shared: one network for all cameras instead of one each.
    """

    cameras: tuple[str, ...] = Field(min_length=1)
    crop: int = Field(default=84, gt=0)
    norm: Literal["group", "frozen"] = "group"
    channels: tuple[int, ...] = Field(default=(64, 128, 256, 512), min_length=1)
    blocks: int = Field(default=2, gt=0)
    keypoints: int | None = Field(default=32, gt=0)
    features: int = Field(default=64, gt=0)
    shared: bool = False

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if len(set(self.cameras)) < len(self.cameras):
            raise ValueError(f"a camera twice in {list(self.cameras)}")
        if any(channels < 1 or (channels > 16 and channels % 16) for channels in self.channels):
            raise ValueError(f"channels {list(self.channels)} must be at most 16 or multiples of 16")
        return self

    @property
    def cells(self) -> int:
        """Side of the last feature map."""
        side = -(-self.crop // _STEM_STRIDE)
        for _ in self.channels[1:]:
            side = -(-side // 2)
        return side

    def check(self, task: TaskContract, whose: str) -> None:
        """Raise ContractError, opening with `whose`, if the task lacks a camera, or its pictures are too small."""
        known = {camera.name: camera for camera in task.cameras}
        for name in self.cameras:
            if name not in known:
                raise ContractError(
                    whose,
                    expected=f"a camera of {task.id}: {', '.join(known) or 'it has none'}",
                    got=repr(name),
                    fix="name another camera under `vision.cameras`",
                )
            side = min(known[name].width, known[name].height)
            if side < self.crop:
                raise ContractError(
                    whose,
                    expected=f"a crop of at most {side} pixels, the smaller side of camera {name!r} of {task.id}",
                    got=str(self.crop),
                    fix="lower `vision.crop`",
                )
