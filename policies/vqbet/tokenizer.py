"""The residual VQ-VAE: a chunk of actions as one code per layer, and back."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn import functional

from policies.vqbet.quantiser import Quantised, ResidualQuantiser
from policies.vqbet.recipe import VqBetRecipe

__all__ = ["Tokenizer"]


class Tokenizer(nn.Module):
    """Two small MLPs around a residual quantiser; works on normalised actions."""

    def __init__(self, recipe: VqBetRecipe, action: int) -> None:
        super().__init__()
        flat, hidden, latent = recipe.chunk * action, recipe.tokenizer_hidden, recipe.latent
        self._shape, self._commitment = (recipe.chunk, action), recipe.commitment
        self.encoder = nn.Sequential(
            nn.Linear(flat, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, latent)
        )
        self.decoder = nn.Sequential(
            nn.Linear(latent, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, flat)
        )
        self.quantiser = ResidualQuantiser(
            recipe.layers, recipe.codes, latent, decay=recipe.codebook_decay, revive=recipe.revive
        )

    def encode(self, actions: Float[Tensor, "batch chunk action"]) -> Quantised:
        """Codes of chunks."""
        quantised: Quantised = self.quantiser(self.encoder(actions.flatten(1)))
        return quantised

    def decode(self, codes: Int64[Tensor, "batch layers"]) -> Float[Tensor, "batch chunk action"]:
        """Chunks of codes."""
        return self._decode(self.quantiser.vectors(codes))

    def _decode(self, vectors: Tensor) -> Tensor:
        actions: Tensor = torch.unflatten(self.decoder(vectors), -1, self._shape)
        return actions

    def loss(self, actions: Float[Tensor, "batch chunk action"], generator: torch.Generator) -> Float[Tensor, ""]:
        """L1 reconstruction plus commitment; adapts the codebooks to the batch on the way.

        Gradients pass the quantiser straight through (van den Oord et al. 2017).
        """
        latents = self.encoder(actions.flatten(1))
        self.quantiser.adapt(latents.detach(), generator)
        vectors = self.quantiser(latents.detach()).vector
        reconstructed = self._decode(latents + (vectors - latents).detach())
        commitment = functional.mse_loss(latents, vectors)
        return functional.l1_loss(reconstructed, actions) + self._commitment * commitment
