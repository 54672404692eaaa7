"""Numbers that change with the training step: the learning rate and the decay of the weight average."""

from __future__ import annotations

import math

__all__ = ["average_decay", "learning_rate_factor"]


def learning_rate_factor(step: int, steps: int, warmup: int) -> float:
    """Share of the peak rate at `step` of `steps`: linear warm-up, then half a cosine towards zero."""
    if step < warmup:
        return (step + 1) / warmup
    return 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup)))


def average_decay(step: int, power: float) -> float:
    """Decay of the weight average after `step` updates, 1 - (1 + step) ** -power.

    The warm-up of Diffusion Policy's weight average (Chi et al. 2023, after Karras et al. 2022), with inverse gamma 1.
    """
    return 1 - math.pow(1 + step, -power)
