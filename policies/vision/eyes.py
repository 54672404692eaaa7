"""The networks of all cameras of a policy: pictures in, feature maps or a vector a frame out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from policies.vision.pooling import pooling
from policies.vision.recipe import Vision
from policies.vision.resnet import FrozenNorm, ResNet

if TYPE_CHECKING:
    from policies.training.corpus import Corpus

__all__ = ["Eyes", "Features", "Pictures", "prepare"]

_STATISTICS = 128
"""Windows that frozen norms are set by."""

type Pictures = Mapping[str, UInt8[Tensor, "batch n_obs crop crop 3"]]


class Eyes(nn.Module):
    """One network a camera, or one for all; pictures come as bytes and are scaled to [-1, 1] on the device.

    Attributes:
        cameras: in this order, features follow each other.
        channels: of a feature map.
        cells: side of a feature map.
    """

    def __init__(self, recipe: Vision) -> None:
        super().__init__()
        self.cameras, self.channels, self.cells = recipe.cameras, recipe.channels[-1], recipe.cells
        self.networks = nn.ModuleList(ResNet(recipe) for _ in recipe.cameras[: 1 if recipe.shared else None])

    def forward(self, pictures: Pictures) -> Float[Tensor, "batch n_obs cameras channels cells cells"]:
        """The feature maps of all frames."""
        maps = [
            torch.unflatten(network(scaled(pictures[camera].flatten(0, 1))), 0, pictures[camera].shape[:2])
            for camera, network in zip(self.cameras, self._spread(), strict=True)
        ]
        return torch.stack(maps, 2)

    @torch.no_grad()
    def take_statistics(self, pictures: Pictures) -> None:
        """Set what frozen norms hold to the statistics of these pictures, layer after layer."""
        for norm in self.frozen:
            norm.reset_running_stats()
            norm.taking = True
            norm.train()
        self(pictures)
        for norm in self.frozen:
            norm.taking = False
            norm.train()

    @property
    def frozen(self) -> list[FrozenNorm]:
        """Norms that hold statistics."""
        return [module for module in self.modules() if isinstance(module, FrozenNorm)]

    def _spread(self) -> list[nn.Module]:
        networks = list(self.networks)
        return networks * len(self.cameras) if len(networks) < len(self.cameras) else networks


class Features(nn.Module):
    """Eyes whose maps are pooled and projected to one vector a frame, the cameras' parts side by side."""

    def __init__(self, recipe: Vision) -> None:
        super().__init__()
        self.eyes = Eyes(recipe)
        pools, lengths = zip(
            *(pooling(self.eyes.channels, recipe.keypoints, self.eyes.cells) for _ in recipe.cameras), strict=True
        )
        self.pools = nn.ModuleList(pools)
        self.projections = nn.ModuleList(nn.Linear(length, recipe.features) for length in lengths)

    def forward(self, pictures: Pictures) -> Float[Tensor, "batch n_obs features"]:
        """The vectors of all frames."""
        maps = self.eyes(pictures)
        parts = [
            project(pool(maps[:, :, number].flatten(0, 1)))
            for number, (pool, project) in enumerate(zip(self.pools, self.projections, strict=True))
        ]
        return torch.unflatten(torch.cat(parts, -1), 0, maps.shape[:2])


def prepare(sight: nn.Module | None, corpus: Corpus) -> None:
    """Let the frozen norms of a policy's eyes, if it has any, take their statistics from the demonstrations."""
    for module in [] if sight is None else sight.modules():
        if isinstance(module, Eyes) and module.frozen:
            count = min(_STATISTICS, len(corpus))
            index = torch.linspace(0, len(corpus) - 1, count, dtype=torch.float64).long()
            module.take_statistics(corpus.glance(index, "statistics"))


def scaled(pictures: UInt8[Tensor, "batch side side 3"]) -> Float[Tensor, "batch 3 side side"]:
    """Bytes to [-1, 1], channels first."""
    return pictures.permute(0, 3, 1, 2).contiguous().float() / 127.5 - 1
