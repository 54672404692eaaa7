"""What the readings mean, and what faults do to them. That a step is pure, the contract tests check."""

import numpy as np
import pytest

from harness.contract.fields import bounds
from harness.contract.task import Advance, Dynamics, Scene
from tasks.lift import task
from tasks.lift.layout import QPOS, action_to_control, control_to_action, observation_of, positions_of

NAMES = [signal.name for signal in task.contract.signals]
GRIPPER, OFFSET, ORIENTATION = slice(6, 11), slice(11, 14), slice(14, 18)


def scene(x=0.1, y=0.5, yaw=0.0, gripper=(0.12, 0.55, 0.2)):
    start = dict(zip(("gripper_x", "gripper_y", "gripper_z"), gripper, strict=True))
    return Scene(task.contract.id, "train", 0, {"cube_x": x, "cube_y": y, "cube_yaw": yaw, **start})


def held(engine, states, steps):
    return np.repeat(engine.rest(states)[:, None], steps, axis=1)


def test_reset_puts_gripper_and_cube_where_the_scene_says(engine):
    observed = engine.observe(engine.reset([scene(0.2, 0.6, 0.5)]))[0]
    np.testing.assert_allclose(observed[GRIPPER], [0.5, 0.12, 0.55, 0.2, 0], atol=1e-6)
    np.testing.assert_allclose(observed[OFFSET], [0.08, 0.05, -0.18], atol=1e-6)
    np.testing.assert_allclose(observed[ORIENTATION], [np.cos(0.25), 0, 0, np.sin(0.25)], atol=1e-6)


def test_the_gripper_goes_where_it_is_told(engine):
    states = engine.reset([scene()])
    actions = np.tile(np.array([0.02, 0.4, 0.1, 0.6, 0.9], np.float32), (1, 40, 1))
    moved = engine.advance(Advance(states, actions, None, [Dynamics()]))
    np.testing.assert_allclose(moved.observations[0, -1, 7:10], [0.02, 0.4, 0.1], atol=0.01)
    np.testing.assert_allclose(moved.observations[0, -1, [10, 6]], [0.6, 0.9], atol=0.1)
    error = moved.signals[0, :, NAMES.index("tracking_error")]
    assert error.max() > 0.1
    assert error[-1] < 0.01


def test_one_arm_is_all_there_is(engine):
    model = engine.simulator.model
    assert (model.nu, model.nq) == (8, 15)
    assert not [name for name in (model.body(body).name for body in range(model.nbody)) if "left" in name.split("/")[0]]


def test_an_action_survives_the_way_to_the_servos_and_back():
    rng = np.random.default_rng(0)
    actions = rng.uniform([0, 0.3, 0.02, -0.9, 0.07], [0.25, 0.7, 0.2, 0.9, 0.97], (50, 5)).astype(np.float32)
    np.testing.assert_allclose(control_to_action(action_to_control(actions)), actions, atol=1e-5)


def test_a_shift_shows_in_the_offset_and_nowhere_else(engine):
    states = engine.reset([scene(), scene()])
    change = engine.observe(engine.shift(states, np.array([[0.04, 0.0], [0.0, -0.02]]))) - engine.observe(states)
    np.testing.assert_allclose(change[:, OFFSET], [[0.04, 0, 0], [0, -0.02, 0]], atol=1e-6)
    assert not np.delete(change, np.r_[OFFSET], axis=1).any()


def test_a_push_moves_the_cube_along_the_force(engine):
    states = engine.reset([scene(), scene()])
    pushes = np.zeros((2, 5, 2))
    pushes[1, :, 1] = 1.0
    moved = engine.advance(Advance(states, held(engine, states, 5), pushes, [Dynamics()] * 2))
    gone = moved.observations[:, -1, OFFSET] - engine.observe(states)[:, OFFSET]
    np.testing.assert_allclose(gone[0], 0, atol=2e-3)
    assert gone[1, 1] > 0.05
    assert abs(gone[1, 0]) < 5e-3


@pytest.mark.parametrize(("name", "factor", "farther"), [("object_mass", 2.0, False), ("object_friction", 0.5, True)])
def test_mass_and_friction_change_how_far_a_push_carries(engine, name, factor, farther):
    states = engine.reset([scene(), scene()])
    dynamics = [Dynamics(), Dynamics(((name, factor),))]
    moved = engine.advance(Advance(states, held(engine, states, 5), np.tile([0.0, 1.0], (2, 5, 1)), dynamics))
    nominal, scaled = moved.observations[:, -1, OFFSET][:, 1]
    assert (scaled > nominal) is np.bool_(farther)
    assert abs(scaled - nominal) > 0.01


def test_weaker_servos_track_worse(engine):
    states = engine.reset([scene(), scene()])
    actions = held(engine, states, 8)
    actions[:, :, 1] -= 0.15
    moved = engine.advance(Advance(states, actions, None, [Dynamics(), Dynamics((("actuator_gain", 0.3),))]))
    nominal, weak = moved.signals[:, -1, NAMES.index("tracking_error")]
    assert weak > 1.2 * nominal


def test_opposite_quaternions_are_one_observation(engine):
    states = engine.reset([scene(yaw=0.6)])
    flipped = states.copy()
    flipped[:, 12:16] *= -1
    np.testing.assert_array_equal(engine.observe(states), engine.observe(flipped))
    assert engine.observe(flipped)[0, 14] > 0


def test_observations_stay_inside_their_bounds(engine):
    states = engine.reset([scene()])
    states[:, 9:12] = [3.0, -3.0, -9.0]
    low, high = bounds(task.contract.observation)
    observed = engine.observe(states)[0]
    assert ((low <= observed) & (observed <= high)).all()


def test_positions_of_what_was_seen_are_seen_alike(heldout):
    seen = observation_of(heldout.states[:, ::5, QPOS])
    np.testing.assert_allclose(observation_of(positions_of(seen)), seen, atol=1e-5)
