"""The settings of Diffusion Policy."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from policies.training.recipe import TrainingRecipe

__all__ = ["DiffusionRecipe"]


class DiffusionRecipe(TrainingRecipe):
    """Diffusion Policy at a size for CPUs. The paper, low-dim: observe 2, predict 16, execute 8, channels 256-512-1024.

    Attributes:
        denoiser: the 1-D convolutional U-Net of the paper, or a residual MLP over the flattened chunk.
        channels: of the U-Net's levels; each level but the last halves the time axis.
        kernel: of the U-Net's convolutions, odd.
        groups: of its group norms; divides every entry of `channels`.
        hidden, blocks: width and depth of the MLP.
        embedding: width of the embedding of the diffusion step, even.
        train_steps: diffusion steps of the schedule.
        inference_steps: steps that the sampler takes.
        sampler: "ddim" (deterministic, Song et al. 2021) or "ddpm" (draws noise at every step, Ho et al. 2020).
        spacing: of the sampler's steps in the schedule: "leading" starts below its noisy end, "trailing" at it.
        prediction: what the network predicts: the noise or the clean chunk.
    """

    n_obs: int = Field(default=2, gt=0)
    chunk: int = Field(default=16, gt=0)
    steps: int = Field(default=2000, gt=0)
    batch: int = Field(default=64, gt=0)
    weight_decay: float = Field(default=1e-6, ge=0)
    ema: float | None = Field(default=0.75, gt=0)
    normalise_action: Literal["minmax"] = "minmax"
    denoiser: Literal["unet", "mlp"] = "unet"
    channels: tuple[int, ...] = Field(default=(64, 128), min_length=1)
    kernel: int = Field(default=5, gt=0)
    groups: int = Field(default=8, gt=0)
    hidden: int = Field(default=256, gt=0)
    blocks: int = Field(default=3, gt=0)
    embedding: int = Field(default=64, gt=2)
    train_steps: int = Field(default=100, gt=0)
    inference_steps: int = Field(default=8, gt=0)
    sampler: Literal["ddim", "ddpm"] = "ddim"
    spacing: Literal["leading", "trailing"] = "trailing"
    prediction: Literal["epsilon", "sample"] = "epsilon"

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.inference_steps > self.train_steps:
            raise ValueError(f"inference_steps {self.inference_steps} exceeds train_steps {self.train_steps}")
        if self.kernel % 2 == 0 or self.embedding % 2:
            raise ValueError("kernel must be odd and embedding even")
        if any(channels % self.groups for channels in self.channels):
            raise ValueError(f"groups {self.groups} must divide every entry of channels {self.channels}")
        return self
