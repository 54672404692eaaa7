"""What a method brings to the one trainer: a loss to learn from, and a forward pass to act with."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from harness.contract.policy import NoiseSpec
from harness.contract.task import TaskContract
from policies.training.normalisation import Normaliser
from policies.training.recipe import TrainingRecipe

if TYPE_CHECKING:
    from policies.training.corpus import Corpus

__all__ = ["Batch", "Decision", "Layout", "Learner", "Phase"]


@dataclass(frozen=True)
class Layout:
    """Sizes of the flat vectors of a task.

    Attributes:
        observation: components of an observation.
        action: components of an action.
        proprioceptive: which components of the observation are measured on the robot itself.
    """

    observation: int
    action: int
    proprioceptive: tuple[int, ...]

    @classmethod
    def of(cls, task: TaskContract) -> Layout:
        """The layout of a task."""
        owned = [field.proprioceptive for field in task.observation for _ in range(field.size)]
        return cls(task.observation_width, task.action_width, tuple(i for i, own in enumerate(owned) if own))


@dataclass(frozen=True)
class Batch:
    """Normalised training windows; `padded` marks actions after the end of the episode."""

    observations: Float[Tensor, "batch n_obs observation"]
    actions: Float[Tensor, "batch chunk action"]
    padded: Bool[Tensor, "batch chunk"]


@dataclass(frozen=True)
class Decision:
    """Normalised actions, and the method's diagnostics per row."""

    actions: Float[Tensor, "W chunk action"]
    diagnostics: Mapping[str, Float[Tensor, "W length"]] = field(default_factory=dict)


@dataclass(frozen=True)
class Phase:
    """A stretch of training with its own parameters, steps and peak learning rate."""

    name: str
    steps: int
    learning_rate: float


class Learner(nn.Module, abc.ABC):
    """Base of all methods: holds the normalisation, and everything else that a checkpoint must keep, as its state.

    Attributes:
        chunk: actions per training window and per decision; at least the recipe's chunk.
        noise: what `act` draws per row, or None.
        diagnostics: names and lengths of what `act` reports per row.
    """

    noise: NoiseSpec | None = None
    diagnostics: Mapping[str, int] = {}

    def __init__(self, layout: Layout, recipe: TrainingRecipe) -> None:
        super().__init__()
        self.layout, self.settings, self.chunk = layout, recipe, recipe.chunk
        self.observation = Normaliser(layout.observation)
        self.action = Normaliser(layout.action)

    @property
    def phases(self) -> tuple[Phase, ...]:
        """Stretches of training, in order; one over all parameters unless a method says otherwise."""
        return (Phase("policy", self.settings.steps, self.settings.learning_rate),)

    def trainable(self, phase: Phase) -> list[nn.Parameter]:
        """Parameters that `phase` changes."""
        return list(self.parameters())

    def optimizer(self, phase: Phase) -> torch.optim.Optimizer:
        """A fresh optimiser of `phase`; the trainer sets its learning rate at every step."""
        decay = self.settings.weight_decay
        return torch.optim.AdamW(self.trainable(phase), lr=phase.learning_rate, weight_decay=decay, fused=True)

    def update(
        self, phase: Phase, batch: Batch, generator: torch.Generator, optimizer: torch.optim.Optimizer
    ) -> Float[Tensor, ""]:
        """One gradient step, clipped; returns the loss before it."""
        optimizer.zero_grad()
        loss = self.loss(phase, batch, generator)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.trainable(phase), self.settings.clip)
        optimizer.step()
        return loss.detach()

    @abc.abstractmethod
    def loss(self, phase: Phase, batch: Batch, generator: torch.Generator) -> Float[Tensor, ""]:
        """What `phase` minimises; all randomness comes from `generator` (on the CPU)."""

    @abc.abstractmethod
    def act(self, observations: Float[Tensor, "W n_obs observation"], noise: Tensor | None) -> Decision:
        """Act on normalised observations; a pure function of its arguments and the weights."""

    def report(self, corpus: Corpus) -> dict[str, Any]:
        """Facts about the trained method for its card. JSON."""
        return {}
