"""From a training job to a checkpoint, and from a checkpoint to a policy."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch

from harness.contract.fields import Array
from harness.contract.policy import Progress, Runtime, TrainingJob
from harness.contract.task import TaskContract
from harness.demonstrations import read
from harness.errors import CheckpointError, ContractError
from harness.hashing import content_hash
from policies.training.checkpoint import contract_hash, layout_card, read_card, read_weights, write_checkpoint
from policies.training.corpus import Corpus
from policies.training.generators import initialisation
from policies.training.learner import Layout, Learner
from policies.training.method import LearnedMethod
from policies.training.policy import LearnedPolicy
from policies.training.recipe import TrainingRecipe
from policies.training.snapshot import History, Snapshots
from policies.training.trainer import Trainer

__all__ = ["load", "train"]


def train(method: LearnedMethod, job: TrainingJob, progress: Progress) -> None:
    """Train as the job says and write its checkpoint. The same job gives the same weights, interrupted or not.

    On a CPU it uses one thread whatever the job's runtime says: gradients summed by more threads have other bits, and
    policies that train side by side use the cores better.
    """
    with _one_thread():
        _train(method, job, progress)


def _train(method: LearnedMethod, job: TrainingJob, progress: Progress) -> None:
    recipe = method.recipe.model_validate(job.recipe.model_dump())
    device = _device(job.runtime)
    with initialisation("train/initialisation", method.name, job.seed):
        learner = method.learner_type()(Layout.of(job.task, recipe), recipe, device).to(device)
    pictures = _pictures(recipe, job)
    corpus = Corpus(read(job.dataset, job.task), learner, device, pictures)
    learner.prepare(corpus)
    job.directory.mkdir(parents=True, exist_ok=True)
    identity = _identity(method, job, device) | _pixels(pictures)
    snapshots = Snapshots(job.directory / "snapshot.pt", content_hash(identity))
    history = Trainer(learner, corpus, job.seed, snapshots, progress).run()
    learner.eval()
    card = {**identity, **_outcome(job, learner, history), "report": learner.report(corpus)}
    write_checkpoint(job.directory, learner.state_dict(), card)
    snapshots.remove()


def load(method: LearnedMethod, directory: Path, task: TaskContract, runtime: Runtime) -> LearnedPolicy:
    """The policy of a checkpoint. Raises CheckpointError if it is damaged or of another task."""
    card = read_card(directory, method.name, method.version, task)
    torch.set_num_threads(runtime.threads)
    device = _device(runtime)
    recipe = method.recipe.model_validate(card["recipe"])
    with initialisation("load"):
        learner = method.learner_type()(Layout.of(task, recipe), recipe, device).to(device)
    try:
        learner.load_state_dict(read_weights(directory, card, device))
    except RuntimeError as error:
        raise CheckpointError(
            str(directory), expected="the weights of its recipe", got=str(error), fix="train again"
        ) from error
    return LearnedPolicy(learner, card, device, task)


def _pictures(recipe: TrainingRecipe, job: TrainingJob) -> Mapping[str, Array]:
    """Of all frames, as memory maps. Raises ContractError if the task, or who asks, has not what the recipe names."""
    if recipe.vision is None:
        return {}
    whose = f"recipe of {job.directory.name} on {job.task.id}"
    recipe.check(job.task, lambda setting: f"{whose}: {setting}")
    if job.pictures is None:
        raise ContractError(
            whose,
            expected="pictures of the demonstrations",
            got="none",
            fix="give the training job `pictures`, or the recipe no `vision`",
        )
    return job.pictures(recipe.vision.cameras)


def _pixels(pictures: Mapping[str, Array]) -> dict[str, Any]:
    """Hashes of what was seen: another graphics driver draws other pixels, and they make other weights."""
    return (
        {"pictures": {name: hashlib.sha256(p.data).hexdigest()[:32] for name, p in pictures.items()}}
        if pictures
        else {}
    )


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _device(runtime: Runtime) -> torch.device:
    if runtime.device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return torch.device(runtime.device)


def _identity(method: LearnedMethod, job: TrainingJob, device: torch.device) -> dict[str, Any]:
    """All that decides the weights; a snapshot of anything else is not resumed from."""
    return {
        "method": method.name,
        "version": method.version,
        "task": job.task.id,
        "task_contract": contract_hash(job.task),
        "layout": layout_card(job.task),
        "dataset": job.dataset_hash,
        "recipe": job.recipe.model_dump(mode="json"),
        "seed": job.seed,
        "device": device.type,
        "torch": torch.__version__,
    }


def _outcome(job: TrainingJob, learner: Learner, history: History) -> dict[str, Any]:
    return {
        "execution": job.execution.model_dump(mode="json"),
        "parameters": sum(parameter.numel() for parameter in learner.parameters()),
        "training_curve": [list(point) for point in history.curve],
        "final_loss": history.curve[-1][1],
        "wall_seconds": round(history.seconds, 3),
    }
