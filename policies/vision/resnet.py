"""The residual network of He et al. 2016 without its classifier. With the default channels and blocks it is ResNet-18.

Layers are named as torchvision names them, so that weights made there fit here.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from policies.vision.recipe import Vision

__all__ = ["FrozenNorm", "ResNet"]

_GROUP = 16

type MakeNorm = Callable[[int], nn.Module]


class FrozenNorm(nn.BatchNorm2d):
    """Batch norm that always uses its stored statistics, but while it takes them from data."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels, momentum=None)
        self.taking = False

    def train(self, mode: bool = True) -> FrozenNorm:
        """Training does not touch the statistics."""
        super().train(self.taking)
        return self


def group_norm(channels: int) -> nn.GroupNorm:
    """Groups of 16 channels, or one group of all if there are fewer."""
    return nn.GroupNorm(max(1, channels // _GROUP), channels)


class BasicBlock(nn.Module):
    """Two 3x3 convolutions and a shortcut."""

    def __init__(self, inputs: int, outputs: int, stride: int, norm: MakeNorm) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)
        self.bn1 = norm(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = norm(outputs)
        changes = stride > 1 or inputs != outputs
        self.downsample = (
            nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride=stride, bias=False), norm(outputs)) if changes else None
        )

    def forward(
        self, signal: Float[Tensor, "batch inputs height width"]
    ) -> Float[Tensor, "batch outputs smaller_height smaller_width"]:
        """Apply."""
        inner = self.bn2(self.conv2(functional.relu(self.bn1(self.conv1(signal)))))
        kept = signal if self.downsample is None else self.downsample(signal)
        return functional.relu(inner + kept)


class ResNet(nn.Module):
    """A stem that quarters the picture, then stages of residual blocks; all but the first stage halve it."""

    def __init__(self, recipe: Vision) -> None:
        super().__init__()
        norm: MakeNorm = group_norm if recipe.norm == "group" else FrozenNorm
        first = recipe.channels[0]
        self.conv1 = nn.Conv2d(3, first, 7, stride=2, padding=3, bias=False)
        self.bn1 = norm(first)
        self.stages = len(recipe.channels)
        for number, (inputs, outputs) in enumerate(pairwise((first, *recipe.channels)), start=1):
            strides = (1 if number == 1 else 2, *[1] * (recipe.blocks - 1))
            sizes = pairwise((inputs, *[outputs] * recipe.blocks))
            blocks = (BasicBlock(i, o, stride, norm) for (i, o), stride in zip(sizes, strides, strict=True))
            self.add_module(f"layer{number}", nn.Sequential(*blocks))
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, pictures: Float[Tensor, "batch 3 side side"]) -> Float[Tensor, "batch channels cells cells"]:
        """The last feature map."""
        signal = functional.relu(self.bn1(self.conv1(pictures)))
        signal = functional.max_pool2d(signal, 3, stride=2, padding=1)
        for number in range(1, self.stages + 1):
            signal = self.get_submodule(f"layer{number}")(signal)
        return signal
