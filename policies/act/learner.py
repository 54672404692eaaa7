"""ACT: a conditional VAE whose decoder is a transformer from the observation to a chunk of actions."""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from policies.act.cells import Cells
from policies.act.recipe import ActRecipe
from policies.act.transformer import DecoderLayer, EncoderLayer, sinusoid
from policies.training.corpus import Corpus
from policies.training.learner import Batch, Decision, Layout, Learner, Phase
from policies.training.losses import l1_within_episode
from policies.vision.eyes import Pictures, prepare

__all__ = ["ActLearner", "Posterior"]


class Posterior(NamedTuple):
    """Diagonal Gaussian over the style variable."""

    mean: Float[Tensor, "batch latent"]
    log_variance: Float[Tensor, "batch latent"]


class ActLearner(Learner):
    """Tokens of the policy's encoder: style z, the robot's own state, and the environment's state (those that exist).

    With vision, every cell of every camera's feature map is a token as well. The posterior sees [cls, robot state,
    actions]; at test time z is the prior's mean, 0.
    """

    def __init__(self, layout: Layout, recipe: ActRecipe, device: torch.device) -> None:
        super().__init__(layout, recipe)
        self._recipe = recipe
        own = set(layout.proprioceptive)
        groups = (sorted(own), sorted(set(range(layout.observation)) - own))
        self._groups = [torch.tensor(group, device=device) for group in groups if group]
        self._build_posterior(recipe, layout)
        self._build_policy(recipe, layout)
        for parameter in self.parameters():
            if parameter.dim() > 1:
                nn.init.xavier_uniform_(parameter)
        # The posterior starts at the prior: a short training need not first pay off a KL of hundreds.
        nn.init.zeros_(self.posterior_out.weight)
        nn.init.zeros_(self.posterior_out.bias)
        self.sight = None if recipe.vision is None else Cells(recipe.vision, recipe.model)

    def _build_posterior(self, recipe: ActRecipe, layout: Layout) -> None:
        width = recipe.model
        self.posterior_cls = nn.Parameter(torch.zeros(width))
        self.posterior_state = nn.Linear(len(self._groups[0]), width)
        self.posterior_action = nn.Linear(layout.action, width)
        self.posterior_encoder = _encoder(recipe, recipe.posterior_layers)
        self.posterior_out = nn.Linear(width, 2 * recipe.latent)
        self.posterior_position: Tensor
        self.register_buffer("posterior_position", sinusoid(2 + recipe.chunk, width), persistent=False)

    def _build_policy(self, recipe: ActRecipe, layout: Layout) -> None:
        width = recipe.model
        self.latent_in = nn.Linear(recipe.latent, width)
        self.groups_in = nn.ModuleList(nn.Linear(len(group), width) for group in self._groups)
        self.encoder_position = nn.Parameter(torch.zeros(1 + len(self._groups), width))
        self.encoder = _encoder(recipe, recipe.encoder_layers)
        self.decoder_position = nn.Parameter(torch.zeros(recipe.chunk, width))
        layers = (DecoderLayer(width, recipe.heads, recipe.feedforward) for _ in range(recipe.decoder_layers))
        self.decoder = nn.ModuleList(layers)
        self.decoder_norm = nn.LayerNorm(width)
        self.action_head = nn.Linear(width, layout.action)

    def posterior(self, batch: Batch) -> Posterior:
        """q(z | robot state, actions); padded actions are hidden from it."""
        frame = batch.observations[:, -1]
        rows = len(frame)
        state = self.posterior_state(frame[:, self._groups[0]])[:, None]
        tokens = torch.cat([self.posterior_cls.expand(rows, 1, -1), state, self.posterior_action(batch.actions)], 1)
        hidden = torch.cat([batch.padded.new_zeros(rows, 2), batch.padded], 1)
        last = len(self.posterior_encoder) - 1
        for number, layer in enumerate(self.posterior_encoder):
            tokens = layer(tokens, self.posterior_position, hidden, wanted=1 if number == last else None)
        return Posterior(*self.posterior_out(tokens[:, 0]).chunk(2, -1))

    def decode(
        self,
        frame: Float[Tensor, "batch observation"],
        style: Float[Tensor, "batch latent"],
        pictures: Pictures | None = None,
    ) -> Float[Tensor, "batch chunk action"]:
        """The chunk for a frame, its pictures and a style."""
        groups = [project(frame[:, group]) for project, group in zip(self.groups_in, self._groups, strict=True)]
        memory = torch.stack([self.latent_in(style), *groups], 1)
        position: Tensor = self.encoder_position
        if self.sight is not None and pictures is not None:
            memory = torch.cat([memory, self.sight(pictures)], 1)
            position = torch.cat([position, self.sight.position()])
        for layer in self.encoder:
            memory = layer(memory, position)
        tokens = torch.zeros_like(self.decoder_position)[None]
        for layer in self.decoder:
            tokens = layer(tokens, self.decoder_position, memory, position)
        actions: Tensor = self.action_head(self.decoder_norm(tokens))
        return actions

    def loss(self, phase: Phase, batch: Batch, generator: torch.Generator) -> Float[Tensor, ""]:
        """Mean L1 over the actions of the episode, plus the weighted KL divergence from N(0, 1), summed over z."""
        mean, log_variance = self.posterior(batch)
        draw = torch.randn(mean.shape, generator=generator).to(mean.device)
        style = mean + (log_variance / 2).exp() * draw
        predicted = self.decode(batch.observations[:, -1], style, batch.pictures)
        kl = -0.5 * (1 + log_variance - mean**2 - log_variance.exp()).sum(-1).mean()
        return l1_within_episode(predicted, batch) + self._recipe.kl_weight * kl

    def prepare(self, corpus: Corpus) -> None:
        """Statistics of frozen norms."""
        prepare(self.sight, corpus)

    def act(
        self,
        observations: Float[Tensor, "W 1 observation"],
        noise: Tensor | None,
        pictures: Pictures | None = None,
    ) -> Decision:
        """The chunk for the prior's mean."""
        frame = observations[:, -1]
        return Decision(self.decode(frame, frame.new_zeros(len(frame), self._recipe.latent), pictures))


def _encoder(recipe: ActRecipe, layers: int) -> nn.ModuleList:
    return nn.ModuleList(EncoderLayer(recipe.model, recipe.heads, recipe.feedforward) for _ in range(layers))
