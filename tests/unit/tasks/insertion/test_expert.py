"""The expert solves what it must, and a row of its plan depends on nothing but that row."""

from dataclasses import replace

import numpy as np
import pytest

from harness.contract.fields import bounds
from harness.contract.task import Dynamics
from tasks.insertion import task
from tasks.insertion.script import SCRIPT_FLOATS, Script
from tasks.insertion.style import DRAWS


@pytest.fixture
def first_query(engine, expert, scenes_of, query_of, noise_of):
    states = engine.reset(scenes_of("heldout", 4))
    memory = np.zeros((4, expert.contract.memory))
    return query_of(states, engine.rest(states), 0, memory, noise_of(expert, 4))


def test_heldout_scenes_are_solved_well_before_the_horizon(heldout):
    assert heldout.success.all()
    assert heldout.steps.max() < 0.9 * task.contract.horizon


def test_stress_scenes_are_solved(engine, expert, play, scenes_of):
    assert play(engine, expert, scenes_of("stress", 4)).success.all()


@pytest.mark.parametrize("step", [15, 30])
def test_a_peg_that_moves_before_the_grasp_is_followed(engine, expert, play, scenes_of, step):
    assert play(engine, expert, scenes_of("heldout", 4), shift_at=step, offset=(0.02, -0.02)).success.all()


def test_a_peg_that_slips_out_of_the_gripper_is_fetched_again(engine, expert, play, scenes_of):
    played = play(engine, expert, scenes_of("heldout", 3), shift_at=60, offset=(0.0, 0.05))
    lowest_after = played.states[:, 65:, 1 + 18].min(axis=1)
    assert (lowest_after < 0.02).all(), "the peg should have fallen"
    assert played.success.sum() >= 2


@pytest.mark.parametrize("factor", ["object_mass", "object_friction", "actuator_gain"])
def test_changed_dynamics_do_not_stop_it(engine, expert, play, scenes_of, factor):
    scale = {"object_mass": 3.0, "object_friction": 0.4, "actuator_gain": 0.7}[factor]
    assert play(engine, expert, scenes_of("heldout", 3), dynamics=Dynamics(((factor, scale),))).success.all()


def test_commands_stay_inside_the_action_bounds(heldout):
    low, high = bounds(task.contract.action)
    assert (heldout.actions >= low).all()
    assert (heldout.actions <= high).all()


def test_motion_is_smooth(heldout):
    """The cut per step is that of a minimum-jerk movement at the fastest tempo: 1.875 * 0.06 / 0.85 rad."""
    joints = np.delete(heldout.actions, (6, 13), axis=2)
    assert np.abs(np.diff(joints, axis=1)).max() < 0.2


def test_a_row_does_not_depend_on_its_neighbours(expert, first_query):
    together = expert.plan(first_query)
    for row in range(4):
        part = {
            name: getattr(first_query, name)[row : row + 1]
            for name in ("observations", "noise", "states", "scenes", "hold", "steps", "memory", "valid")
        }
        alone = expert.plan(type(first_query)(**part))
        assert alone.actions[0].tobytes() == together.actions[row].tobytes()
        assert alone.memory[0].tobytes() == together.memory[row].tobytes()


def test_padding_rows_hold_and_keep_their_memory(expert, first_query):
    plan = expert.plan(replace(first_query, valid=np.array([True, False, True, False])))
    assert (plan.actions[1] == first_query.hold[1]).all()
    assert not plan.memory[1].any()
    assert plan.memory[0].any()


def test_noise_decides_the_style(engine, expert, first_query, noise_of):
    other = expert.plan(replace(first_query, noise=noise_of(expert, 4, seed=1)))
    assert not np.array_equal(other.memory, expert.plan(first_query).memory)


@pytest.mark.parametrize("height", [1 + 18, 1 + 25])
def test_it_gives_up_on_a_thing_that_fell_off_the_table(expert, first_query, height):
    states = first_query.states.copy()
    states[:, height] = -0.5
    assert (expert.plan(replace(first_query, states=states)).actions == first_query.hold[:, None]).all()


def test_the_plan_in_memory_is_not_made_anew_while_it_fits(expert, first_query):
    first = expert.plan(first_query)
    # Other noise would give another style if the expert planned again.
    later = expert.plan(
        replace(first_query, memory=first.memory, steps=first_query.steps + 5, noise=first_query.noise * 0)
    )
    np.testing.assert_array_equal(later.memory, first.memory)


def test_a_new_plan_keeps_the_style_of_the_episode_and_the_other_arms_script(engine, expert, first_query, noise_of):
    first = expert.plan(first_query)
    moved = engine.shift(first_query.states, np.full((4, 2), 0.03))
    again = expert.plan(replace(first_query, states=moved, memory=first.memory, noise=noise_of(expert, 4, seed=1)))
    left = slice(1 + DRAWS, 1 + DRAWS + SCRIPT_FLOATS)
    right = slice(left.stop, None)
    np.testing.assert_array_equal(again.memory[:, : left.stop], first.memory[:, : left.stop])
    for row in range(4):
        assert Script.unpack(again.memory[row, right]).thing != Script.unpack(first.memory[row, right]).thing
