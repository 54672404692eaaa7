"""From a feature to codes, one layer after the other, and to the continuous correction that belongs to them."""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn import functional

from policies.vqbet.recipe import VqBetRecipe

__all__ = ["CodeHead", "OffsetHead", "focal_loss", "invert_cdf"]


class CodeHead(nn.Module):
    """Logits of each layer's code, given the codes of the layers before it."""

    def __init__(self, recipe: VqBetRecipe) -> None:
        super().__init__()
        width, codes, layers = recipe.model, recipe.codes, recipe.layers
        self.trunk = nn.Linear(width, width)
        self.out = nn.Linear(width, layers * codes)
        self._shape = (layers, codes)
        # before[i, c, j] is what code c of layer i adds to the logits of layer j.
        self.before = nn.Parameter(torch.zeros(layers, codes, layers, codes))
        self.later: Tensor
        later = torch.ones(layers, layers).triu(1)[:, None, :, None]
        self.register_buffer("later", later, persistent=False)

    def base(self, feature: Float[Tensor, "batch width"]) -> Float[Tensor, "batch layers codes"]:
        """The part of the logits that does not depend on codes."""
        logits: Tensor = torch.unflatten(self.out(functional.gelu(self.trunk(feature))), -1, self._shape)
        return logits

    def forward(
        self, feature: Float[Tensor, "batch width"], codes: Int64[Tensor, "batch layers"]
    ) -> Float[Tensor, "batch layers codes"]:
        """Logits of every layer given the true codes of the layers before it."""
        known = functional.one_hot(codes, self._shape[1]).to(feature.dtype)
        return self.base(feature) + torch.einsum("bic,icjk->bjk", known, self.before * self.later)

    def sample(
        self,
        feature: Float[Tensor, "batch width"],
        temperature: float,
        draw: Callable[[int, Float[Tensor, "batch codes"]], Int64[Tensor, " batch"]],
    ) -> Int64[Tensor, "batch layers"]:
        """Codes layer by layer; `draw(layer, probabilities)` picks one a row."""
        logits = self.base(feature)
        chosen: list[Tensor] = []
        for layer in range(self._shape[0]):
            given = logits[:, layer]
            for before, code in enumerate(chosen):
                given = given + self.before[before, code, layer]
            chosen.append(draw(layer, torch.softmax(given / temperature, -1)))
        return torch.stack(chosen, -1)


class OffsetHead(nn.Module):
    """One correction of the whole chunk per layer and code; those of the chosen codes are added up."""

    def __init__(self, recipe: VqBetRecipe, action: int) -> None:
        super().__init__()
        width = recipe.model
        self._shape, self._chunk = (recipe.layers, recipe.codes, recipe.chunk * action), (recipe.chunk, action)
        self.trunk = nn.Linear(width, width)
        self.out = nn.Linear(width, recipe.layers * recipe.codes * recipe.chunk * action)

    def forward(
        self, feature: Float[Tensor, "batch width"], codes: Int64[Tensor, "batch layers"]
    ) -> Float[Tensor, "batch chunk action"]:
        """The correction of the given codes."""
        table = torch.unflatten(self.out(functional.gelu(self.trunk(feature))), -1, self._shape)
        index = codes[:, :, None, None].expand(-1, -1, 1, self._shape[-1])
        offset: Tensor = torch.unflatten(table.gather(2, index).sum((1, 2)), -1, self._chunk)
        return offset


def focal_loss(
    logits: Float[Tensor, "batch layers codes"], codes: Int64[Tensor, "batch layers"], gamma: float
) -> Float[Tensor, " layers"]:
    """Mean of -(1 - p) ** gamma * log p of the true code, per layer (Lin et al. 2017, equation 4)."""
    log_p = functional.log_softmax(logits, -1).gather(-1, codes[..., None])[..., 0]
    return -((1 - log_p.exp()) ** gamma * log_p).mean(0)


def invert_cdf(
    probabilities: Float[Tensor, "batch codes"], uniform: Float[Tensor, " batch"]
) -> Int64[Tensor, " batch"]:
    """The code whose slice of the cumulative distribution holds `uniform`, in [0, 1)."""
    below = probabilities.cumsum(-1) <= uniform[:, None]
    return below.sum(-1).clamp(max=probabilities.shape[-1] - 1)
