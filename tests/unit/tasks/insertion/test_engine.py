"""The engine keeps law 4, and its readings mean what the contract says."""

import numpy as np
import pytest

from harness.contract.fields import bounds
from harness.contract.task import Advance, Dynamics, Scene
from tasks.aloha.layout import action_to_control, control_to_action
from tasks.insertion import task

NAMES = [signal.name for signal in task.contract.signals]


def scene(x=0.1, y=0.5, yaw=0.0):
    """The peg there, the socket where the peg's mirror image would be."""
    peg = {"peg_x": x, "peg_y": y, "peg_yaw": yaw}
    return Scene(task.contract.id, "train", 0, peg | {"socket_x": -x, "socket_y": y, "socket_yaw": -yaw})


def resting(engine, states, steps):
    return np.repeat(engine.rest(states)[:, None], steps, axis=1)


@pytest.fixture
def request_(engine, scenes_of):
    states = engine.reset(scenes_of("train", 5))
    rng = np.random.default_rng(0)
    actions = resting(engine, states, 6) + rng.normal(0, 0.1, (5, 6, 14)).astype(np.float32)
    dynamics = [
        Dynamics(),
        Dynamics((("object_mass", 2.0),)),
        Dynamics(),
        Dynamics((("actuator_gain", 0.5),)),
        Dynamics(),
    ]
    return Advance(states, actions, rng.normal(0, 0.5, (5, 6, 2)), dynamics)


def test_one_thread_and_two_give_the_same_bits(engine, request_):
    one, two = task.engine(1).advance(request_), engine.advance(request_)
    for name in ("states", "observations", "signals", "success"):
        assert getattr(one, name).tobytes() == getattr(two, name).tobytes(), name


def test_single_steps_give_the_bits_of_a_chunk(engine, request_):
    states = request_.states
    for step in range(6):
        now = slice(step, step + 1)
        advanced = engine.advance(Advance(states, request_.actions[:, now], request_.pushes[:, now], request_.dynamics))
        states = advanced.states[:, 0]
    assert states.tobytes() == engine.advance(request_).states[:, -1].tobytes()


def test_a_lane_does_not_depend_on_its_neighbours(engine, request_):
    alone = engine.advance(
        Advance(request_.states[3:4], request_.actions[3:4], request_.pushes[3:4], request_.dynamics[3:4])
    )
    assert alone.states[0].tobytes() == engine.advance(request_).states[3].tobytes()


def test_reset_puts_peg_and_socket_where_the_scene_says(engine):
    observed = engine.observe(engine.reset([scene(0.2, 0.6, 0.5)]))[0]
    c, d = np.cos(0.25), np.sin(0.25)
    np.testing.assert_allclose(observed[14:], [-0.2, 0.6, 0.022, c, 0, 0, -d, 0.2, 0.6, 0.01, c, 0, 0, d], atol=1e-6)


def test_rest_keeps_the_robot_where_it_is(engine):
    states = engine.reset([scene()])
    advanced = engine.advance(Advance(states, resting(engine, states, 25), None, [Dynamics()]))
    np.testing.assert_allclose(advanced.observations[0, -1, :14], engine.observe(states)[0, :14], atol=0.01)


def test_shift_moves_only_the_peg(engine):
    states = engine.reset([scene(), scene()])
    moved = engine.shift(states, np.array([[0.04, 0.0], [0.0, -0.02]]))
    gap = moved - states
    np.testing.assert_allclose(gap[:, 17:19], [[0.04, 0], [0, -0.02]])
    assert np.count_nonzero(gap) == 2


def test_a_push_moves_the_peg_along_the_force(engine):
    states = engine.reset([scene(), scene()])
    pushes = np.zeros((2, 5, 2))
    pushes[1, :, 1] = 1.0
    places = engine.advance(Advance(states, resting(engine, states, 5), pushes, [Dynamics()] * 2)).observations[
        :, -1, 21:23
    ]
    np.testing.assert_allclose(places[0], [0.1, 0.5], atol=1e-3)
    np.testing.assert_allclose(places[1, 0], 0.1, atol=5e-3)
    assert places[1, 1] > 0.55


@pytest.mark.parametrize(("name", "factor", "farther"), [("object_mass", 2.0, False), ("object_friction", 0.5, True)])
def test_mass_and_friction_change_how_far_a_push_carries(engine, name, factor, farther):
    states = engine.reset([scene(), scene()])
    pushes = np.tile([0.0, 1.0], (2, 5, 1))
    dynamics = [Dynamics(), Dynamics(((name, factor),))]
    nominal, scaled = engine.advance(Advance(states, resting(engine, states, 5), pushes, dynamics)).observations[
        :, -1, 22
    ]
    assert (scaled > nominal) is np.bool_(farther)
    assert abs(scaled - nominal) > 0.01


def test_weaker_servos_track_worse(engine):
    states = engine.reset([scene(), scene()])
    actions = resting(engine, states, 10)
    actions[:, :, 7] += 0.5
    advanced = engine.advance(Advance(states, actions, None, [Dynamics(), Dynamics((("actuator_gain", 0.5),))]))
    nominal, weak = advanced.signals[:, -1, NAMES.index("tracking_error")]
    assert weak > 1.2 * nominal


def test_an_action_survives_the_way_to_the_servos_and_back():
    low, high = bounds(task.contract.action)
    actions = np.linspace(np.maximum(low, 0.07), np.minimum(high, 0.97), 5, dtype=np.float32)
    np.testing.assert_allclose(control_to_action(action_to_control(actions)), actions, atol=1e-6)


def test_opposite_quaternions_are_one_observation(engine):
    states = engine.reset([scene(yaw=0.6)])
    flipped = states.copy()
    flipped[:, 20:24] *= -1
    np.testing.assert_array_equal(engine.observe(states), engine.observe(flipped))
    assert engine.observe(flipped)[0, 24] > 0


def test_observations_stay_inside_their_bounds(engine):
    states = engine.reset([scene()])
    states[:, 17:20] = [3.0, -3.0, -9.0]
    low, high = bounds(task.contract.observation)
    observed = engine.observe(states)[0]
    assert ((low <= observed) & (observed <= high)).all()
