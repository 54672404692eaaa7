"""Losses that more than one method uses."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from policies.training.learner import Batch

__all__ = ["l1_within_episode"]


def l1_within_episode(predicted: Float[Tensor, "batch chunk action"], batch: Batch) -> Float[Tensor, ""]:
    """Mean absolute error over the actions that are not padding."""
    real = ~batch.padded[..., None]
    error: Tensor = ((predicted - batch.actions).abs() * real).sum() / (real.sum() * predicted.shape[-1])
    return error
