"""Pictures as ACT's encoder reads them: a token a cell of the feature map, with its place in two dimensions."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from policies.act.transformer import sinusoid
from policies.vision.eyes import Eyes, Pictures
from policies.vision.recipe import Vision

__all__ = ["Cells", "sinusoid_2d"]


def sinusoid_2d(cells: int, width: int) -> Float[Tensor, "places width"]:
    """Place of each cell of a square map, row after row: half of the components for its row, half for its column.

    As in DETR (Carion et al. 2020), whose encoder ACT uses, but with places counted in cells.
    """
    line = sinusoid(cells, width // 2)
    rows, columns = line[:, None].expand(-1, cells, -1), line[None].expand(cells, -1, -1)
    return torch.cat([rows, columns], -1).reshape(cells * cells, width)


class Cells(nn.Module):
    """Feature maps of the newest frame, projected to the width of the tokens; cameras follow each other.

    What place a token has is its cell and, learned, its camera.
    """

    def __init__(self, recipe: Vision, width: int) -> None:
        super().__init__()
        self.eyes = Eyes(recipe)
        self.projection = nn.Linear(self.eyes.channels, width)
        self.camera = nn.Parameter(torch.zeros(len(recipe.cameras), 1, width))
        self.place: Tensor
        self.register_buffer("place", sinusoid_2d(self.eyes.cells, width), persistent=False)

    def forward(self, pictures: Pictures) -> Float[Tensor, "batch tokens width"]:
        """The tokens of all cameras."""
        maps = self.eyes(pictures)[:, -1]
        cells = maps.flatten(3).transpose(2, 3).flatten(1, 2).contiguous()
        tokens: Tensor = self.projection(cells)
        return tokens

    def position(self) -> Float[Tensor, "tokens width"]:
        """The position embedding of all tokens."""
        return (self.place + self.camera).flatten(0, 1)
