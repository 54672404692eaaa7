"""From a feature map to a vector: where things are (spatial softmax), or what is there on average."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

__all__ = ["SpatialSoftmax", "pooling"]


class SpatialSoftmax(nn.Module):
    """Expected image coordinates under the softmax of each of `points` maps (Finn et al. 2016, section III-B).

    The maps are made by a linear layer over cells: torch computes a 1x1 convolution of few pictures by one library on
    one thread and by another on two, with other bits (law 5).
    """

    def __init__(self, channels: int, points: int, cells: int) -> None:
        super().__init__()
        self.maps = nn.Linear(channels, points)
        self.place: Tensor
        line = torch.linspace(-1, 1, cells) if cells > 1 else torch.zeros(1)
        y, x = torch.meshgrid(line, line, indexing="ij")
        self.register_buffer("place", torch.stack([x, y], -1).reshape(cells * cells, 2), persistent=False)

    def forward(self, signal: Float[Tensor, "batch channels cells cells"]) -> Float[Tensor, "batch numbers"]:
        """Their x and y, from -1 (left, top) to 1."""
        cells = signal.flatten(2).transpose(1, 2).contiguous()
        weight: Tensor = self.maps(cells).transpose(1, 2).softmax(-1)
        return (weight @ self.place).flatten(1)


def pooling(channels: int, points: int | None, cells: int) -> tuple[nn.Module, int]:
    """The module, and the length of what it makes of a map; `points` is None for the average over the map."""
    if points is None:
        return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()), channels
    return SpatialSoftmax(channels, points, cells), 2 * points
