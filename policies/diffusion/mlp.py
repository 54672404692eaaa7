"""A residual MLP as the denoiser: quicker than the U-Net on a CPU for short chunks of few components."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn import functional

from policies.diffusion.embedding import StepEmbedding

__all__ = ["Mlp"]


class Block(nn.Module):
    """Layer norm, scaled and shifted by the condition (FiLM), two linear layers, a shortcut around all of it."""

    def __init__(self, hidden: int, condition: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(hidden)
        self.film = nn.Linear(condition, 2 * hidden)
        self.linear1, self.linear2 = nn.Linear(hidden, hidden), nn.Linear(hidden, hidden)

    def forward(
        self, signal: Float[Tensor, "batch hidden"], condition: Float[Tensor, "batch condition"]
    ) -> Float[Tensor, "batch hidden"]:
        """Apply."""
        scale, bias = self.film(condition).chunk(2, -1)
        inner = torch.addcmul(bias, 1 + scale, self.norm(signal))
        out: Tensor = signal + self.linear2(functional.silu(self.linear1(inner)))
        return out


class Mlp(nn.Module):
    """Denoises the flattened chunk; same interface as the U-Net.

    Attributes:
        stride: the chunk's length must be a multiple of it: any length will do.
    """

    stride = 1

    def __init__(self, action: int, condition: int, *, chunk: int, hidden: int, blocks: int, embedding: int) -> None:
        super().__init__()
        self.step = StepEmbedding(embedding)
        self.given = nn.Linear(condition + embedding, hidden)
        self.into = nn.Linear(chunk * action, hidden)
        self.blocks = nn.ModuleList(Block(hidden, hidden) for _ in range(blocks))
        self.norm = nn.LayerNorm(hidden)
        self.out = nn.Linear(hidden, chunk * action)

    def forward(
        self,
        noisy: Float[Tensor, "batch time action"],
        time: Int64[Tensor, " batch"],
        condition: Float[Tensor, "batch condition"],
    ) -> Float[Tensor, "batch time action"]:
        """The network's output for noisy chunks at diffusion steps `time`."""
        given = functional.silu(self.given(torch.cat([self.step(time), condition], -1)))
        signal = self.into(noisy.flatten(1))
        for block in self.blocks:
            signal = block(signal, given)
        out: Tensor = torch.unflatten(self.out(self.norm(signal)), -1, noisy.shape[1:])
        return out
