"""The settings of VQ-BeT."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from policies.training.recipe import TrainingRecipe

__all__ = ["VqBetRecipe"]


class VqBetRecipe(TrainingRecipe):
    """VQ-BeT at a size for CPUs; `steps` and `learning_rate` are those of the policy, after the tokeniser is frozen.

    Attributes:
        tokenizer_steps, tokenizer_learning_rate: of the residual VQ-VAE.
        tokenizer_hidden: hidden width of its encoder and decoder.
        latent: components of a code vector.
        layers: codebooks, each quantising what the ones before left over.
        codes: entries of a codebook.
        codebook_decay: decay of the moving averages that are the codes.
        revive: a code used less than this share of uniform use is moved onto a random latent of the batch.
        commitment: weight of the pull of latents towards their codes.
        model, heads, blocks: width, attention heads and depth of the GPT.
        focal: exponent gamma of the focal loss on codes (Lin et al. 2017).
        primary_weight, residual_weight: of the code loss of the first layer and of each other one.
        offset_weight: of the L1 loss on the continuous correction.
        temperature: of the sampling of codes; below 1 is greedier.
    """

    n_obs: int = Field(default=3, gt=0)
    chunk: int = Field(default=16, gt=0)
    steps: int = Field(default=2000, gt=0)
    batch: int = Field(default=128, gt=0)
    tokenizer_steps: int = Field(default=1000, gt=0)
    tokenizer_learning_rate: float = Field(default=1e-3, gt=0)
    tokenizer_hidden: int = Field(default=128, gt=0)
    latent: int = Field(default=64, gt=0)
    layers: int = Field(default=2, gt=0)
    codes: int = Field(default=16, gt=1)
    codebook_decay: float = Field(default=0.95, gt=0, lt=1)
    revive: float = Field(default=0.05, gt=0, lt=1)
    commitment: float = Field(default=1.0, ge=0)
    model: int = Field(default=128, gt=0)
    heads: int = Field(default=4, gt=0)
    blocks: int = Field(default=3, gt=0)
    focal: float = Field(default=2.0, ge=0)
    primary_weight: float = Field(default=5.0, ge=0)
    residual_weight: float = Field(default=0.5, ge=0)
    offset_weight: float = Field(default=10.0, ge=0)
    temperature: float = Field(default=1.0, gt=0)

    @model_validator(mode="after")
    def _heads_divide(self) -> Self:
        if self.model % self.heads:
            raise ValueError(f"model {self.model} must be a multiple of heads {self.heads}")
        return self
