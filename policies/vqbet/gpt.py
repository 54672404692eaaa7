"""A small causal transformer over the observation window, pre-norm as in GPT-2."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["Gpt"]


class Block(nn.Module):
    """Causal self-attention and an MLP, each on a layer norm and with a shortcut."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self._heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention_in, self.attention_out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.mlp_in, self.mlp_out = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(
        self, tokens: Float[Tensor, "batch tokens width"], *, newest: bool
    ) -> Float[Tensor, "batch wanted width"]:
        """Apply; with `newest`, compute the newest token only (it sees all others, so it needs no mask)."""
        mixed = self._attend(self.norm1(tokens), newest)
        tokens = (tokens[:, -1:] if newest else tokens) + mixed
        out: Tensor = tokens + self.mlp_out(functional.gelu(self.mlp_in(self.norm2(tokens))))
        return out

    def _attend(self, tokens: Tensor, newest: bool) -> Tensor:
        heads = torch.unflatten(self.attention_in(tokens), -1, (3, self._heads, -1))
        q, k, v = (part.transpose(1, 2) for part in heads.unbind(2))
        mixed = functional.scaled_dot_product_attention(q[:, :, -1:] if newest else q, k, v, is_causal=not newest)
        out: Tensor = self.attention_out(mixed.transpose(1, 2).flatten(2))
        return out


class Gpt(nn.Module):
    """Observation tokens in, the feature of the newest one out."""

    def __init__(self, observation: int, tokens: int, width: int, heads: int, blocks: int) -> None:
        super().__init__()
        self.into = nn.Linear(observation, width)
        self.position = nn.Parameter(0.02 * torch.randn(tokens, width))
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(blocks))
        self.norm = nn.LayerNorm(width)

    def forward(self, observations: Float[Tensor, "batch tokens observation"]) -> Float[Tensor, "batch width"]:
        """Read the window."""
        tokens = self.into(observations) + self.position
        for number, block in enumerate(self.blocks):
            tokens = block(tokens, newest=number == len(self.blocks) - 1)
        feature: Tensor = self.norm(tokens[:, -1])
        return feature
