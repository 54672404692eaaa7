"""Conditional 1-D U-Net over the time axis of a chunk (Chi et al. 2023, after Janner et al. 2022)."""

from __future__ import annotations

from itertools import pairwise

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from policies.diffusion.embedding import StepEmbedding

__all__ = ["UNet"]


class ConvBlock(nn.Sequential):
    """Convolution that keeps the length, group norm, Mish."""

    def __init__(self, inputs: int, outputs: int, kernel: int, groups: int) -> None:
        convolution = nn.Conv1d(inputs, outputs, kernel, padding=kernel // 2)
        super().__init__(convolution, nn.GroupNorm(groups, outputs), nn.Mish())


class ResidualBlock(nn.Module):
    """Two convolutions with a shortcut; between them the condition scales and shifts every channel (FiLM)."""

    def __init__(self, inputs: int, outputs: int, condition: int, kernel: int, groups: int) -> None:
        super().__init__()
        self.conv1 = ConvBlock(inputs, outputs, kernel, groups)
        self.conv2 = ConvBlock(outputs, outputs, kernel, groups)
        self.film = nn.Linear(condition, 2 * outputs)
        self.shortcut = nn.Conv1d(inputs, outputs, 1) if inputs != outputs else nn.Identity()

    def forward(
        self, signal: Float[Tensor, "batch inputs time"], condition: Float[Tensor, "batch condition"]
    ) -> Float[Tensor, "batch outputs time"]:
        """Apply; `condition` has been through its activation."""
        scale, bias = self.film(condition)[..., None].chunk(2, 1)
        hidden = torch.addcmul(bias, scale, self.conv1(signal))
        out: Tensor = self.conv2(hidden) + self.shortcut(signal)
        return out


class Level(nn.Module):
    """Two residual blocks, the first of which changes the number of channels."""

    def __init__(self, inputs: int, outputs: int, condition: int, kernel: int, groups: int) -> None:
        super().__init__()
        self.block1 = ResidualBlock(inputs, outputs, condition, kernel, groups)
        self.block2 = ResidualBlock(outputs, outputs, condition, kernel, groups)

    def forward(
        self, signal: Float[Tensor, "batch inputs time"], condition: Float[Tensor, "batch condition"]
    ) -> Float[Tensor, "batch outputs time"]:
        """Apply both."""
        out: Tensor = self.block2(self.block1(signal, condition), condition)
        return out


class UNet(nn.Module):
    """Two residual blocks a level, down and up, with skip connections.

    Attributes:
        stride: the chunk's length must be a multiple of it.
    """

    def __init__(
        self, action: int, condition: int, *, channels: tuple[int, ...], kernel: int, groups: int, embedding: int
    ) -> None:
        super().__init__()
        self.stride = 2 ** (len(channels) - 1)
        self.step = StepEmbedding(embedding)
        self.activation = nn.Mish()

        def level(inputs: int, outputs: int) -> Level:
            return Level(inputs, outputs, condition + embedding, kernel, groups)

        ups = list(pairwise(reversed(channels)))
        self.down = nn.ModuleList(level(i, o) for i, o in pairwise((action, *channels)))
        self.shrink = nn.ModuleList(nn.Conv1d(c, c, 3, stride=2, padding=1) for c in channels[:-1])
        self.middle = level(channels[-1], channels[-1])
        self.up = nn.ModuleList(level(2 * i, o) for i, o in ups)
        self.grow = nn.ModuleList(nn.ConvTranspose1d(o, o, 4, stride=2, padding=1) for _, o in ups)
        self.out = nn.Sequential(ConvBlock(channels[0], channels[0], kernel, groups), nn.Conv1d(channels[0], action, 1))

    def forward(
        self,
        noisy: Float[Tensor, "batch time action"],
        time: Int64[Tensor, " batch"],
        condition: Float[Tensor, "batch condition"],
    ) -> Float[Tensor, "batch time action"]:
        """The network's output for noisy chunks at diffusion steps `time`."""
        given = self.activation(torch.cat([self.step(time), condition], -1))
        signal, skips = noisy.transpose(1, 2), []
        for down, shrink in zip(self.down, [*self.shrink, nn.Identity()], strict=True):
            signal = down(signal, given)
            skips.append(signal)
            signal = shrink(signal)
        signal = self.middle(signal, given)
        for up, grow in zip(self.up, self.grow, strict=True):
            signal = grow(up(torch.cat([signal, skips.pop()], 1), given))
        out: Tensor = self.out(signal).transpose(1, 2)
        return out
