"""The expert solves the task, and a lane's plan depends on that lane alone."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.contract.task import Dynamics
from tasks.pusht import task

LANES = 6


@pytest.mark.parametrize("split", ["heldout", "stress"])
def test_it_solves_scenes(play, scenes_of, split):
    success, _ = play(scenes_of(split, 8))
    assert success.sum() >= 7


def test_it_solves_scenes_on_a_rougher_table(play, scenes_of):
    success, _ = play(scenes_of("heldout", 4), Dynamics((("object_friction", 1.3),)))
    assert success.sum() >= 3


@pytest.fixture(scope="module")
def along_the_way(play, scenes_of):
    """States of an episode, travelling and pushing, with the memory that their queries had."""
    _, states = play(scenes_of("heldout", LANES))
    return states[:5]


def test_targets_are_inside_the_bounds_of_the_actuator(expert, along_the_way, query_of):
    for step, states in enumerate(along_the_way):
        actions = expert.plan(query_of(expert, states, range(LANES), step=step)).actions
        assert actions.shape == (LANES, expert.contract.chunk, 2)
        assert actions.dtype == np.float32
        assert ((actions >= 0) & (actions <= np.float32(0.512))).all()


@settings(max_examples=12, deadline=None)
@given(
    moment=st.integers(0, 4),
    order=st.lists(st.integers(0, LANES - 1), min_size=1, max_size=LANES),
    second=st.booleans(),
)
def test_neighbours_slots_and_padding_change_no_bit(expert, along_the_way, query_of, moment, order, second):
    states = along_the_way[moment]
    memory = expert.plan(query_of(expert, states, range(LANES))).memory if second else np.zeros((LANES, 9))
    alone = expert.plan(query_of(expert, states, range(LANES), step=1, memory=memory))
    rows = [*order, 0]
    valid = np.array([True] * len(order) + [False])
    mixed = expert.plan(query_of(expert, states[rows], rows, step=1, memory=memory[rows], valid=valid))
    np.testing.assert_array_equal(mixed.actions[:-1], alone.actions[order])
    np.testing.assert_array_equal(mixed.memory[:-1], alone.memory[order])


def test_threads_change_no_bit(expert, along_the_way, query_of):
    query = query_of(expert, along_the_way[2], range(LANES))
    np.testing.assert_array_equal(task.expert(1).plan(query).actions, expert.plan(query).actions)


def test_padding_holds_and_is_not_simulated(expert, along_the_way, query_of):
    states = np.full_like(along_the_way[0], np.nan)
    query = query_of(expert, states, range(LANES), valid=np.zeros(LANES, bool))
    np.testing.assert_array_equal(expert.plan(query).actions, np.repeat(query.hold[:, None], 4, axis=1))


def test_it_keeps_travelling_to_the_push_that_it_chose(expert, along_the_way, engine, scenes_of, query_of):
    states = engine.reset(scenes_of("heldout", LANES))
    first = expert.plan(query_of(expert, states, range(LANES)))
    again = expert.plan(query_of(expert, states, range(LANES), step=1, memory=first.memory))
    travelling = first.memory[:, 0] > 0
    assert travelling.any()
    np.testing.assert_array_equal(again.memory[travelling], first.memory[travelling])


def test_it_chooses_anew_when_the_block_is_moved(expert, engine, scenes_of, query_of):
    states = engine.reset(scenes_of("heldout", LANES))
    first = expert.plan(query_of(expert, states, range(LANES)))
    shifted = engine.shift(states, np.full((LANES, 2), 0.02))
    again = expert.plan(query_of(expert, shifted, range(LANES), step=1, memory=first.memory))
    np.testing.assert_allclose(again.memory[:, 6:8], first.memory[:, 6:8] + 0.02)


def test_its_noise_makes_it_choose_differently(expert, engine, scenes_of, query_of):
    states = np.repeat(engine.reset(scenes_of("heldout", 1)), LANES, axis=0)
    memory = expert.plan(query_of(expert, states, range(LANES))).memory
    assert len(np.unique(memory[:, 1:3].round(6), axis=0)) > 1


def test_it_declares_that_it_is_privileged_and_never_reads_observations(expert, along_the_way, query_of):
    assert expert.contract.privileged
    query = query_of(expert, along_the_way[1], range(LANES))
    blind = dataclasses.replace(query, observations=np.full_like(query.observations, np.nan))
    np.testing.assert_array_equal(expert.plan(blind).actions, expert.plan(query).actions)
