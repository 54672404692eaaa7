"""A method that keeps its promises passes; a method whose checkpoints are not what they say is found."""

import json

import numpy as np
import pytest
from pydantic import BaseModel

from harness.conformance import check_method
from harness.contract.policy import Plan, PolicyContract
from harness.errors import CheckpointError, ContractError


class Recipe(BaseModel):
    gain: float = 1.0


class Learned:
    def __init__(self, card, gain, name):
        self.contract = PolicyContract(method=name, task=card["task"], n_obs=1, chunk=1, width=4)
        self.card, self.gain = card, gain

    def plan(self, query):
        return Plan(query.observations[:, :, 2:4] * np.float32(self.gain), query.memory)


class Toy:
    """One number of weight: its recipe's gain times a draw."""

    name, version, recipe = "toy", 1, Recipe

    def draw(self, seed):
        return np.random.default_rng(seed).random(16)

    def train(self, job, progress):
        job.directory.mkdir(parents=True)
        (job.directory / "weights.safetensors").write_bytes((job.recipe.gain * self.draw(job.seed)).tobytes())
        (job.directory / "card.json").write_text(json.dumps({"task": job.task.id, "method": self.name}))

    def read(self, directory, task):
        card, weights = json.loads((directory / "card.json").read_text()), directory / "weights.safetensors"
        if card["task"] != task.id or weights.stat().st_size != 128:
            raise CheckpointError(str(directory))
        return card

    def load(self, directory, task, runtime):
        return Learned(self.read(directory, task), 1.0, self.name)


class Unseeded(Toy):
    def draw(self, seed):
        return np.random.default_rng().random(16)


class Deaf(Toy):
    def draw(self, seed):
        return np.zeros(16)


class Credulous(Toy):
    def read(self, directory, task):
        return json.loads((directory / "card.json").read_text())


class Misnamed(Toy):
    def load(self, directory, task, runtime):
        return Learned(self.read(directory, task), 1.0, "another")


class Unversioned(Toy):
    version = 0


class Weightless(Toy):
    def train(self, job, progress):
        super().train(job, progress)
        (job.directory / "weights.safetensors").unlink()


BROKEN = {
    Unseeded: "the same weights from the same seed",
    Deaf: "other weights from another seed",
    Credulous: "a checkpoint of another task to be refused",
    Misnamed: "policies of its name",
    Unversioned: "a version",
    Weightless: "weights.safetensors",
}


def test_a_method_that_keeps_its_promises_passes(carry, tmp_path):
    assert check_method(Toy(), carry, {"gain": 0.5}, tmp_path).contract.method == "toy"


@pytest.mark.parametrize("method", BROKEN)
def test_a_broken_method_is_found(method, carry, tmp_path):
    with pytest.raises(ContractError, match=BROKEN[method]):
        check_method(method(), carry, {}, tmp_path)
