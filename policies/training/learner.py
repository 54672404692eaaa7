"""What a method brings to the one trainer: a loss to learn from, and a forward pass to act with."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from jaxtyping import Bool, Float, UInt8
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
        observation: components of an observation that the policy sees.
        action: components of an action.
        proprioceptive: which of the seen components are measured on the robot itself.
        seen: which components of the task's observation the policy sees; None for all.
    """

    observation: int
    action: int
    proprioceptive: tuple[int, ...]
    seen: tuple[int, ...] | None = None

    @classmethod
    def of(cls, task: TaskContract, recipe: TrainingRecipe | None = None) -> Layout:
        """The layout of a task. A recipe with vision sees of it what the robot measures on itself."""
        owned = [field.proprioceptive for field in task.observation for _ in range(field.size)]
        own = tuple(i for i, mine in enumerate(owned) if mine)
        if recipe is not None and recipe.vision is not None:
            return cls(len(own), task.action_width, tuple(range(len(own))), seen=own)
        return cls(task.observation_width, task.action_width, own)

    def visible(self, observations: Float[Tensor, "*batch all"]) -> Float[Tensor, "*batch observation"]:
        """What the policy sees of whole observations."""
        return observations if self.seen is None else observations[..., list(self.seen)]


@dataclass(frozen=True)
class Batch:
    """Normalised training windows.

    Attributes:
        observations: what is seen of the state, newest last.
        actions: the chunk.
        padded: marks actions after the end of the episode.
        pictures: per camera, squares of the frames of `observations`; empty for a policy of states.
    """

    observations: Float[Tensor, "batch n_obs observation"]
    actions: Float[Tensor, "batch chunk action"]
    padded: Bool[Tensor, "batch chunk"]
    pictures: Mapping[str, UInt8[Tensor, "batch n_obs crop crop 3"]] = field(default_factory=dict)


@dataclass(frozen=True)
class Decision:
    """Normalised actions, and the method's diagnostics per row."""

    actions: Float[Tensor, "W chunk action"]
    diagnostics: Mapping[str, Float[Tensor, "W length"]] = field(default_factory=dict)


@dataclass(frozen=True)
class Phase:
    """A stretch of training with its own parameters, steps and peak learning rate.

    Attributes:
        sees: whether its loss reads pictures; they are not loaded for one that does not.
    """

    name: str
    steps: int
    learning_rate: float
    sees: bool = True


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
    def act(
        self,
        observations: Float[Tensor, "W n_obs observation"],
        noise: Tensor | None,
        pictures: Mapping[str, UInt8[Tensor, "W n_obs crop crop 3"]] | None = None,
    ) -> Decision:
        """Act on normalised observations; a pure function of its arguments and the weights.

        `pictures` are those of the recipe's cameras; a method that never sees need not have the argument.
        """

    def prepare(self, corpus: Corpus) -> None:
        """Take from the data what the first step needs; nothing, for most methods."""

    def report(self, corpus: Corpus) -> dict[str, Any]:
        """Facts about the trained method for its card. JSON."""
        return {}
