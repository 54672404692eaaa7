"""Exponential moving average of weights."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from policies.training.schedule import average_decay

__all__ = ["Average"]


class Average:
    """average <- decay * average + (1 - decay) * weights, after every step; starts at the weights."""

    def __init__(self, parameters: Sequence[nn.Parameter], power: float) -> None:
        self._parameters = [parameter.data for parameter in parameters]
        self._power = power
        self.values = [value.clone() for value in self._parameters]

    def update(self, step: int) -> None:
        """Take in the weights after `step` updates."""
        torch._foreach_lerp_(self.values, self._parameters, 1 - average_decay(step, self._power))

    def restore(self, values: Sequence[Tensor]) -> None:
        """Go on from the values of a snapshot."""
        torch._foreach_copy_(self.values, list(values))

    def apply(self) -> None:
        """Overwrite the weights by their average."""
        torch._foreach_copy_(self._parameters, self.values)
