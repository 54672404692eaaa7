"""Affine normalisation per component; its numbers are buffers, so they travel with the weights."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from policies.training.recipe import Normalisation

__all__ = ["Normaliser"]

# A component's spread below this share of its magnitude is float32 rounding, and counts as none; so does one of
# this share of a hundredth of its unit, whatever its magnitude.
_ROUNDING = 1e-6
_SMALL = 1e-2


class Normaliser(nn.Module):
    """normalised = (value - centre) / scale. A constant component becomes 0 and keeps its scale of 1."""

    centre: Tensor
    scale: Tensor

    def __init__(self, size: int) -> None:
        super().__init__()
        self.register_buffer("centre", torch.zeros(size))
        self.register_buffer("scale", torch.ones(size))

    def fit(self, values: Float[Tensor, "frames size"], kind: Normalisation) -> None:
        """Take centre and scale from data: range to [-1, 1], or mean and (population) standard deviation."""
        exact = values.double()
        if kind == "minmax":
            low, high = exact.amin(0), exact.amax(0)
            centre, scale = (low + high) / 2, (high - low) / 2
        else:
            centre, scale = exact.mean(0), exact.std(0, correction=0)
        constant = scale <= _ROUNDING * exact.abs().amax(0).clamp(min=_SMALL)
        self.centre.copy_(centre)
        self.scale.copy_(torch.where(constant, 1.0, scale))

    def forward(self, values: Float[Tensor, "*batch size"]) -> Float[Tensor, "*batch size"]:
        """Normalise."""
        return (values - self.centre) / self.scale

    def inverse(self, normalised: Float[Tensor, "*batch size"]) -> Float[Tensor, "*batch size"]:
        """Undo `forward`."""
        return normalised * self.scale + self.centre
