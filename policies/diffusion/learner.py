"""Diffusion Policy: learns to denoise chunks given the observation history, acts by denoising the harness's noise."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from harness.contract.policy import NoiseSpec
from policies.diffusion.mlp import Mlp
from policies.diffusion.recipe import DiffusionRecipe
from policies.diffusion.schedule import alphas_bar, estimate, sampler_steps, step_back
from policies.diffusion.unet import UNet
from policies.training.corpus import Corpus
from policies.training.learner import Batch, Decision, Layout, Learner, Phase
from policies.vision.eyes import Features, Pictures, prepare

__all__ = ["DiffusionLearner"]


class DiffusionLearner(Learner):
    """The chunk is lengthened to what the U-Net can halve; a window's padding repeats the episode's last action."""

    def __init__(self, layout: Layout, recipe: DiffusionRecipe, device: torch.device) -> None:
        super().__init__(layout, recipe)
        self._recipe = recipe
        self.denoiser = _denoiser(layout, recipe)
        self.sight = None if recipe.vision is None else Features(recipe.vision)
        self.chunk = -(-recipe.chunk // self.denoiser.stride) * self.denoiser.stride
        power = alphas_bar(recipe.train_steps)
        self._sampler = sampler_steps(power, recipe.inference_steps, recipe.spacing)
        shape = (self.chunk, layout.action)
        draws = () if recipe.sampler == "ddim" else (recipe.inference_steps,)
        self.noise = NoiseSpec(shape=(*draws, *shape), kind="normal")
        self._signal: Tensor
        self._spread: Tensor
        self.register_buffer("_signal", power.sqrt().float()[:, None, None], persistent=False)
        self.register_buffer("_spread", (1 - power).sqrt().float()[:, None, None], persistent=False)

    def loss(self, phase: Phase, batch: Batch, generator: torch.Generator) -> Float[Tensor, ""]:
        """Mean squared error of the predicted noise or clean chunk, at one uniform diffusion step a window."""
        clean, device = batch.actions, batch.actions.device
        time = torch.randint(self._recipe.train_steps, (len(clean),), generator=generator).to(device)
        noise = torch.randn(clean.shape, generator=generator).to(device)
        noisy = self._signal[time] * clean + self._spread[time] * noise
        predicted = self.denoiser(noisy, time, self._condition(batch.observations, batch.pictures))
        return functional.mse_loss(predicted, noise if self._recipe.prediction == "epsilon" else clean)

    def _condition(self, observations: Tensor, pictures: Pictures | None) -> Float[Tensor, "batch condition"]:
        """All frames side by side, then the features of their pictures."""
        if self.sight is None or pictures is None:
            return observations.flatten(1)
        return torch.cat([observations.flatten(1), self.sight(pictures).flatten(1)], -1)

    def prepare(self, corpus: Corpus) -> None:
        """Statistics of frozen norms."""
        prepare(self.sight, corpus)

    def act(
        self,
        observations: Float[Tensor, "W n_obs observation"],
        noise: Tensor | None,
        pictures: Pictures | None = None,
    ) -> Decision:
        """Denoise `noise`; for DDPM its first entry is the start and the others are added on the way."""
        if noise is None:
            raise ValueError("diffusion needs the noise of its contract")
        ddim = self._recipe.sampler == "ddim"
        chunk, condition = noise if ddim else noise[:, 0], self._condition(observations, pictures)
        for number, step in enumerate(self._sampler):
            time = torch.full((len(chunk),), step.time, device=chunk.device)
            output = self.denoiser(chunk, time, condition)
            clean = estimate(output, chunk, step.alpha_bar, self._recipe.prediction)
            last = number == len(self._sampler) - 1
            chunk = step_back(clean, chunk, step, None if ddim or last else noise[:, number + 1])
        return Decision(chunk)


def _denoiser(layout: Layout, recipe: DiffusionRecipe) -> UNet | Mlp:
    seen = 0 if recipe.vision is None else len(recipe.vision.cameras) * recipe.vision.features
    action, condition, embedding = layout.action, recipe.n_obs * (layout.observation + seen), recipe.embedding
    if recipe.denoiser == "mlp":
        return Mlp(
            action, condition, chunk=recipe.chunk, hidden=recipe.hidden, blocks=recipe.blocks, embedding=embedding
        )
    return UNet(
        action, condition, channels=recipe.channels, kernel=recipe.kernel, groups=recipe.groups, embedding=embedding
    )
