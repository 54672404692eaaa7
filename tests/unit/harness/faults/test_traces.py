"""What each fault of the link, the sensors, the actuators and the clock does to a trace that is known."""

import numpy as np
import pytest
from fakes.arm import ARM, STEPS, applied, delivered, effects_of, specimen, wishes, world, written

from harness.contract.fields import bounds
from harness.errors import ManifestError
from harness.faults.catalogue import check

LOW, HIGH = bounds(ARM.action)
RANGE, CENTRE = HIGH - LOW, (LOW + HIGH) / 2
TIP, OBJECT, HEADING, FLAT = slice(0, 3), slice(3, 6), slice(6, 10), slice(10, 12)
WINDOW = {"start": "30 steps", "stop": "60 steps"}
OWN = np.arange(STEPS)


def sources(*faults):
    return effects_of(*faults).observation_source


def ramp(step=0.01):
    """Commands that grow by `step` of the range a control step."""
    return (LOW + np.minimum(step * OWN[:, None], 1) * RANGE).astype(np.float32)


# The link to the policy.


def test_a_freeze_repeats_one_frame_for_its_duration():
    source = sources(written("observation.freeze", duration="1 s", window=WINDOW))
    held = np.flatnonzero(source != OWN)
    assert len(held) == 10
    assert np.ptp(held) == 9
    assert set(source[held]) == {held[0] - 1}
    assert 30 <= held[0] <= held[-1] < 60


def test_a_freeze_longer_than_its_window_fills_it():
    source = sources(written("observation.freeze", duration="9 s", window=WINDOW))
    assert (source[30:60] == 29).all()
    assert source[60] == 60


def test_jitter_shows_the_newest_frame_that_has_arrived():
    age = OWN - sources(written("observation.jitter", delay="4 steps"))
    assert set(age) == {0, 1, 2, 3, 4} or set(age) == {0, 1, 2, 3}
    assert (np.diff(OWN - age) >= 0).all()


def test_reordered_frames_go_back_in_time_and_no_further_than_their_delay():
    source = sources(written("observation.reorder", probability=0.3, delay="3 steps"))
    assert (np.diff(source) < 0).any()
    assert (OWN - source).max() <= 4
    late = {step - 3 for step in range(4, STEPS) if source[step] == step - 3 and source[step - 1] != step - 3}
    assert late
    assert all(source[step] != step for step in late)


def test_copies_make_the_stream_late_until_the_queue_is_emptied():
    source = sources(written("observation.duplicate", probability=1, queue="2 steps"))
    assert source[:8].tolist() == [0, 0, 0, 3, 3, 3, 6, 6]


def test_each_copy_is_of_the_frame_before():
    age = OWN - sources(written("observation.duplicate", probability=0.2, queue="3 steps"))
    assert set(np.diff(age)) <= {0, 1, -3}


# The sensors.


def test_a_scaled_sensor_multiplies():
    seen = delivered(effects_of(written("observation.scale", field="object", factor=1.1)), world())
    np.testing.assert_allclose(seen[:, OBJECT], 1.1 * world()[:STEPS, OBJECT], rtol=1e-6)
    np.testing.assert_array_equal(seen[:, TIP], world()[:STEPS, TIP])


def test_quantised_values_are_multiples_and_at_most_half_a_step_off():
    seen = delivered(effects_of(written("observation.quantise", step="5 % of range")), world())
    np.testing.assert_allclose(seen / 0.1, np.round(seen / 0.1), atol=1e-5)
    assert np.abs(seen - world()[:STEPS]).max() <= 0.05 + 1e-6


def test_noise_and_bias_take_a_share_of_the_range_of_every_field():
    noise = effects_of(written("observation.noise", std="2 % of range")).observation_offset
    assert noise.std(axis=0) == pytest.approx(0.04, rel=0.4)
    bias = effects_of(written("observation.bias", bias="2 % of range")).observation_offset
    lengths = [np.linalg.norm(bias[0, field]) for field in (TIP, OBJECT, HEADING, FLAT)]
    assert lengths == pytest.approx([0.04] * 4)


def test_a_knocked_camera_turns_the_scene_about_the_vertical_and_leaves_the_robot_alone():
    fault = written("observation.wrong_frame", angle="90 deg", turn="left", offset="10 cm", direction=[0, 1])
    measured = world()
    seen = delivered(effects_of(fault), measured)
    x, y, z = measured[:STEPS, OBJECT].T
    np.testing.assert_allclose(seen[:, OBJECT].T, [-y, x + 0.1, z], atol=1e-6)
    np.testing.assert_allclose(seen[:, FLAT].T, [-measured[:STEPS, 11], measured[:STEPS, 10] + 0.1], atol=1e-6)
    np.testing.assert_array_equal(seen[:, TIP], measured[:STEPS, TIP])


def test_a_knocked_camera_turns_orientations_with_positions():
    """Turning by the quaternion seen is turning by the true one and then by the camera's error."""

    def turned(quaternion, vector):
        w, *axis = quaternion
        return vector + 2 * np.cross(axis, np.cross(axis, vector) + w * vector)

    seen = delivered(effects_of(written("observation.wrong_frame", angle="30 deg", turn="right")), world())
    error = np.deg2rad(-30)
    matrix = np.array([[np.cos(error), -np.sin(error), 0], [np.sin(error), np.cos(error), 0], [0, 0, 1]])
    for true, found in zip(world()[:STEPS:10, HEADING].astype(float), seen[::10, HEADING].astype(float), strict=True):
        assert np.linalg.norm(found) == pytest.approx(1, abs=1e-5)
        for vector in np.eye(3):
            np.testing.assert_allclose(turned(found, vector), matrix @ turned(true, vector), atol=1e-5)


def test_a_lost_sensor_repeats_or_reports_zero_while_others_go_on():
    lost = {"field": "object", "probability": 1, "window": WINDOW}
    held = delivered(effects_of(written("observation.sensor_loss", **lost)), world())
    assert (held[30:60, OBJECT] == world()[29, OBJECT]).all()
    np.testing.assert_array_equal(held[:, FLAT], world()[:STEPS, FLAT])
    zero = delivered(effects_of(written("observation.sensor_loss", fill="zero", **lost)), world())
    assert not zero[30:60, OBJECT].any()
    np.testing.assert_array_equal(zero[60:], world()[60:STEPS])


# The link to the robot, and the actuators.


def test_lost_commands_become_zeros_if_asked_for():
    fault = written("action.dropout", probability=1, fill="zero", window=WINDOW)
    moved = applied(effects_of(fault), wishes())
    assert not moved[30:60].any()
    np.testing.assert_array_equal(moved[:30], wishes()[:30])


def test_swapped_axes_swap_and_half_coupling_mixes():
    wanted = np.clip(wishes(), -0.2, 0.35).astype(np.float32)
    both = [1, 2]
    moved = applied(effects_of(written("action.swap", field="target", axes=both)), wanted)
    np.testing.assert_allclose(moved[:, both], np.clip(wanted[:, both[::-1]], LOW[both], HIGH[both]))
    np.testing.assert_array_equal(moved[:, [0, 3]], wanted[:, [0, 3]])
    half = applied(effects_of(written("action.swap", field="target", axes=both, coupling=0.5)), wanted)
    np.testing.assert_allclose(half[:, 1], np.clip(wanted[:, both].mean(axis=1), LOW[1], HIGH[1]), atol=1e-6)


def test_gain_acts_about_the_centre():
    moved = applied(effects_of(written("action.gain", factor=0.5)), wishes())
    np.testing.assert_allclose(moved - CENTRE, 0.5 * (wishes() - CENTRE), atol=1e-6)


def test_a_biased_drive_is_off_by_one_vector():
    middle = np.tile(CENTRE, (STEPS, 1)).astype(np.float32)
    error = applied(effects_of(written("action.bias", field="target", bias="3 cm")), middle) - middle
    np.testing.assert_allclose(error, np.tile(error[0], (STEPS, 1)))
    assert np.linalg.norm(error[0, :3]) == pytest.approx(0.03, rel=1e-4)


def test_quantised_commands_are_multiples():
    moved = applied(effects_of(written("action.quantise", field="target", step="2 cm")), wishes())
    np.testing.assert_allclose(moved[:, :3] / 0.02, np.round(moved[:, :3] / 0.02), atol=1e-4)
    np.testing.assert_array_equal(moved[:, 3], wishes()[:, 3])


def test_a_deadband_swallows_small_changes_and_lets_large_ones_through():
    moved = applied(effects_of(written("action.deadband", width="3.5 % of range")), ramp(0.01), rest=LOW)
    share = (moved[:, 0] - LOW[0]) / RANGE[0]
    assert share[:9] == pytest.approx([0, 0, 0, 0, 0.04, 0.04, 0.04, 0.04, 0.08], abs=1e-6)


def test_a_rate_limit_lets_a_jump_arrive_late_and_no_faster():
    jump = np.tile(LOW, (STEPS, 1)).astype(np.float32)
    jump[20:] = HIGH
    moved = applied(effects_of(written("action.rate_limit", rate="50 % of range/s")), jump, rest=LOW)
    share = (moved - LOW) / RANGE
    assert share[19] == pytest.approx(0)
    assert share[24] == pytest.approx(0.25, abs=1e-5)
    assert (moved[45] == HIGH).all()
    assert np.diff(share, axis=0).max() <= 0.05 + 1e-5


def test_a_rate_limit_in_the_unit_of_the_field():
    moved = applied(effects_of(written("action.rate_limit", field="target", rate="10 cm/s")), wishes())
    assert np.abs(np.diff(moved[:, :3], axis=0)).max() <= 0.01 + 1e-6
    np.testing.assert_array_equal(moved[:, 3], wishes()[:, 3])


def test_a_stuck_joint_stays_where_it_was_and_the_others_move():
    moved = applied(effects_of(written("action.stuck", field="target", component=1, window=WINDOW)), wishes())
    assert (moved[29:60, 1] == wishes()[29, 1]).all()
    np.testing.assert_array_equal(moved[:, [0, 2, 3]], wishes()[:, [0, 2, 3]])
    np.testing.assert_array_equal(moved[60:], wishes()[60:])


def test_a_joint_that_sticks_from_the_start_stays_at_rest():
    moved = applied(effects_of(written("action.stuck", field="grip")), wishes(), rest=LOW)
    assert (moved[:, 3] == LOW[3]).all()


# The clock.


def test_a_slow_control_loop_fetches_one_command_in_a_period():
    source = effects_of(written("timing.control_rate", period="4 steps")).action_source
    fetched = np.flatnonzero(source == OWN)
    assert set(np.diff(fetched)) == {4} or set(np.diff(fetched[1:])) == {4}
    assert (OWN - source).max() == 3


def test_a_slow_control_loop_never_goes_back_in_time():
    for seed in range(8):
        fault = written("timing.control_rate", period="7 steps", window=WINDOW)
        assert (np.diff(effects_of(fault, seed=seed).action_source) >= 0).all()


def test_latency_jitter_has_its_mean_and_a_tail():
    drawn = [effects_of(written("timing.jitter", mean="300 ms"), seed=seed).latency for seed in range(20)]
    assert np.mean(drawn) == pytest.approx(3, rel=0.1)
    assert np.max(drawn) > 12
    assert np.min(drawn) == 0


def test_latency_and_its_jitter_add_up():
    fixed, random = written("timing.latency", latency="2 steps"), written("timing.jitter", mean="100 ms")
    np.testing.assert_array_equal(effects_of(fixed, random).latency, effects_of(random).latency + 2)


# The model.


def test_what_acts_on_the_model_stands_in_its_dynamics():
    slip = written("dynamics.slip", factor=0.3, window=WINDOW)
    heavy = written("dynamics.payload", mass="300 g"), written("dynamics.payload", mass="200 g", name="cable")
    slope = written("dynamics.tilt", angle="5 deg", direction=[1, 0])
    dynamics = effects_of(slip, *heavy, slope, specimen("dynamics.scale", 3)).dynamics
    assert dynamics.windowed == (("object_friction", 0.3, 30, 60),)
    assert dynamics.payload == pytest.approx(0.5)
    assert dynamics.tilt == pytest.approx((np.deg2rad(5), 0))
    assert dynamics.scales == (("object_mass", 3.0),)


@pytest.mark.parametrize("fault", ["dynamics.payload", "dynamics.tilt", "dynamics.slip"])
def test_what_only_mujoco_can_do_is_refused_elsewhere(contract, fault):
    with pytest.raises(ManifestError, match=r"expected a task on MuJoCo; got none 1\.0"):
        check([specimen(fault)], contract, "here")


def test_the_damping_of_the_robot_can_be_scaled_on_every_mujoco_task(contract):
    fault = written("dynamics.scale", parameter="robot_damping", severity=2)
    check([fault], ARM, "here")
    with pytest.raises(ManifestError, match="unknown dynamics parameter 'robot_damping'"):
        check([fault], contract, "here")


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (written("action.swap", field="grip"), r"axes; expected a component from 0 to 0; got 1"),
        (written("action.swap", axes=[1, 1]), r"axes; expected two components; got 1 twice"),
        (written("action.stuck", component=1), r"component; expected a `field` with it"),
        (written("action.stuck", field="target", component=3), r"component; expected a component from 0 to 2; got 3"),
        (written("action.stuck", duration="1 s", window={"length": "1 s"}), r"window; expected no `length`"),
        (written("action.rate_limit", rate="5 cm/s"), r"expected a quantity in %/s, the unit of field 'grip', or a sh"),
        (written("action.bias", field="grip", bias="5 cm"), r"expected a quantity in %, the unit of field 'grip'; got"),
        (written("observation.noise", std="1 cm"), r"in %, the unit of field 'heading', or a share such as '2 % of ra"),
        (written("observation.scale", field="tipp", factor=2), r"unknown observation field 'tipp'"),
    ],
)
def test_what_does_not_fit_the_task_is_refused_in_one_line(fault, message):
    with pytest.raises(ManifestError, match=message):
        check([fault], ARM, "here")


def test_two_swaps_do_not_fit_into_one_episode():
    swaps = written("action.swap", field="target"), written("action.swap", field="target", name="more", axes=[1, 2])
    with pytest.raises(ManifestError, match=r"at most one action\.swap on arm-v1; got 2"):
        check(swaps, ARM, "here")
