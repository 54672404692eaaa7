"""An engine, an expert, and the loop that joins them."""

from dataclasses import dataclass

import numpy as np
import pytest

from harness.contract.policy import Query
from harness.contract.scenes import draw_scene
from harness.contract.task import Advance, Dynamics
from tasks.lift import task

NOMINAL = Dynamics()


@dataclass
class Played:
    """What an episode of each lane led to: success so far, steps until it, states, actions and signals per step."""

    success: np.ndarray
    steps: np.ndarray
    states: np.ndarray
    actions: np.ndarray
    signals: np.ndarray


def _scenes_of(split: str, count: int):
    return [draw_scene(task.contract, 7, split, index) for index in range(count)]


def _query_of(states, hold, step=0, valid=None) -> Query:
    """A query of the expert for every row; it reads no observation."""
    lanes = len(states)
    return Query(
        observations=np.zeros((lanes, 1, task.contract.observation_width), np.float32),
        noise=None,
        states=states,
        scenes=(None,) * lanes,
        hold=hold,
        steps=np.full(lanes, step),
        memory=np.zeros((lanes, 0)),
        valid=np.ones(lanes, bool) if valid is None else valid,
    )


def _play(engine, expert, scenes, *, shift_at=None, offset=(0.0, 0.0), dynamics=NOMINAL, noise=0.0) -> Played:
    """Let the expert act; the cube is moved by `offset` before step `shift_at`, commands carry the recording noise."""
    states, lanes, rng = engine.reset(scenes), len(scenes), np.random.default_rng(0)
    hold, spread = engine.rest(states), noise * np.array(task.contract.dataset.action_noise)
    success, steps, parts, done = np.zeros(lanes, bool), np.zeros(lanes, int), [], []
    for step in range(task.contract.horizon):
        if step == shift_at:
            states = engine.shift(states, np.tile(offset, (lanes, 1)))
        actions = expert.plan(_query_of(states, hold, step)).actions
        hold, applied = actions[:, 0], actions + spread * rng.standard_normal(actions.shape)
        part = engine.advance(Advance(states, applied.astype(np.float32), None, [dynamics] * lanes))
        states = np.ascontiguousarray(part.states[:, 0])
        steps += ~success
        success |= part.success[:, 0]
        parts.append(part)
        done.append(actions)
        if success.all():
            break
    seen, signals = (np.concatenate([getattr(part, name) for part in parts], 1) for name in ("states", "signals"))
    return Played(success, steps, seen, np.concatenate(done, 1), signals)


@pytest.fixture(scope="session")
def engine():
    return task.engine(1)


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
def heldout(engine, expert):
    """Eight held-out scenes played by the expert."""
    return _play(engine, expert, _scenes_of("heldout", 8))
