"""Behaviour cloning: robomimic's networks, loss and optimiser step inside our trainer; our own draws at inference."""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from harness.contract.policy import NoiseSpec
from policies.bc.algorithm import OBSERVATION, algorithm
from policies.bc.recipe import BcRecipe
from policies.training.learner import Batch, Decision, Layout, Learner, Phase

__all__ = ["BcLearner", "draw"]


class BcLearner(Learner):
    """The observation history is flattened into one vector, a chunk into one action."""

    def __init__(self, layout: Layout, recipe: BcRecipe, device: torch.device) -> None:
        super().__init__(layout, recipe)
        self._shape = (recipe.chunk, layout.action)
        self._gmm = recipe.variant == "gmm"
        self._algorithm = algorithm(recipe, recipe.n_obs * layout.observation, recipe.chunk * layout.action, device)
        self.policy: nn.Module = self._algorithm.nets["policy"]
        if self._gmm:
            self.noise = NoiseSpec(shape=(1 + recipe.chunk * layout.action,), kind="normal")

    def train(self, mode: bool = True) -> BcLearner:
        """Also switch robomimic's container, which checks its own flag."""
        self._algorithm.nets.train(mode)
        super().train(mode)
        return self

    def optimizer(self, phase: Phase) -> torch.optim.Optimizer:
        """The AdamW that robomimic made."""
        optimizer: torch.optim.Optimizer = self._algorithm.optimizers["policy"]
        return optimizer

    def update(
        self, phase: Phase, batch: Batch, generator: torch.Generator, optimizer: torch.optim.Optimizer
    ) -> Float[Tensor, ""]:
        """One `train_on_batch` of robomimic."""
        loss: Tensor = self._algorithm.train_on_batch(_robomimic(batch), epoch=0)["losses"]["action_loss"]
        return loss

    def loss(self, phase: Phase, batch: Batch, generator: torch.Generator) -> Float[Tensor, ""]:
        """The loss of robomimic, without learning from it."""
        info = self._algorithm.train_on_batch(_robomimic(batch), epoch=0, validate=True)
        loss: Tensor = info["losses"]["action_loss"]
        return loss

    def act(  # type: ignore[override] # without pictures: its recipe refuses vision
        self, observations: Float[Tensor, "W n_obs observation"], noise: Tensor | None
    ) -> Decision:
        """The MLP's action, or a draw from the mixture."""
        given = {OBSERVATION: observations.flatten(1)}
        if not self._gmm:
            return Decision(torch.unflatten(self.policy(given), -1, self._shape))
        if noise is None:
            raise ValueError("bc with a mixture needs the noise of its contract")
        mixture = self.policy.forward_train(given)  # type: ignore[operator]
        return Decision(torch.unflatten(draw(mixture, noise).clamp(-1, 1), -1, self._shape))


def draw(mixture: Any, noise: Float[Tensor, "W draws"]) -> Float[Tensor, "W action"]:
    """A sample per row of a `MixtureSameFamily` from normal draws; the CDF of the first one picks the component."""
    share = mixture.mixture_distribution.probs.cumsum(-1)
    chosen = (share <= torch.special.ndtr(noise[:, :1])).sum(-1).clamp(max=share.shape[-1] - 1)
    component = mixture.component_distribution.base_dist
    rows = torch.arange(len(noise), device=noise.device)
    actions: Tensor = component.loc[rows, chosen] + component.scale[rows, chosen] * noise[:, 1:]
    return actions


def _robomimic(batch: Batch) -> dict[str, Any]:
    actions, observations = batch.actions.flatten(1), batch.observations.flatten(1)
    return {"obs": {OBSERVATION: observations}, "goal_obs": None, "actions": actions}
