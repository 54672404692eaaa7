"""Law 4: a physics step is a pure function of (state, control, model), in chunks, threads and any company."""

import numpy as np
import pytest
from fakes.scenario import plugins

from harness.contract.scenes import draw_scene
from harness.contract.task import Advance, Dynamics
from harness.registry import load

TASKS = ["fake-v1", "pusht-v1", "transfer-cube-v1"]
STEPS = 12


@pytest.fixture(scope="module", params=TASKS)
def world(request):
    """A task, three lanes of it at rest, and actions that move."""
    with plugins():
        task = load("tasks", request.param)
    contract = task.contract
    states = task.engine(1).reset([draw_scene(contract, 3, "heldout", k) for k in range(3)])
    rng = np.random.default_rng(0)
    rest = task.engine(1).rest(states)
    low, high = (np.array([v for f in contract.action for v in getattr(f, side)]) for side in ("low", "high"))
    moves = 0.15 * rng.standard_normal((3, STEPS, contract.action_width)) * (high - low)
    actions = np.clip(rest[:, None] + moves, low, high).astype(np.float32)
    return task, states, actions


def scaled(task):
    return [Dynamics(), Dynamics(((task.contract.dynamics[0], 2.0),)), Dynamics()]


def in_pieces(task, states, actions, dynamics, *cuts, threads=1):
    engine = task.engine(threads)
    out = []
    for first, stop in zip((0, *cuts), (*cuts, STEPS), strict=True):
        moved = engine.advance(Advance(states, actions[:, first:stop], None, dynamics))
        out.append(moved.states)
        states = moved.states[:, -1]
    return np.concatenate(out, axis=1)


def test_one_step_at_a_time_is_the_same_as_all_at_once(world):
    task, states, actions = world
    whole = in_pieces(task, states, actions, scaled(task))
    np.testing.assert_array_equal(in_pieces(task, states, actions, scaled(task), *range(1, STEPS)), whole)
    np.testing.assert_array_equal(in_pieces(task, states, actions, scaled(task), 5), whole)


def test_threads_do_not_change_a_bit(world):
    task, states, actions = world
    one = in_pieces(task, states, actions, scaled(task), 4)
    np.testing.assert_array_equal(in_pieces(task, states, actions, scaled(task), 4, threads=2), one)


def test_a_lane_does_not_depend_on_the_others(world):
    task, states, actions = world
    together = in_pieces(task, states, actions, scaled(task))
    for lane in range(3):
        alone = in_pieces(task, states[[lane]], actions[[lane]], scaled(task)[lane : lane + 1])
        np.testing.assert_array_equal(alone[0], together[lane])


def test_a_used_engine_is_as_good_as_a_new_one(world):
    task, states, actions = world
    engine = task.engine(1)
    request = Advance(states, actions, None, scaled(task))
    first = engine.advance(request).states
    engine.advance(Advance(states, actions[:, ::-1].copy(), None, scaled(task)))
    np.testing.assert_array_equal(engine.advance(request).states, first)


def test_a_request_is_left_as_it_was(world):
    task, states, actions = world
    request = Advance(states.copy(), actions.copy(), np.zeros((3, STEPS, 2)), scaled(task))
    task.engine(1).advance(request)
    np.testing.assert_array_equal(request.states, states)
    np.testing.assert_array_equal(request.actions, actions)


def test_a_push_of_nothing_is_no_push(world):
    task, states, actions = world
    engine = task.engine(1)
    none = engine.advance(Advance(states, actions, None, scaled(task))).states
    zero = engine.advance(Advance(states, actions, np.zeros((3, STEPS, 2)), scaled(task))).states
    np.testing.assert_array_equal(none, zero)


def test_dynamics_do_change_the_motion(world):
    task, states, actions = world
    nominal = in_pieces(task, states, actions, [Dynamics()] * 3)
    changed = in_pieces(task, states, actions, scaled(task))
    np.testing.assert_array_equal(nominal[0], changed[0])
    if task.contract.id == "fake-v1":
        assert not np.array_equal(nominal[1], changed[1])
