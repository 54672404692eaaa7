"""Scenes, observations, signals, the drive, and the things that act on the rows."""

import numpy as np
import pytest

from harness.contract.task import SPLITS, Advance, Dynamics
from harness.errors import PrerequisiteError
from tasks.avoid import engine as engine_module
from tasks.avoid import task
from tasks.avoid.engine import EFFECTOR, ROW_AXES
from tasks.avoid.layout import EFFECTOR_RADIUS, FINISH, POST_RADIUS, ROW_LINES, posts_of
from tasks.avoid.record import clearance

SIGNALS = [signal.name for signal in task.contract.signals]
NOMINAL = Dynamics()


def advance(engine, states, velocity, *, steps=10, pushes=None, dynamics=NOMINAL):
    actions = np.tile(np.asarray(velocity, np.float32), (len(states), steps, 1))
    return engine.advance(Advance(states, actions, pushes, [dynamics] * len(states)))


def signal(result, name):
    return result.signals[..., SIGNALS.index(name)]


def effector(engine, result):
    return engine.simulator.qpos(result.states)[..., EFFECTOR]


@pytest.mark.parametrize("split", SPLITS)
def test_no_scene_starts_near_a_post_or_past_a_row(engine, scenes_of, split):
    qpos = engine.simulator.qpos(engine.reset(scenes_of(split, 300)))
    posts = posts_of(qpos[:, ROW_AXES].reshape(-1, 3, 2))
    assert clearance(qpos[:, EFFECTOR], posts).min() > 0.04
    assert qpos[:, EFFECTOR][:, 1].max() < ROW_LINES[0]


def test_a_scene_is_where_its_variables_say(engine, scenes_of):
    scene = scenes_of("train", 1)[0]
    qpos = engine.simulator.qpos(engine.reset([scene]))[0]
    assert qpos[EFFECTOR].tolist() == [scene.variables["start_x"], scene.variables["start_y"]]
    assert qpos[2:4].tolist() == [scene.variables["row_2_x"], ROW_LINES[1] + scene.variables["row_2_y"]]


def test_the_drive_of_a_stress_scene_is_turned_farther_than_any_other():
    train, stress = (task.contract.resets[split] for split in ("train", "stress"))
    assert stress["drive_turn"].low > train["drive_turn"].high


def test_observations_are_the_fields_of_the_contract(engine, state_of):
    observed = engine.observe(state_of([0.1, 0.05], rows=[[0.01, 0], [0, 0.02], [-0.03, 0]]))[0]
    np.testing.assert_allclose(observed, [0.1, 0.05, 0.01, 0.18, 0, 0.40, -0.03, 0.58], atol=1e-7)
    assert observed.dtype == np.float32


def test_the_drive_shows_in_no_observation(engine, state_of):
    np.testing.assert_array_equal(
        engine.observe(state_of([0, 0.05])), engine.observe(state_of([0, 0.05], turn=0.2, gain=0.9))
    )


def test_nothing_moves_at_rest(engine, scenes_of):
    states = engine.reset(scenes_of("heldout", 4))
    actions = np.repeat(engine.rest(states)[:, None], 20, axis=1)
    result = engine.advance(Advance(states, actions, None, [NOMINAL] * 4))
    np.testing.assert_array_equal(engine.simulator.qpos(result.states[:, -1]), engine.simulator.qpos(states))


def test_the_drive_turns_and_scales_what_is_asked_for(engine, state_of):
    turn, gain = 0.3, 1.1
    result = advance(engine, state_of([0.2, 0.05], turn=turn, gain=gain), [0.0, 0.1], steps=20)
    moved = effector(engine, result)[0, -1] - effector(engine, result)[0, 9]
    np.testing.assert_allclose(moved, 0.1 * gain * np.array([-np.sin(turn), np.cos(turn)]), atol=1e-4)
    off = 0.1 * np.hypot(gain * np.sin(turn), gain * np.cos(turn) - 1)
    assert signal(result, "tracking_error")[0, -1] == pytest.approx(off, abs=1e-4)


def test_a_crossing_without_a_touch_succeeds_and_names_its_way(engine, state_of):
    result = advance(engine, state_of([0.25, 0.05]), [0.0, 0.2], steps=35)
    assert result.success[0, -1]
    assert not signal(result, "touched").any()
    assert signal(result, "mode")[0, [0, -1]].tolist() == [0, 24]
    np.testing.assert_array_equal(result.success, effector(engine, result)[..., 1] >= FINISH)


def test_progress_is_a_quarter_a_row(engine, state_of):
    result = advance(engine, state_of([0.25, 0.05]), [0.0, 0.2], steps=35)
    y, progress = effector(engine, result)[0, :, 1], signal(result, "progress")[0]
    for row, line in enumerate(ROW_LINES, 1):
        np.testing.assert_array_equal(y >= line, progress >= np.float32(row / 4))
    assert (np.diff(progress) >= 0).all()


def test_a_touch_is_kept_and_bars_success(engine, state_of):
    hit = advance(engine, state_of([0.0, 0.1]), [0.0, 0.2], steps=5)
    assert signal(hit, "contact")[0, -1] == 1
    stopped = signal(hit, "progress")[0, -1]
    around = advance(engine, hit.states[:, -1].copy(), [-0.25, 0.0], steps=10)
    past = advance(engine, around.states[:, -1].copy(), [0.0, 0.25], steps=30)
    assert effector(engine, past)[0, -1, 1] > FINISH
    assert (signal(past, "contact")[0, -1], signal(past, "touched")[0, -1]) == (0, 1)
    assert not past.success.any()
    np.testing.assert_array_equal(signal(past, "progress"), stopped)


def test_a_graze_within_a_control_step_is_seen(engine, state_of):
    start = [EFFECTOR_RADIUS + POST_RADIUS - 0.0005, ROW_LINES[0] - 0.037]
    result = advance(engine, state_of(start), [0.0, 0.3], steps=2)
    rows = engine.simulator.qpos(result.states)[0, :, ROW_AXES].reshape(-1, 3, 2)
    assert clearance(effector(engine, result)[0], posts_of(rows)).min() > 0.001  # at the ends of both control steps
    assert signal(result, "clearance")[0, 1] < 0
    assert signal(result, "contact")[0].tolist() == [0, 1]


def test_a_force_on_the_rows_moves_all_of_them_along_it(engine, state_of):
    states = state_of([-0.3, 0.05])
    result = advance(engine, states, [0, 0], pushes=np.tile([0.3, -0.15], (1, 10, 1)))
    moved = (engine.simulator.qpos(result.states)[0, -1] - engine.simulator.qpos(states)[0])[ROW_AXES].reshape(3, 2)
    assert (moved[:, 0] > 0.02).all()
    np.testing.assert_allclose(moved[:, 1], -moved[:, 0] / 2, atol=1e-9)


def test_a_shift_moves_all_rows_and_never_onto_the_effector(engine, state_of):
    states = np.repeat(state_of([0.05, 0.18]), 2, axis=0)
    moved = engine.simulator.qpos(engine.shift(states, np.array([[-0.03, 0.01], [0.05, 0.0]])))
    np.testing.assert_allclose(moved[0, ROW_AXES], [-0.03, 0.19, -0.03, 0.39, -0.03, 0.59])
    posts = posts_of(moved[1, ROW_AXES].reshape(3, 2))
    assert clearance(moved[1, EFFECTOR], posts) >= 0.002
    assert moved[1, 0] > 0
    np.testing.assert_array_equal(moved[:, EFFECTOR], [[0.05, 0.18]] * 2)


@pytest.mark.parametrize("name", task.contract.dynamics)
def test_every_dynamics_factor_changes_the_motion(engine, state_of, name):
    states = state_of([0.0, 0.13])
    nominal = advance(engine, states, [0.02, 0.3])
    scaled = advance(engine, states, [0.02, 0.3], dynamics=Dynamics(((name, 0.3),)))
    assert np.abs(engine.simulator.qpos(scaled.states - nominal.states)).max() > 1e-4


def test_another_version_of_the_simulator_is_refused(monkeypatch):
    monkeypatch.setattr(engine_module.mujoco, "__version__", "9.9.9")
    with pytest.raises(PrerequisiteError, match=r"expected mujoco 3\.8\.1; got mujoco 9\.9\.9"):
        engine_module.load_model()
