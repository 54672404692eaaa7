"""Transformer layers in DETR's form (Carion et al. 2020): positions are added to queries and keys, not to values."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["Attention", "DecoderLayer", "EncoderLayer", "sinusoid"]


def sinusoid(length: int, width: int) -> Float[Tensor, "length width"]:
    """Fixed position embedding: sines in the even components, cosines in the odd (Vaswani et al. 2017, section 3.5)."""
    position = torch.arange(length)[:, None]
    angle = position / 10000 ** (torch.arange(0, width, 2) / width)
    return torch.stack([angle.sin(), angle.cos()], dim=-1).reshape(length, width)


class Attention(nn.Module):
    """Multi-head attention with the parameters of `torch.nn.MultiheadAttention`, batch first."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self._heads = heads
        self.in_proj_weight = nn.Parameter(torch.empty(3 * width, width))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * width))
        self.out_proj = nn.Linear(width, width)

    def forward(
        self,
        query: Float[Tensor, "#batch queries width"],
        key: Float[Tensor, "batch keys width"],
        value: Float[Tensor, "batch keys width"],
        hidden: Bool[Tensor, "batch keys"] | None = None,
    ) -> Float[Tensor, "batch queries width"]:
        """Attend to the keys that are not `hidden`; queries that are the same for all rows may come once."""
        weights, biases = self.in_proj_weight.chunk(3), self.in_proj_bias.chunk(3)
        q, k, v = (
            self._split(functional.linear(tokens, weight, bias))
            for tokens, weight, bias in zip((query, key, value), weights, biases, strict=True)
        )
        mask = None if hidden is None else ~hidden[:, None, None, :]
        mixed = functional.scaled_dot_product_attention(q.expand(len(k), -1, -1, -1), k, v, attn_mask=mask)
        out: Tensor = self.out_proj(mixed.transpose(1, 2).flatten(2))
        return out

    def _split(self, tokens: Tensor) -> Tensor:
        return torch.unflatten(tokens, -1, (self._heads, -1)).transpose(1, 2)


class FeedForward(nn.Module):
    """Two linear layers with a ReLU between them."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.linear1, self.linear2 = nn.Linear(width, hidden), nn.Linear(hidden, width)

    def forward(self, tokens: Float[Tensor, "*batch width"]) -> Float[Tensor, "*batch width"]:
        """Apply to every token."""
        out: Tensor = self.linear2(functional.relu(self.linear1(tokens)))
        return out


class EncoderLayer(nn.Module):
    """Self-attention and feed-forward, each followed by a layer norm."""

    def __init__(self, width: int, heads: int, hidden: int) -> None:
        super().__init__()
        self.self_attn, self.feedforward = Attention(width, heads), FeedForward(width, hidden)
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)

    def forward(
        self,
        tokens: Float[Tensor, "batch tokens width"],
        position: Float[Tensor, "tokens width"],
        hidden: Bool[Tensor, "batch tokens"] | None = None,
        wanted: int | None = None,
    ) -> Float[Tensor, "batch wanted width"]:
        """Mix the tokens that are not `hidden`; only the first `wanted` tokens (None: all) are computed."""
        placed = tokens + position
        seen = self.self_attn(placed[:, :wanted], placed, tokens, hidden)
        tokens = self.norm1(tokens[:, :wanted] + seen)
        out: Tensor = self.norm2(tokens + self.feedforward(tokens))
        return out


class DecoderLayer(nn.Module):
    """Self-attention, attention to the encoder's memory, feed-forward; each followed by a layer norm."""

    def __init__(self, width: int, heads: int, hidden: int) -> None:
        super().__init__()
        self.self_attn, self.multihead_attn = Attention(width, heads), Attention(width, heads)
        self.feedforward = FeedForward(width, hidden)
        self.norm1, self.norm2, self.norm3 = nn.LayerNorm(width), nn.LayerNorm(width), nn.LayerNorm(width)

    def forward(
        self,
        tokens: Float[Tensor, "#batch queries width"],
        position: Float[Tensor, "queries width"],
        memory: Float[Tensor, "batch keys width"],
        memory_position: Float[Tensor, "keys width"],
    ) -> Float[Tensor, "batch queries width"]:
        """Decode the queries against `memory`. The first layer's tokens are the same for all rows and come once."""
        placed = tokens + position
        tokens = self.norm1(tokens + self.self_attn(placed, placed, tokens))
        seen = self.multihead_attn(tokens + position, memory + memory_position, memory)
        tokens = self.norm2(tokens + seen)
        out: Tensor = self.norm3(tokens + self.feedforward(tokens))
        return out
