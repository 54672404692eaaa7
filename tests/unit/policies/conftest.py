"""A small synthetic task with demonstrations, and tiny recipes of every method, quick enough to train in a test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from harness.contract.fields import ActionField, ObservationField
from harness.contract.policy import Execution, Policy, Query, Runtime, TrainingJob
from harness.contract.task import DatasetPromise, Range, Signal, TaskContract
from harness.demonstrations import Demonstrations
from policies import act, bc, diffusion, vqbet
from policies.training.method import LearnedMethod

TINY: dict[str, tuple[LearnedMethod, dict[str, Any]]] = {
    "act": (act.method, {"chunk": 6, "model": 16, "feedforward": 16, "heads": 2, "latent": 4}),
    "diffusion": (diffusion.method, {"chunk": 6, "channels": (8, 16), "embedding": 8, "inference_steps": 3}),
    "diffusion-mlp": (
        diffusion.method,
        {"chunk": 5, "denoiser": "mlp", "hidden": 16, "embedding": 8, "sampler": "ddpm"},
    ),
    "vqbet": (
        vqbet.method,
        {"chunk": 5, "model": 16, "heads": 2, "tokenizer_steps": 20, "tokenizer_hidden": 16, "latent": 8, "codes": 4},
    ),
    "bc": (bc.method, {"hidden": (16,)}),
    "bc-gmm": (bc.method, {"hidden": (16,), "variant": "gmm", "low_noise": False, "chunk": 2}),
}


@pytest.fixture(params=sorted(TINY))
def variant(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(autouse=True)
def _threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def contract() -> TaskContract:
    def observation(name: str, size: int, own: bool) -> ObservationField:
        return ObservationField(
            name=name,
            size=size,
            unit="m",
            frame="world",
            low=(-9.0,) * size,
            high=(9.0,) * size,
            description=name,
            rate_hz=10,
            proprioceptive=own,
        )

    hand = ActionField(
        name="hand",
        size=2,
        unit="m",
        frame="world",
        low=(-2.0, -1.0),
        high=(2.0, 3.0),
        description="target",
        mode="absolute position target",
        agent="hand",
    )
    progress = Signal(name="progress", unit="1", role="progress", description="share done")
    return TaskContract(
        id="toy-v1",
        description="toy",
        robot="hand",
        simulator="none 1.0",
        observation=(observation("hand", 2, True), observation("block", 3, False)),
        action=(hand,),
        control_period_s=0.1,
        physics_step_s=0.01,
        horizon=20,
        timing_budget_s=0.1,
        success="done",
        success_signal="progress",
        success_threshold=1.0,
        object="block",
        dynamics=(),
        resets={split: {"x": Range(low=0, high=1, unit="m")} for split in ("train", "heldout", "stress")},
        signals=(progress,),
        stages=(),
        cameras=(),
        dataset=DatasetPromise(operator="script", episodes=8, license="CC0-1.0", action_noise=(0.0, 0.0)),
        license="CC0-1.0",
    )


@pytest.fixture(scope="session")
def demonstrations() -> Demonstrations:
    """Eight episodes of 7 to 14 frames; the last component of the observation never changes."""
    rng = np.random.default_rng(0)
    observations, actions = [], []
    for steps in range(7, 15):
        walk = np.cumsum(rng.normal(size=(steps, 5)), axis=0)
        walk[:, 4] = 2.5
        observations.append(walk.astype(np.float32))
        actions.append(np.tanh(walk[:, :2]).astype(np.float32))
    return Demonstrations(tuple(observations), tuple(actions), tuple(range(8)), {})


@dataclass(frozen=True)
class Shop:
    """Trains tiny checkpoints of the toy task."""

    contract: TaskContract
    root: Path

    def job(self, variant: str, seed: int = 0, name: str = "run", threads: int = 1, **changes: Any) -> TrainingJob:
        method, settings = TINY[variant]
        recipe = method.recipe(**{"steps": 30, "batch": 16, "warmup": 5, **settings, **changes})
        return TrainingJob(
            task=self.contract,
            dataset=self.root,
            dataset_hash="0" * 32,
            recipe=recipe,
            execution=Execution(execute=recipe.chunk),
            seed=seed,
            directory=self.root / name,
            runtime=Runtime(threads=threads, device="cpu"),
        )

    def train(self, variant: str, progress: Callable[[int, int, float], None] = lambda *_: None, **kwargs: Any) -> Path:
        job = self.job(variant, **kwargs)
        TINY[variant][0].train(job, progress)
        return job.directory

    def load(self, variant: str, directory: Path, threads: int = 1) -> Policy:
        return TINY[variant][0].load(directory, self.contract, Runtime(threads=threads, device="cpu"))


@pytest.fixture
def shop(
    contract: TaskContract, demonstrations: Demonstrations, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Shop:
    monkeypatch.setattr("policies.training.session.read", lambda directory, task: demonstrations)
    return Shop(contract, tmp_path)


@pytest.fixture
def query_of() -> Callable[..., Query]:
    """Random queries that fit a policy's contract."""

    def build(policy: Policy, task: TaskContract, seed: int = 0) -> Query:
        rng, promise = np.random.default_rng(seed), policy.contract
        rows, noise = promise.width, None
        if promise.noise:
            draw = rng.random if promise.noise.kind == "uniform" else rng.standard_normal
            noise = draw((rows, *promise.noise.shape)).astype(np.float32)
        return Query(
            observations=rng.normal(size=(rows, promise.n_obs, task.observation_width)).astype(np.float32),
            noise=noise,
            states=None,
            scenes=(),
            hold=rng.normal(size=(rows, task.action_width)).astype(np.float32),
            steps=np.zeros(rows, np.int64),
            memory=np.zeros((rows, promise.memory)),
            valid=np.ones(rows, bool),
        )

    return build
