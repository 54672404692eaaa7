"""An engine, an expert, scenes, and the loop that joins them."""

import numpy as np
import pytest

from harness.contract.policy import Query
from harness.contract.scenes import draw_scene
from harness.contract.task import Advance, Dynamics
from harness.seeding import generator
from tasks.avoid import task
from tasks.avoid.layout import ROW_LINES


@pytest.fixture(scope="session")
def engine():
    return task.engine(1)


@pytest.fixture(scope="session")
def expert():
    return task.expert(1)


@pytest.fixture(scope="session")
def scenes_of():
    return lambda split, count: [draw_scene(task.contract, 0, split, index) for index in range(count)]


@pytest.fixture(scope="session")
def state_of(engine):
    """One state with the effector at a place, the rows where the layout has them, and a calibrated drive."""

    def make(place, *, rows=((0, 0), (0, 0), (0, 0)), turn=0.0, gain=1.0):
        qpos = [*(np.array(rows, float) + [[0, line] for line in ROW_LINES]).ravel(), *place]
        physics = engine.simulator.pack(np.array([qpos]), np.zeros((1, 2)))
        return np.concatenate([physics, [[turn, gain, 0, 0, 0, 0, 0]]], axis=1)

    return make


@pytest.fixture(scope="session")
def query_of():
    """A query of the expert at step `step`, whose noise is a function of the row's name."""

    def make(expert, states, names, *, step=0, memory=None, valid=None, noise=None):
        lanes, contract = len(states), expert.contract
        drawn = [generator("avoid test", name).random(contract.noise.shape, np.float32) for name in names]
        return Query(
            observations=np.zeros((lanes, 1, task.contract.observation_width), np.float32),
            noise=np.stack(drawn) if noise is None else noise,
            states=states,
            scenes=(None,) * lanes,
            hold=np.zeros((lanes, 2), np.float32),
            steps=np.full(lanes, step),
            memory=np.zeros((lanes, contract.memory)) if memory is None else memory,
            valid=np.ones(lanes, bool) if valid is None else valid,
        )

    return make


@pytest.fixture(scope="session")
def play(engine, expert, query_of):
    """Let the expert act from states; returns signals and states after every step, (lanes, steps, ...)."""

    def run(states, dynamics=Dynamics(), noise=None):  # noqa: B008 (frozen)
        memory, signals, seen = None, [], []
        for step in range(0, task.contract.horizon, expert.contract.chunk):
            plan = expert.plan(query_of(expert, states, range(len(states)), step=step, memory=memory, noise=noise))
            result = engine.advance(Advance(states, plan.actions, None, [dynamics] * len(states)))
            states, memory = np.ascontiguousarray(result.states[:, -1]), plan.memory
            signals.append(result.signals)
            seen.append(result.states)
            if (result.signals[:, -1, 0] >= 1).all():
                break
        return np.concatenate(signals, axis=1), np.concatenate(seen, axis=1)

    return run
