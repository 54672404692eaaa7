"""Embedding of the diffusion step."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

__all__ = ["StepEmbedding"]


class StepEmbedding(nn.Sequential):
    """Sines and cosines of the step at geometrically spaced frequencies, then a small MLP."""

    def __init__(self, width: int) -> None:
        super().__init__(nn.Linear(width, 4 * width), nn.Mish(), nn.Linear(4 * width, width))
        self.frequency: Tensor
        half = width // 2
        frequency = torch.exp(-math.log(10000) / (half - 1) * torch.arange(half))
        self.register_buffer("frequency", frequency, persistent=False)

    def forward(self, time: Int64[Tensor, " batch"]) -> Float[Tensor, "batch width"]:
        """Embed."""
        angle = time[:, None] * self.frequency
        embedded: Tensor = super().forward(torch.cat([angle.sin(), angle.cos()], -1))  # type: ignore[no-untyped-call]
        return embedded
