"""Residual vector quantiser whose codebooks are moving averages of the latents assigned to them."""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["Quantised", "ResidualQuantiser"]


class Quantised(NamedTuple):
    """Codes, one per layer, and the sum of their vectors."""

    codes: Int64[Tensor, "batch layers"]
    vector: Float[Tensor, "batch latent"]


class ResidualQuantiser(nn.Module):
    """Codebooks learned by moving averages (van den Oord et al. 2017, appendix A.1), not by gradients.

    All codes start unused, and unused codes are moved onto latents of the batch, so the first batch initialises them.
    """

    codebooks: Tensor
    usage: Tensor
    totals: Tensor

    def __init__(self, layers: int, codes: int, latent: int, *, decay: float, revive: float) -> None:
        super().__init__()
        self._decay, self._revive = decay, revive
        self.register_buffer("codebooks", torch.zeros(layers, codes, latent))
        self.register_buffer("usage", torch.zeros(layers, codes))
        self.register_buffer("totals", torch.zeros(layers, codes, latent))

    def forward(self, latents: Float[Tensor, "batch latent"]) -> Quantised:
        """Nearest code of each layer to what the layers before left over."""
        residual, codes = latents, []
        for book in self.codebooks:
            chosen = nearest(residual, book)
            residual = residual - book[chosen]
            codes.append(chosen)
        return Quantised(torch.stack(codes, -1), latents - residual)

    def vectors(self, codes: Int64[Tensor, "batch layers"]) -> Float[Tensor, "batch latent"]:
        """Sum of the codes' vectors."""
        return torch.stack([book[chosen] for book, chosen in zip(self.codebooks, codes.unbind(-1), strict=True)]).sum(0)

    @torch.no_grad()
    def adapt(self, latents: Float[Tensor, "batch latent"], generator: torch.Generator) -> None:
        """Move the codebooks towards a batch, and revive the codes that hardly anything uses."""
        residual = latents
        for layer in range(len(self.codebooks)):
            self._revive_layer(layer, residual, generator)
            chosen = nearest(residual, self.codebooks[layer])
            self._average_layer(layer, residual, chosen)
            residual = residual - self.codebooks[layer][chosen]

    def _average_layer(self, layer: int, residual: Tensor, chosen: Tensor) -> None:
        members = functional.one_hot(chosen, self.usage.shape[1]).to(residual.dtype)
        self.usage[layer].lerp_(members.sum(0), 1 - self._decay)
        self.totals[layer].lerp_(members.T @ residual, 1 - self._decay)
        self.codebooks[layer] = self.totals[layer] / self.usage[layer][:, None]

    def _revive_layer(self, layer: int, residual: Tensor, generator: torch.Generator) -> None:
        uniform = len(residual) / self.usage.shape[1]
        pick = torch.randint(len(residual), self.usage.shape[1:], generator=generator).to(residual.device)
        dead = self.usage[layer] < self._revive * uniform
        self.usage[layer].masked_fill_(dead, uniform)
        self.codebooks[layer] = torch.where(dead[:, None], residual[pick], self.codebooks[layer])
        self.totals[layer] = torch.where(dead[:, None], residual[pick] * uniform, self.totals[layer])


def nearest(latents: Float[Tensor, "batch latent"], book: Float[Tensor, "codes latent"]) -> Int64[Tensor, " batch"]:
    """Index of the nearest code in Euclidean distance; |z|^2 is the same for all codes and left out."""
    return torch.addmm((book**2).sum(-1), latents, book.T, alpha=-2).argmin(-1)
