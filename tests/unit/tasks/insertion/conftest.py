"""An engine, an expert, and the loop that joins them."""

from dataclasses import dataclass

import numpy as np
import pytest

from harness.contract.policy import Query
from harness.contract.task import Advance, Dynamics, Scene
from harness.seeding import generator
from tasks.insertion import task

NOMINAL = Dynamics()


@dataclass
class Played:
    """What an episode of each lane led to: success so far, steps until it, states and actions per step."""

    success: np.ndarray
    steps: np.ndarray
    states: np.ndarray
    actions: np.ndarray


def _scenes_of(split: str, count: int) -> list[Scene]:
    """Scenes drawn from the split's reset ranges."""
    drawn = []
    for index in range(count):
        rng = generator("insertion test", split, index)
        ranges = task.contract.resets[split]
        drawn.append(
            Scene(task.contract.id, split, index, {name: rng.uniform(r.low, r.high) for name, r in ranges.items()})
        )
    return drawn


def _query_of(states, hold, step, memory, noise, valid=None) -> Query:
    """A query of the expert for every row; it reads no observation."""
    lanes = len(states)
    return Query(
        observations=np.zeros((lanes, 1, task.contract.observation_width), np.float32),
        noise=noise,
        states=states,
        scenes=(None,) * lanes,
        hold=hold,
        steps=np.full(lanes, step),
        memory=memory,
        valid=np.ones(lanes, bool) if valid is None else valid,
    )


def _noise_of(expert, lanes: int, seed: int = 0) -> np.ndarray:
    """Fresh uniform draws for every row."""
    return np.stack(
        [
            generator("insertion noise", seed, row).random(expert.contract.noise.shape, np.float32)
            for row in range(lanes)
        ]
    )


def _play(engine, expert, scenes, *, shift_at=None, offset=(0.0, 0.0), dynamics=NOMINAL) -> Played:
    """Let the expert act; the peg is moved by `offset` before step `shift_at`."""
    states, lanes, chunk = engine.reset(scenes), len(scenes), expert.contract.chunk
    hold, memory, noise = engine.rest(states), np.zeros((lanes, expert.contract.memory)), _noise_of(expert, lanes)
    success, steps, seen, done = np.zeros(lanes, bool), np.zeros(lanes, int), [], []
    for step in range(0, task.contract.horizon, chunk):
        if step == shift_at:
            states = engine.shift(states, np.tile(offset, (lanes, 1)))
        plan = expert.plan(_query_of(states, hold, step, memory, noise))
        advanced = engine.advance(Advance(states, plan.actions, None, [dynamics] * lanes))
        memory, hold, states = plan.memory, plan.actions[:, -1], advanced.states[:, -1]
        steps += np.where(success, 0, np.where(advanced.success.any(1), 1 + advanced.success.argmax(1), chunk))
        success |= advanced.success.any(1)
        seen.append(advanced.states)
        done.append(plan.actions)
        if success.all():
            break
    return Played(success, steps, np.concatenate(seen, 1), np.concatenate(done, 1))


@pytest.fixture(scope="session")
def engine():
    return task.engine(2)


@pytest.fixture(scope="session")
def expert():
    return task.expert(1)


@pytest.fixture(scope="session")
def play():
    return _play


@pytest.fixture(scope="session")
def scenes_of():
    return _scenes_of


@pytest.fixture(scope="session")
def query_of():
    return _query_of


@pytest.fixture(scope="session")
def noise_of():
    return _noise_of


@pytest.fixture(scope="session")
def heldout(engine, expert):
    """Six held-out scenes played by the expert."""
    return _play(engine, expert, _scenes_of("heldout", 6))
