"""Scenes, observations, signals and the things that act on the block."""

import numpy as np
import pytest

from harness.contract.task import SPLITS, Advance, Dynamics
from harness.errors import PrerequisiteError
from tasks.pusht import engine as engine_module
from tasks.pusht import shape, task
from tasks.pusht.engine import BLOCK, PUSHER

SIGNALS = [signal.name for signal in task.contract.signals]
NOMINAL = Dynamics()


def qpos(states):
    return states[..., 1:6]


def state_of(engine, pose, pusher):
    return engine.simulator.pack(np.array([[*pose, *pusher]]), np.array([pusher]))


def advance(engine, states, target, *, steps=10, pushes=None, dynamics=NOMINAL):
    actions = np.tile(np.asarray(target, np.float32), (len(states), steps, 1))
    return engine.advance(Advance(states, actions, pushes, [dynamics] * len(states)))


def signal(result, name):
    return result.signals[..., SIGNALS.index(name)]


@pytest.mark.parametrize("split", SPLITS)
def test_no_scene_starts_solved_or_in_contact_or_outside(engine, scenes_of, split):
    states = engine.reset(scenes_of(split, 300))
    poses, pusher = qpos(states)[:, BLOCK], qpos(states)[:, PUSHER]
    assert shape.coverage(poses).max() < 0.7
    assert shape.distance_to_block(poses, pusher).min() > engine_module.PUSHER_RADIUS + 0.001
    assert ((pusher >= 0) & (pusher <= 0.512)).all()


def test_a_scene_is_where_its_variables_say(engine, scenes_of):
    scene = scenes_of("train", 1)[0]
    pose = qpos(engine.reset([scene]))[0, BLOCK]
    offset = pose[:2] - shape.GOAL[:2]
    assert np.hypot(*offset) == pytest.approx(scene.variables["block_distance"])
    assert np.arctan2(offset[1], offset[0]) == pytest.approx(scene.variables["block_bearing"])
    assert pose[2] - shape.GOAL[2] == pytest.approx(scene.variables["block_turn"])


def test_stress_scenes_are_farther_and_more_turned_than_any_other():
    train, stress = (task.contract.resets[split] for split in ("train", "stress"))
    for name in ("block_distance", "block_turn"):
        assert stress[name].low > train[name].high


def test_observations_are_the_fields_of_the_contract(engine):
    pose, pusher = np.array([0.2, 0.3, 7.0]), [0.1, 0.4]
    observed = engine.observe(state_of(engine, pose, pusher))[0]
    apart = np.array(pusher) - pose[:2]
    across = [
        apart[0] * np.cos(7.0) + apart[1] * np.sin(7.0),
        apart[1] * np.cos(7.0) - apart[0] * np.sin(7.0),
    ]
    expected = [*pusher, *shape.origin_of(pose), np.cos(7.0), np.sin(7.0), *across]
    np.testing.assert_allclose(observed, expected, atol=1e-7)
    assert observed.dtype == np.float32


def test_nothing_moves_at_rest(engine, scenes_of):
    states = engine.reset(scenes_of("heldout", 4))
    actions = np.repeat(engine.rest(states)[:, None], 20, axis=1)
    result = engine.advance(Advance(states, actions, None, [NOMINAL] * 4))
    np.testing.assert_allclose(qpos(result.states[:, -1]), qpos(states), atol=1e-6)


def test_the_pusher_reaches_its_target_and_the_error_tells_how_far_it_is(engine):
    states = state_of(engine, [0.4, 0.4, 0.0], [0.1, 0.1])
    error = signal(advance(engine, states, [0.2, 0.1]), "tracking_error")[0]
    assert error[0] > 0.02
    assert error[-1] < 0.001


def test_pushing_moves_the_block_and_reads_as_contact(engine):
    states = state_of(engine, [0.25, 0.25, 0.0], [0.25, 0.12])
    result = advance(engine, states, [0.25, 0.26])
    contact, y = signal(result, "contact")[0], result.states[0, :, 2]
    assert contact[0] == 0
    assert contact.max() == 1
    assert y[-1] > 0.28
    assert result.states[0, -1, 1] == pytest.approx(0.25, abs=0.005)


def test_the_block_stops_when_it_is_not_pushed(engine):
    states = state_of(engine, [0.25, 0.25, 0.0], [0.25, 0.16])
    pushed = advance(engine, states, [0.25, 0.26]).states[:, -1]
    left = advance(engine, pushed, [0.25, 0.10])
    np.testing.assert_allclose(qpos(left.states)[0, -1, BLOCK], qpos(pushed)[0, BLOCK], atol=0.003)


def test_the_contact_is_stiff(engine):
    states = state_of(engine, [0.25, 0.25, 0.0], [0.25, 0.16])
    result = advance(engine, states, [0.25, 0.4])
    gap = shape.distance_to_block(qpos(result.states)[0, :, BLOCK], qpos(result.states)[0, :, PUSHER])
    assert gap.min() > engine_module.PUSHER_RADIUS - 0.004  # the impact at full speed
    assert gap[-1] > engine_module.PUSHER_RADIUS - 0.002


def test_success_is_coverage_at_its_threshold(engine):
    offsets = np.linspace(0, 0.01, 30)
    states = np.concatenate(
        [state_of(engine, shape.GOAL + np.array([offset, 0, 0]), [0.05, 0.05]) for offset in offsets]
    )
    result = advance(engine, states, [0.05, 0.05], steps=1)
    coverage, progress = signal(result, "coverage"), signal(result, "progress")
    np.testing.assert_array_equal(result.success, coverage >= task.contract.success_threshold)
    np.testing.assert_array_equal(result.success, progress >= 1)
    assert 0 < result.success.sum() < len(offsets)


def test_distance_and_angle_error_are_to_the_goal(engine):
    states = state_of(engine, shape.GOAL + np.array([0.03, -0.04, 0.5 + 2 * np.pi]), [0.05, 0.05])
    result = advance(engine, states, [0.05, 0.05], steps=1)
    assert signal(result, "distance")[0, 0] == pytest.approx(0.05, abs=1e-5)
    assert signal(result, "angle_error")[0, 0] == pytest.approx(0.5, abs=1e-5)


def test_a_force_on_the_block_moves_it_along_the_force(engine):
    states = state_of(engine, [0.25, 0.25, 1.0], [0.05, 0.05])
    pushes = np.tile([0.3, -0.15], (1, 10, 1))
    moved = qpos(advance(engine, states, [0.05, 0.05], pushes=pushes).states)[0, -1, :3] - [0.25, 0.25, 1.0]
    np.testing.assert_allclose(moved, [0.06, -0.03, 0.0], atol=0.003)


def test_a_shift_moves_only_the_block_and_stops_at_the_border(engine):
    states = np.repeat(state_of(engine, [0.25, 0.25, 1.0], [0.05, 0.05]), 2, axis=0)
    shifted = engine.shift(states, np.array([[0.02, -0.03], [1.0, 0.0]]))
    np.testing.assert_allclose(qpos(shifted)[0], [0.27, 0.22, 1.0, 0.05, 0.05])
    assert qpos(shifted)[1, 0] == pytest.approx(0.431)
    assert qpos(states)[0, 0] == 0.25


@pytest.mark.parametrize("offset", [[0.05, 0.02], [0.05, 0.0], [0.03, -0.02], [0.1, 0.0]])
def test_a_block_is_never_shifted_onto_the_pusher(engine, offset):
    states = engine.shift(state_of(engine, [0.2, 0.25, 0.0], [0.25, 0.25]), np.array([offset]))
    result = advance(engine, states, [0.25, 0.25])
    assert not result.diverged.any()
    pose, pusher = qpos(result.states)[0, -1, BLOCK], qpos(result.states)[0, -1, PUSHER]
    assert shape.distance_to_block(pose, pusher) > engine_module.PUSHER_RADIUS - 0.003


@pytest.mark.parametrize("name", task.contract.dynamics)
def test_every_dynamics_factor_changes_the_motion(engine, name):
    states = state_of(engine, [0.25, 0.25, 0.0], [0.25, 0.16])
    nominal = advance(engine, states, [0.26, 0.3])
    scaled = advance(engine, states, [0.26, 0.3], dynamics=Dynamics(((name, 0.5),)))
    assert np.abs(qpos(scaled.states) - qpos(nominal.states)).max() > 1e-4


def test_friction_slows_a_block_under_force(engine):
    states = state_of(engine, [0.25, 0.25, 0.0], [0.05, 0.05])
    pushes = np.tile([0.3, 0.0], (1, 5, 1))
    run = {
        factor: qpos(
            advance(
                engine, states, [0.05, 0.05], steps=5, pushes=pushes, dynamics=Dynamics((("object_friction", factor),))
            ).states
        )[0, -1, 0]
        - 0.25
        for factor in (1.0, 2.0)
    }
    assert run[2.0] == pytest.approx(run[1.0] / 2, rel=0.1)


def test_another_version_of_the_simulator_is_refused(monkeypatch):
    monkeypatch.setattr(engine_module.mujoco, "__version__", "9.9.9")
    with pytest.raises(PrerequisiteError, match=r"expected mujoco 3\.8\.1; got mujoco 9\.9\.9"):
        engine_module.load_model()
