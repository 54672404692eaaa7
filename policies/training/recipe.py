"""The settings that every trained method has. Methods add their own; nothing here imports torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from harness.contract.fields import ContractModel
from harness.contract.task import TaskContract
from policies.vision.recipe import Vision

__all__ = ["Normalisation", "TrainingRecipe"]

Normalisation = Literal["minmax", "meanstd"]


class TrainingRecipe(ContractModel):
    """How a checkpoint is made; every value is recorded in its card.

    Attributes:
        n_obs: frames that the policy reads, newest last.
        chunk: actions that the policy returns per query.
        width: lanes per forward pass at inference; another width gives other bits. A multiple of 8: below that, torch's
            vectorised and scalar loops meet in one batch, and a row's bits depend on its slot (seen with Mish).
        steps: optimiser steps. Training is budgeted in steps, never in time, so that it can be repeated.
        batch: windows per step.
        learning_rate: peak of the schedule: linear warm-up over `warmup` steps, then a half cosine down to zero.
        weight_decay: decoupled (AdamW, Loshchilov and Hutter 2019).
        clip: largest gradient norm.
        ema: power of the average of the weights, whose decay after k steps is 1 - (1 + k) ** -power; None: no average.
        normalise_observation, normalise_action: per component, to [-1, 1] or to zero mean and unit deviation.
        observation_noise: standard deviation of the noise added to normalised observations while training.
        vision: which pictures it reads and how; it then sees of the observation only what the robot measures on itself.
            None for a policy of states. Left out of a document while it is None: recipes keep the hashes that they had
            before there were pictures, and their checkpoints.
    """

    n_obs: int = Field(default=1, gt=0)
    chunk: int = Field(gt=0)
    width: int = Field(default=32, gt=0, multiple_of=8)
    steps: int = Field(gt=0)
    batch: int = Field(default=64, gt=0)
    learning_rate: float = Field(default=1e-3, gt=0)
    weight_decay: float = Field(default=1e-4, ge=0)
    warmup: int = Field(default=50, ge=0)
    clip: float = Field(default=10.0, gt=0)
    ema: float | None = Field(default=None, gt=0)
    normalise_observation: Normalisation = "minmax"
    normalise_action: Normalisation = "minmax"
    observation_noise: float = Field(default=0.0, ge=0)
    vision: Vision | None = None

    @model_serializer(mode="wrap")
    def _leave_out_no_vision(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        document: dict[str, Any] = write(self)
        return {key: value for key, value in document.items() if key != "vision" or value is not None}

    def check(self, task: TaskContract, where: Callable[[str], str]) -> None:
        """Raise ContractError if the task has not what a setting asks for; it opens with `where(setting)`."""
        if self.vision is not None:
            self.vision.check(task, where("vision"))
