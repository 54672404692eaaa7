"""The expert solves what it must, and a row of its plan depends on nothing but that row."""

from dataclasses import replace

import numpy as np
import pytest

from harness.contract.fields import bounds
from harness.contract.task import Dynamics
from tasks.lift import task


@pytest.fixture
def first_query(engine, scenes_of, query_of):
    states = engine.reset(scenes_of("heldout", 4))
    return query_of(states, engine.rest(states))


def test_heldout_scenes_are_solved_well_before_the_horizon(heldout):
    assert heldout.success.all()
    assert heldout.steps.max() < 0.7 * task.contract.horizon


def test_stress_scenes_are_solved(engine, expert, play, scenes_of):
    assert play(engine, expert, scenes_of("stress", 8)).success.all()


@pytest.mark.parametrize("step", [8, 16])
def test_a_cube_that_moves_before_the_grasp_is_followed(engine, expert, play, scenes_of, step):
    assert play(engine, expert, scenes_of("heldout", 6), shift_at=step, offset=(0.04, -0.04)).success.all()


def test_a_cube_that_slips_out_of_the_gripper_is_fetched_again(engine, expert, play, scenes_of, heldout):
    lifted = int(np.argmax(heldout.signals[0, :, 2] > 0.06))
    played = play(engine, expert, scenes_of("heldout", 1), shift_at=lifted, offset=(0.0, 0.06))
    assert played.states[0, lifted:, 1 + 10].min() < 0.03, "the cube should have fallen"
    assert played.success.all()


def test_the_noise_of_recording_does_not_stop_it(engine, expert, play, scenes_of):
    assert play(engine, expert, scenes_of("heldout", 8), noise=1.0).success.sum() >= 7


@pytest.mark.parametrize(("factor", "scale"), [("object_mass", 3.0), ("object_friction", 0.5), ("actuator_gain", 0.7)])
def test_changed_dynamics_do_not_stop_it(engine, expert, play, scenes_of, factor, scale):
    assert play(engine, expert, scenes_of("heldout", 3), dynamics=Dynamics(((factor, scale),))).success.all()


def test_commands_lead_the_gripper_by_little(heldout):
    """Twice the lead: what one command differs from the next, since the gripper moves in between."""
    assert np.abs(np.diff(heldout.actions[..., :3], axis=1)).max() < 0.15


def test_commands_stay_inside_the_action_bounds(heldout):
    low, high = bounds(task.contract.action)
    assert (heldout.actions >= low).all()
    assert (heldout.actions <= high).all()


def test_a_row_does_not_depend_on_its_neighbours(expert, first_query):
    together = expert.plan(first_query)
    for row in range(4):
        part = {
            name: getattr(first_query, name)[row : row + 1]
            for name in ("observations", "states", "scenes", "hold", "steps", "memory", "valid")
        }
        alone = expert.plan(replace(first_query, **part))
        assert alone.actions[0].tobytes() == together.actions[row].tobytes()


def test_padding_rows_hold(expert, first_query):
    plan = expert.plan(replace(first_query, valid=np.array([True, False, True, False])))
    assert (plan.actions[1] == first_query.hold[1]).all()
    assert (plan.actions[0] != first_query.hold[0]).any()


def test_it_gives_up_on_a_cube_that_fell_off_the_table(expert, first_query):
    states = first_query.states.copy()
    states[:, 1 + 10] = -0.5
    assert (expert.plan(replace(first_query, states=states)).actions == first_query.hold[:, None]).all()


def test_a_cube_turned_by_a_right_angle_is_the_same_to_it(expert, first_query):
    states = first_query.states.copy()
    w, z = states[:, 12].copy(), states[:, 15].copy()
    states[:, 12], states[:, 15] = (w - z) / np.sqrt(2), (w + z) / np.sqrt(2)
    turned = expert.plan(replace(first_query, states=states)).actions
    np.testing.assert_allclose(turned, expert.plan(first_query).actions, atol=1e-6)
