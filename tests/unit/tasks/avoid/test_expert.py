"""The expert takes the way that it draws, and a lane's plan depends on that lane alone."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.contract.task import Dynamics
from tasks.avoid import task
from tasks.avoid.layout import GAPS, WAYS

SIGNALS = [signal.name for signal in task.contract.signals]
LANES = 6


def final(signals, name):
    return signals[:, -1, SIGNALS.index(name)]


@pytest.mark.parametrize("split", ["heldout", "stress"])
def test_it_solves_scenes(play, engine, scenes_of, split):
    signals, _ = play(engine.reset(scenes_of(split, 50)))
    assert (final(signals, "progress") >= 1).sum() >= 49


def test_every_way_can_be_gone_and_is_the_one_it_drew(play, engine, scenes_of):
    gaps = np.array(np.unravel_index(np.arange(WAYS), GAPS)).T
    noise = np.full((WAYS, 7), 0.5, np.float32)
    noise[:, :3] = (gaps + 0.5) / GAPS
    signals, _ = play(engine.reset(scenes_of("heldout", WAYS)), noise=noise)
    assert final(signals, "mode").tolist() == list(range(1, WAYS + 1))
    assert (final(signals, "touched") == 0).all()


def test_it_copes_with_weak_motors(play, engine, scenes_of):
    signals, _ = play(engine.reset(scenes_of("heldout", 20)), Dynamics((("actuator_force", 0.5),)))
    assert (final(signals, "progress") >= 1).sum() >= 18


def test_it_takes_over_anywhere_before_a_touch(play, engine, scenes_of):
    _, states = play(engine.reset(scenes_of("heldout", 12)))
    for moment in (5, 15, 22):
        signals, _ = play(np.ascontiguousarray(states[:, moment]))
        assert (final(signals, "progress") >= 1).sum() >= 11


@pytest.fixture(scope="module")
def along_the_way(play, engine, scenes_of):
    _, states = play(engine.reset(scenes_of("heldout", LANES)))
    return [np.ascontiguousarray(states[:, moment]) for moment in (0, 8, 16, 24)]


@settings(max_examples=12, deadline=None)
@given(
    moment=st.integers(0, 3),
    order=st.lists(st.integers(0, LANES - 1), min_size=1, max_size=LANES),
    second=st.booleans(),
)
def test_neighbours_slots_and_padding_change_no_bit(expert, along_the_way, query_of, moment, order, second):
    states = along_the_way[moment]
    memory = expert.plan(query_of(expert, states, range(LANES))).memory if second else np.zeros((LANES, 10))
    alone = expert.plan(query_of(expert, states, range(LANES), step=1, memory=memory))
    rows = [*order, 0]
    valid = np.array([True] * len(order) + [False])
    mixed = expert.plan(query_of(expert, states[rows], rows, step=1, memory=memory[rows], valid=valid))
    np.testing.assert_array_equal(mixed.actions[:-1], alone.actions[order])
    np.testing.assert_array_equal(mixed.memory[:-1], alone.memory[order])


def test_padding_holds_and_is_not_read(expert, along_the_way, query_of):
    states = np.full_like(along_the_way[0], np.nan)
    query = query_of(expert, states, range(LANES), valid=np.zeros(LANES, bool))
    np.testing.assert_array_equal(expert.plan(query).actions, np.repeat(query.hold[:, None], 2, axis=1))


def test_it_keeps_to_its_way_and_follows_rows_that_move(expert, engine, scenes_of, query_of):
    states = engine.reset(scenes_of("heldout", LANES))
    first = expert.plan(query_of(expert, states, range(LANES)))
    shifted = engine.shift(states, np.full((LANES, 2), [0.03, 0.0]))
    again = expert.plan(query_of(expert, shifted, range(LANES), step=1, memory=first.memory))
    np.testing.assert_array_equal(again.memory, first.memory)
    assert (again.actions[:, 0, 0] > first.actions[:, 0, 0]).all()


def test_it_declares_that_it_is_privileged_and_never_reads_observations(expert, along_the_way, query_of):
    assert expert.contract.privileged
    query = query_of(expert, along_the_way[1], range(LANES))
    blind = dataclasses.replace(query, observations=np.full_like(query.observations, np.nan))
    np.testing.assert_array_equal(expert.plan(blind).actions, expert.plan(query).actions)
