"""The noise schedule, and one step of the samplers, as arithmetic on tensors."""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["SamplerStep", "alphas_bar", "estimate", "sampler_steps", "step_back"]

_BETA_MAX = 0.999


class SamplerStep(NamedTuple):
    """One step of a sampler: the diffusion step it starts from, and the signal's share before and after it."""

    time: int
    alpha_bar: float
    alpha_bar_next: float


def alphas_bar(steps: int) -> Float[Tensor, " steps"]:
    """Cumulative signal power of the squared-cosine schedule (Nichol and Dhariwal 2021, equation 17), float64.

    Betas are capped at 0.999 as there, so that the last step keeps some signal.
    """
    share = [math.cos((i / steps + 0.008) / 1.008 * math.pi / 2) ** 2 for i in range(steps + 1)]
    betas = [min(1 - share[i + 1] / share[i], _BETA_MAX) for i in range(steps)]
    return torch.cumprod(1 - torch.tensor(betas, dtype=torch.float64), 0)


def sampler_steps(
    alpha_bar: Float[Tensor, " steps"], count: int, spacing: Literal["leading", "trailing"]
) -> list[SamplerStep]:
    """`count` steps from noise to sample; after the last one all is signal.

    Spacing as in Lin et al. 2024 ("Common Diffusion Noise Schedules and Sample Steps Are Flawed", table 2).
    """
    total = len(alpha_bar)
    if spacing == "leading":
        times = [i * (total // count) for i in reversed(range(count))]
    else:
        times = [round(total - i * total / count) - 1 for i in range(count)]
    power = [float(alpha_bar[time]) for time in times] + [1.0]
    return [SamplerStep(time, power[i], power[i + 1]) for i, time in enumerate(times)]


def estimate(output: Tensor, noisy: Tensor, alpha_bar: float, prediction: Literal["epsilon", "sample"]) -> Tensor:
    """The clean chunk that the network's output stands for, inside the normalised action range [-1, 1]."""
    if prediction == "epsilon":
        output = (noisy - math.sqrt(1 - alpha_bar) * output) / math.sqrt(alpha_bar)
    return output.clamp(-1, 1)


def step_back(clean: Tensor, noisy: Tensor, step: SamplerStep, draw: Tensor | None) -> Tensor:
    """The less noisy chunk (Song et al. 2021, equation 12): eta 0 without a draw (DDIM), eta 1 with one (DDPM).

    The noise is derived from the clipped estimate. With eta 1 this is the posterior mean and variance of Ho et al.
    2020, equations 6 and 7.
    """
    now, after = step.alpha_bar, step.alpha_bar_next
    noise = (noisy - math.sqrt(now) * clean) / math.sqrt(1 - now)
    variance = 0.0 if draw is None else (1 - after) / (1 - now) * (1 - now / after)
    back = math.sqrt(after) * clean + math.sqrt(max(0.0, 1 - after - variance)) * noise
    return back if draw is None else back + math.sqrt(variance) * draw
