"""The settings of ACT."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from policies.training.recipe import TrainingRecipe

__all__ = ["ActRecipe"]


class ActRecipe(TrainingRecipe):
    """ACT at a size for CPUs.

    The paper: chunk 100, model 512, feed-forward 3200, layers 4 + 4 + 7, latent 32, KL weight 10.

    Attributes:
        n_obs: 1; ACT reads the present frame only.
        model: width of all tokens.
        feedforward: hidden width of the transformer layers.
        heads: attention heads.
        posterior_layers, encoder_layers, decoder_layers: depth of the CVAE encoder and of the policy.
        latent: components of the style variable z.
        kl_weight: weight of the KL divergence from the prior.
    """

    n_obs: Literal[1] = 1
    chunk: int = Field(default=24, gt=0)
    steps: int = Field(default=2000, gt=0)
    model: int = Field(default=128, gt=0)
    feedforward: int = Field(default=256, gt=0)
    heads: int = Field(default=4, gt=0)
    posterior_layers: int = Field(default=2, gt=0)
    encoder_layers: int = Field(default=2, gt=0)
    decoder_layers: int = Field(default=1, gt=0)
    latent: int = Field(default=32, gt=0)
    kl_weight: float = Field(default=10.0, ge=0)

    @model_validator(mode="after")
    def _heads_divide(self) -> Self:
        if self.model % self.heads or self.model % 2:
            raise ValueError(f"model {self.model} must be even and a multiple of heads {self.heads}")
        if self.vision is not None and self.model % 4:
            raise ValueError(f"model {self.model} must be a multiple of 4 to place cells in two dimensions")
        return self
