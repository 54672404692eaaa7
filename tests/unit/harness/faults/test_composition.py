"""The order in which faults compose, as `harness.faults.effects` writes it down: each pair where order shows."""

import numpy as np
from fakes.arm import ARM, STEPS, applied, delivered, effects_of, wishes, world, written

from harness.contract.fields import bounds
from harness.faults import catalogue

LOW, HIGH = bounds(ARM.action)
CENTRE = (LOW + HIGH) / 2
OBJECT = slice(3, 6)
OWN = np.arange(STEPS)


def test_the_catalogue_lists_faults_channel_by_channel():
    channels = [fault.split(".")[0] for fault in catalogue.ids()]
    assert list(dict.fromkeys(channels)) == [
        "observation",
        "camera",
        "action",
        "timing",
        "dynamics",
        "scene",
        "evaluation",
    ]
    assert channels == sorted(channels, key=list(dict.fromkeys(channels)).index)


# Observation.


def test_a_gain_acts_on_the_true_value_and_the_bias_is_added_after():
    scale, bias = written("observation.scale", factor=2), written("observation.bias", field="object", bias="10 cm")
    both, alone = effects_of(scale, bias), effects_of(bias)
    expected = 2 * world()[:STEPS] + alone.observation_offset
    np.testing.assert_allclose(delivered(both, world()), expected, atol=1e-6)


def test_digits_are_cut_after_noise_was_added():
    noise = written("observation.noise", field="object", std="3 cm")
    coarse = written("observation.quantise", field="object", step="10 cm")
    seen = delivered(effects_of(coarse, noise), world())[:, OBJECT]
    np.testing.assert_allclose(seen / 0.1, np.round(seen / 0.1), atol=1e-5)
    assert not np.array_equal(seen, delivered(effects_of(coarse), world())[:, OBJECT])


def test_the_frame_is_wrong_after_digits_were_cut():
    coarse = written("observation.quantise", field="flat", step="10 cm")
    turn = written("observation.wrong_frame", field="flat", angle="30 deg", turn="left")
    seen = delivered(effects_of(turn, coarse), world())[:, 10:12].astype(float)
    back = seen @ np.array([[np.cos(np.pi / 6), -np.sin(np.pi / 6)], [np.sin(np.pi / 6), np.cos(np.pi / 6)]])
    np.testing.assert_allclose(back / 0.1, np.round(back / 0.1), atol=1e-4)


def test_a_sensor_that_reports_zero_is_not_moved_with_the_frame():
    loss = written("observation.sensor_loss", field="flat", probability=1, fill="zero")
    move = written("observation.wrong_frame", offset="20 cm")
    assert not delivered(effects_of(loss, move), world())[1:, 10:12].any()


def test_a_late_frame_keeps_the_error_of_its_moment():
    noise, delay = written("observation.noise", field="tip", std="3 cm"), written("observation.delay", delay="5 steps")
    late, timely = delivered(effects_of(noise, delay), world()), delivered(effects_of(noise), world())
    np.testing.assert_array_equal(late[5:], timely[:-5])


def test_a_frozen_source_is_carried_by_a_late_link():
    freeze = written("observation.freeze", duration="1 s", window={"start": "30 steps", "stop": "40 steps"})
    source = effects_of(freeze, written("observation.delay", delay="4 steps")).observation_source
    assert (source[34:44] == 29).all()
    assert source[44] == 40


def test_loss_comes_before_delay_and_delay_before_disorder_and_copies():
    drop, delay = written("observation.frame_drop", probability=0.3), written("observation.delay", delay="3 steps")
    reorder, copy = written("observation.reorder", probability=0.3), written("observation.duplicate", probability=0.3)
    chain = [effects_of(fault).observation_source for fault in (drop, delay, reorder, copy)]
    expected = OWN
    for source in chain:
        expected = expected[source]
    np.testing.assert_array_equal(effects_of(copy, reorder, delay, drop).observation_source, expected)


# Action.


def test_commands_are_lost_then_late_then_fetched_too_rarely():
    drop, delay = written("action.dropout", probability=0.3), written("action.delay", delay="3 steps")
    rare = written("timing.control_rate", period="4 steps")
    lost, late, kept = (effects_of(fault).action_source for fault in (drop, delay, rare))
    through = np.where(late < 0, -1, lost[late])
    np.testing.assert_array_equal(effects_of(rare, delay, drop).action_source, np.where(kept < 0, -1, through[kept]))


def test_zeros_of_a_lost_command_travel_on():
    drop = written("action.dropout", probability=1, fill="zero", window={"start": "20 steps", "stop": "30 steps"})
    moved = applied(effects_of(drop, written("action.delay", delay="5 steps")), wishes())
    assert not moved[25:35].any()
    np.testing.assert_array_equal(moved[35:], wishes()[30:-5])


def test_axes_are_swapped_before_the_gain_and_the_offset_comes_after():
    swap = written("action.swap", field="target", axes=[0, 1])
    gain = written("action.gain", field="target", factor=0.5)
    bias = written("action.bias", field="target", bias="2 cm", direction=[1, 0, 0])
    wanted = wishes() * np.float32(0.5)
    expected = wanted.copy()
    expected[:, [0, 1]] = wanted[:, [1, 0]]
    expected[:, :3] = (CENTRE + 0.5 * (expected - CENTRE))[:, :3] + np.array([0.02, 0, 0])
    np.testing.assert_allclose(applied(effects_of(bias, gain, swap), wanted), np.clip(expected, LOW, HIGH), atol=1e-6)


def test_offsets_come_before_digits_and_digits_before_limits():
    noise = written("action.noise", field="target", std="3 cm")
    coarse = written("action.quantise", field="target", step="7 cm")
    narrow = written("action.saturation", field="target", range="50 %")
    moved = applied(effects_of(narrow, coarse, noise), wishes())[:, :3]
    low, high = CENTRE[:3] - 0.25 * (HIGH - LOW)[:3], CENTRE[:3] + 0.25 * (HIGH - LOW)[:3]
    at_limit = np.isclose(moved, low, atol=1e-6) | np.isclose(moved, high, atol=1e-6)
    on_grid = np.isclose(moved / 0.07, np.round(moved / 0.07), atol=1e-4)
    assert (at_limit | on_grid).all()
    assert at_limit.any()
    assert (on_grid & ~at_limit).any()


def test_a_limit_is_approached_at_the_rate_and_not_jumped_to():
    window = {"start": "20 steps"}
    narrow, slow = (
        written("action.saturation", range="20 %", window=window),
        written("action.rate_limit", rate="50 % of range/s"),
    )
    top = np.tile(HIGH, (STEPS, 1)).astype(np.float32)
    moved = applied(effects_of(narrow, slow), top, rest=HIGH)
    share = (moved[:, 0] - LOW[0]) / (HIGH - LOW)[0]
    np.testing.assert_allclose(share[19:24], [1, 0.95, 0.9, 0.85, 0.8], atol=1e-5)
    np.testing.assert_allclose(share[40], 0.6, atol=1e-5)


def test_what_a_deadband_lets_through_is_rate_limited():
    step = np.tile(CENTRE, (STEPS, 1)).astype(np.float32)
    step[10:] += np.float32(0.1) * (HIGH - LOW)
    dead, slow = written("action.deadband", width="5 % of range"), written("action.rate_limit", rate="30 % of range/s")
    share = (applied(effects_of(slow, dead), step)[:, 0] - CENTRE[0]) / (HIGH - LOW)[0]
    np.testing.assert_allclose(share[9:14], [0, 0.03, 0.06, 0.06, 0.06], atol=1e-5)


def test_a_stuck_joint_feels_no_limit_and_no_noise():
    window = {"start": "30 steps"}
    stuck = written("action.stuck", field="target", component=0, window=window)
    narrow = written("action.saturation", range="10 %", window=window)
    noise = written("action.noise", field="target", std="5 cm", window=window)
    moved = applied(effects_of(noise, narrow, stuck), wishes())
    assert (moved[30:, 0] == wishes()[29, 0]).all()
