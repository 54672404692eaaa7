"""The settings of behaviour cloning."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from policies.training.recipe import TrainingRecipe

__all__ = ["BcRecipe"]


class BcRecipe(TrainingRecipe):
    """robomimic's BC on flat states. Its paper: MLP of 1024x2 on low-dim states, Adam, learning rate 1e-4, batch 100.

    `clip` is not used: robomimic does not clip. A chunk above 1 is predicted as one long action. It has no vision.

    Attributes:
        variant: a deterministic MLP trained on squared error, or a Gaussian mixture trained on likelihood.
        hidden: widths of the hidden layers.
        modes: components of the mixture.
        min_std: least standard deviation of a component, in normalised action units.
        low_noise: act with a standard deviation of 1e-4 (robomimic's default), else with the learned one.
    """

    chunk: int = Field(default=1, gt=0)
    steps: int = Field(default=5000, gt=0)
    batch: int = Field(default=128, gt=0)
    weight_decay: float = Field(default=0.0, ge=0)
    ema: None = None
    vision: None = None
    normalise_action: Literal["minmax"] = "minmax"
    variant: Literal["mlp", "gmm"] = "mlp"
    hidden: tuple[int, ...] = Field(default=(256, 256), min_length=1)
    modes: int = Field(default=5, gt=0)
    min_std: float = Field(default=1e-2, gt=0)
    low_noise: bool = True
