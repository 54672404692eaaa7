"""The method `fake`: training writes a card at once, and says on the way what a test wants to see."""

from __future__ import annotations

import json
import os
import time
from typing import Literal

from pydantic import BaseModel, ConfigDict

from fakes.policies import KINDS
from harness.errors import CheckpointError
from harness.hashing import content_hash


class Recipe(BaseModel):
    """Settings of the policy, and of how its training goes wrong."""

    model_config = ConfigDict(extra="forbid")
    kind: str = "steady"
    chunk: int = 4
    width: int = 4
    sigma: float = 0.0
    task: str = "fake-v1"
    cameras: tuple[str, ...] = ()
    reads: tuple[str, ...] | None = None
    training: Literal["fine", "raises", "dies", "repairable", "interrupted", "writes nothing", "patient"] = "fine"


class FakeMethod:
    """Keeps `harness.contract.policy.Method`."""

    name, version, recipe = "fake", 1, Recipe

    def train(self, job, progress):
        settings = job.recipe.training
        progress(1, 2, 0.5)
        if settings == "patient":
            for step in range(1200):
                progress(step, 1200, 0.5)
                time.sleep(0.05)
        if settings == "raises":
            raise RuntimeError("out of ideas")
        if settings == "repairable":
            raise CheckpointError("fake", expected="patience", got="none", fix="wait")
        if settings == "interrupted":
            raise KeyboardInterrupt
        if settings == "dies":
            time.sleep(0.2)
            os._exit(9)
        progress(2, 2, 0.25)
        if settings == "writes nothing":
            return
        job.directory.mkdir(parents=True, exist_ok=True)
        pictures = job.pictures(job.recipe.cameras)
        recipe = job.recipe.model_dump(mode="json")
        card = {
            "method": "fake",
            "task": job.task.id,
            "weights": content_hash([recipe, job.seed]),
            "recipe": recipe,
            "execution": job.execution.model_dump(mode="json"),
            "pid": os.getpid(),
            "pictures": {name: list(shown.shape) for name, shown in pictures.items()},
            "wall_seconds": 0.5,
        }
        (job.directory / "card.json").write_text(json.dumps(card))

    def load(self, directory, task, runtime):
        card = json.loads((directory / "card.json").read_text())
        recipe = Recipe.model_validate(card["recipe"])
        policy = KINDS[recipe.kind](chunk=recipe.chunk, width=recipe.width, sigma=recipe.sigma, task=recipe.task)
        named = {"cameras": recipe.cameras, "reads": recipe.reads}
        policy.contract = policy.contract.model_copy(update={key: value for key, value in named.items() if value})
        policy.card = card
        return policy


method = FakeMethod()
