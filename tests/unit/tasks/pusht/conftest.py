"""An engine, an expert, scenes, and the loop that joins them."""

import numpy as np
import pytest

from harness.contract.policy import Query
from harness.contract.scenes import draw_scene
from harness.contract.task import Advance, Dynamics
from harness.seeding import generator
from tasks.pusht import task


@pytest.fixture(scope="session")
def engine():
    return task.engine(2)


@pytest.fixture(scope="session")
def expert():
    return task.expert(2)


@pytest.fixture(scope="session")
def scenes_of():
    return lambda split, count: [draw_scene(task.contract, 0, split, index) for index in range(count)]


@pytest.fixture(scope="session")
def query_of():
    """A query of the expert at step `step`, whose noise is a function of (row name, step)."""

    def make(expert, states, names, *, step=0, memory=None, valid=None):
        lanes, contract = len(states), expert.contract
        noise = [
            generator("pusht test", name, step).standard_normal(contract.noise.shape, np.float32) for name in names
        ]
        return Query(
            observations=np.zeros((lanes, 1, task.contract.observation_width), np.float32),
            noise=np.stack(noise),
            states=states,
            scenes=(None,) * lanes,
            hold=np.full((lanes, 2), 0.25, np.float32),
            steps=np.full(lanes, step),
            memory=np.zeros((lanes, contract.memory)) if memory is None else memory,
            valid=np.ones(lanes, bool) if valid is None else valid,
        )

    return make


@pytest.fixture(scope="session")
def play(engine, expert, query_of):
    """Let the expert act; returns which lanes succeeded, and the states after every chunk."""

    def run(scenes, dynamics=Dynamics()):  # noqa: B008 (frozen)
        states, memory, success, seen = engine.reset(scenes), None, np.zeros(len(scenes), bool), []
        for step in range(0, task.contract.horizon, expert.contract.chunk):
            plan = expert.plan(query_of(expert, states, range(len(scenes)), step=step, memory=memory, valid=~success))
            result = engine.advance(Advance(states, plan.actions, None, [dynamics] * len(scenes)))
            states, memory = result.states[:, -1], plan.memory
            success |= result.success.any(axis=1)
            seen.append(states)
            if success.all():
                break
        return success, np.stack(seen)

    return run
