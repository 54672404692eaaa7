"""A method as the registry sees it: a name, a version and a recipe. Torch is imported when it trains or loads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, cast

from harness.contract.policy import Policy, Progress, Runtime, TrainingJob
from harness.contract.task import TaskContract
from policies.training.recipe import TrainingRecipe

if TYPE_CHECKING:
    from policies.training.learner import Learner

__all__ = ["LearnedMethod"]


@dataclass(frozen=True)
class LearnedMethod:
    """A method whose learner is named by an import string; keeps `harness.contract.policy.Method`.

    Attributes:
        name: in manifests.
        version: bumped with every change of behaviour.
        recipe: the settings that a manifest may give.
        learner: "module:class" of its `policies.training.learner.Learner`.
    """

    name: str
    version: int
    recipe: type[TrainingRecipe]
    learner: str

    def train(self, job: TrainingJob, progress: Progress) -> None:
        """Write a checkpoint to the job's directory; an interrupted training resumes there."""
        from policies.training.session import train  # noqa: PLC0415 -- torch

        train(self, job, progress)

    def load(self, directory: Path, task: TaskContract, runtime: Runtime) -> Policy:
        """The policy of a checkpoint. Raises CheckpointError if it is damaged or of another task."""
        from policies.training.session import load  # noqa: PLC0415 -- torch

        return load(self, directory, task, runtime)

    def learner_type(self) -> Callable[..., Learner]:
        """The learner class, called as learner(layout, recipe, device)."""
        module, _, attribute = self.learner.partition(":")
        return cast("Callable[..., Learner]", getattr(import_module(module), attribute))
