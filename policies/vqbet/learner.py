"""VQ-BeT: first a tokeniser of action chunks, then, with the tokeniser frozen, a GPT that predicts the tokens."""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from harness.contract.policy import NoiseSpec
from policies.training.corpus import Corpus
from policies.training.learner import Batch, Decision, Layout, Learner, Phase
from policies.training.losses import l1_within_episode
from policies.vision.eyes import Features, Pictures, prepare
from policies.vqbet.gpt import Gpt
from policies.vqbet.heads import CodeHead, OffsetHead, focal_loss, invert_cdf
from policies.vqbet.recipe import VqBetRecipe
from policies.vqbet.tokenizer import Tokenizer

__all__ = ["VqBetLearner"]


class VqBetLearner(Learner):
    """Acts by sampling codes from uniform noise, decoding them and adding the correction."""

    def __init__(self, layout: Layout, recipe: VqBetRecipe, device: torch.device) -> None:
        super().__init__(layout, recipe)
        self._recipe = recipe
        self.tokenizer = Tokenizer(recipe, layout.action)
        seen = 0 if recipe.vision is None else len(recipe.vision.cameras) * recipe.vision.features
        self.gpt = Gpt(layout.observation + seen, recipe.n_obs, recipe.model, recipe.heads, recipe.blocks)
        self.codes, self.offset = CodeHead(recipe), OffsetHead(recipe, layout.action)
        self.sight = None if recipe.vision is None else Features(recipe.vision)
        self.noise = NoiseSpec(shape=(recipe.layers,), kind="uniform")
        self.diagnostics = {"tokens": recipe.layers, "token_reconstruction_error": 1}

    @property
    def phases(self) -> tuple[Phase, ...]:
        """Tokeniser, then policy."""
        recipe = self._recipe
        return Phase("tokenizer", recipe.tokenizer_steps, recipe.tokenizer_learning_rate, sees=False), *super().phases

    def trainable(self, phase: Phase) -> list[nn.Parameter]:
        """The tokeniser's parameters, or all others."""
        policy = [self.gpt, self.codes, self.offset, *([] if self.sight is None else [self.sight])]
        modules = [self.tokenizer] if phase.name == "tokenizer" else policy
        return [parameter for module in modules for parameter in module.parameters()]

    def loss(self, phase: Phase, batch: Batch, generator: torch.Generator) -> Float[Tensor, ""]:
        """The phase's loss."""
        if phase.name == "tokenizer":
            return self.tokenizer.loss(batch.actions, generator)
        return self._policy_loss(batch)

    def _policy_loss(self, batch: Batch) -> Tensor:
        """Focal loss on the codes and L1 on the corrected actions, both given the true codes."""
        with torch.no_grad():
            codes = self.tokenizer.encode(batch.actions).codes
            decoded = self.tokenizer.decode(codes)
        feature = self._read(batch.observations, batch.pictures)
        focal = focal_loss(self.codes(feature, codes), codes, self._recipe.focal)
        offset = l1_within_episode(decoded + self.offset(feature, codes), batch)
        recipe = self._recipe
        code = recipe.primary_weight * focal[0] + recipe.residual_weight * focal[1:].sum()
        loss: Tensor = code + recipe.offset_weight * offset
        return loss

    def _read(self, observations: Tensor, pictures: Pictures | None) -> Float[Tensor, "batch model"]:
        """A token is a frame, with the features of its pictures."""
        if self.sight is None or pictures is None:
            feature: Tensor = self.gpt(observations)
            return feature
        seen: Tensor = self.gpt(torch.cat([observations, self.sight(pictures)], -1))
        return seen

    def prepare(self, corpus: Corpus) -> None:
        """Statistics of frozen norms."""
        prepare(self.sight, corpus)

    def act(
        self,
        observations: Float[Tensor, "W n_obs observation"],
        noise: Tensor | None,
        pictures: Pictures | None = None,
    ) -> Decision:
        """Sample codes, decode, correct; reports the codes and how far the correction moved the actions."""
        if noise is None:
            raise ValueError("vqbet needs the noise of its contract")
        feature = self._read(observations, pictures)
        codes = self.codes.sample(
            feature, self._recipe.temperature, lambda layer, probabilities: invert_cdf(probabilities, noise[:, layer])
        )
        offset = self.offset(feature, codes)
        error = (offset * self.action.scale).abs().mean((1, 2))[:, None]
        return Decision(self.tokenizer.decode(codes) + offset, {"tokens": codes, "token_reconstruction_error": error})

    @torch.no_grad()
    def report(self, corpus: Corpus) -> dict[str, Any]:
        """How the codebooks are used over the demonstrations, and how well they reconstruct them, in action units."""
        codes, error, count = [], 0.0, 0
        for index in torch.split(torch.arange(len(corpus), device=self.action.scale.device), 1024):
            batch = corpus.take(index)
            found = self.tokenizer.encode(batch.actions).codes
            distance = (self.tokenizer.decode(found) - batch.actions).abs() * self.action.scale
            real = ~batch.padded
            error, count = error + float(distance.mean(-1)[real].sum()), count + int(real.sum())
            codes.append(found)
        usage = [_usage(layer, self._recipe.codes) for layer in torch.cat(codes).unbind(-1)]
        return {
            "codebook_coverage": [share for share, _ in usage],
            "codebook_perplexity": [perplexity for _, perplexity in usage],
            "token_reconstruction_error": error / count,
        }


def _usage(codes: Tensor, size: int) -> tuple[float, float]:
    """Share of the codes in use, and the exponential of the entropy of their use."""
    share = torch.bincount(codes, minlength=size).double() / len(codes)
    used = share[share > 0]
    return len(used) / size, float((-(used * used.log()).sum()).exp())
