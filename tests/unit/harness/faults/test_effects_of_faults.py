"""What each fault does to an episode."""

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

from harness.errors import ManifestError
from harness.faults.catalogue import AnyFault
from harness.faults.effects import nominal
from harness.faults.realise import realise
from harness.quantities import Duration


def fault(identity, **parameters):
    return TypeAdapter(AnyFault).validate_python({"fault": identity, **parameters})


@pytest.fixture
def realised(contract, scene):
    return lambda *faults, seed=1: realise(contract, faults, seed=seed, scene=scene, replicate=0)


def test_no_fault_is_nominal(contract, realised):
    for name, value in vars(nominal(contract)).items():
        np.testing.assert_equal(getattr(realised().effects, name), value)


def test_all_frames_dropped_leaves_the_first_and_counts_the_rest(contract, realised):
    outcome = realised(fault("observation.frame_drop", probability=1))
    assert set(outcome.effects.observation_source) == {0}
    assert outcome.record[0]["realised"] == {"start": 0, "stop": 60, "dropped": 59}


def test_a_frozen_sensor_thaws_after_its_window(realised):
    window = {"start": "10 steps", "stop": "20 steps"}
    source = realised(fault("observation.frame_drop", probability=1, window=window)).effects.observation_source
    assert source[8:22].tolist() == [8, 9, *[9] * 10, 20, 21]


def test_frames_are_lost_before_they_are_late(realised):
    drop = fault("observation.frame_drop", probability=0.5)
    alone = realised(drop).effects.observation_source
    both = realised(fault("observation.delay", delay="300 ms"), drop).effects.observation_source
    np.testing.assert_array_equal(both[3:], alone[:-3])
    assert set(both[:3]) == {0}


def test_delays_of_two_links_add(realised):
    links = (fault("observation.delay", delay="2 steps"), fault("observation.delay", delay="3 steps", name="second"))
    assert realised(*links).effects.observation_source[20] == 15


def test_noise_has_its_deviation_on_its_field_only(realised):
    offset = realised(fault("observation.noise", field="tip", std="1 cm")).effects.observation_offset
    assert offset[:, :3].std() == pytest.approx(0.01, rel=0.2)
    assert len(np.unique(offset[:, :3])) == 180
    assert not offset[:, 3].any()


def test_twice_the_deviation_is_twice_the_same_noise(realised):
    one = realised(fault("observation.noise", field="tip", std="1 cm")).effects.observation_offset
    two = realised(fault("observation.noise", field="tip", std="2 cm")).effects.observation_offset
    np.testing.assert_allclose(two, 2 * one, rtol=1e-6)


def test_a_bias_is_constant_and_of_its_length(realised):
    outcome = realised(fault("observation.bias", field="tip", bias="2 cm"))
    offset = outcome.effects.observation_offset
    assert (offset == offset[0]).all()
    assert np.linalg.norm(offset[0, :3]) == pytest.approx(0.02)
    assert outcome.record[0]["realised"]["error"] == offset[0, :3].tolist()


def test_the_bias_of_one_component_is_a_sign(realised):
    signs = {
        float(realised(fault("observation.bias", field="grip", bias="5 %"), seed=seed).effects.observation_offset[0, 3])
        for seed in range(20)
    }
    assert sorted(signs) == pytest.approx([-0.05, 0.05])


def test_a_given_direction_is_kept(realised):
    offset = realised(fault("observation.bias", field="tip", bias="2 cm", direction=[0, -3, 0])).effects
    np.testing.assert_allclose(offset.observation_offset[7], [0, -0.02, 0, 0], rtol=1e-6)


def test_a_late_command_leaves_the_rest_action_at_first(realised):
    source = realised(fault("action.delay", delay="200 ms")).effects.action_source
    assert source[:5].tolist() == [-1, -1, 0, 1, 2]


def test_lost_commands_hold_the_last_one_or_the_rest_action(realised):
    source = realised(fault("action.dropout", probability=1, window={"stop": "5 steps"})).effects.action_source
    assert source[:7].tolist() == [-1] * 5 + [5, 6]


def test_action_noise_has_its_deviation_on_its_field_only(realised):
    offset = realised(fault("action.noise", field="target", std="5 mm")).effects.action_offset
    assert offset[:, 0].std() == pytest.approx(0.005, rel=0.3)
    assert not offset[:, 1].any()


def test_saturation_leaves_a_part_of_the_range_around_its_centre(realised):
    effects = realised(fault("action.saturation", range="50 %")).effects
    np.testing.assert_allclose(effects.action_low[0], [-0.1, 0.25], atol=1e-7)
    np.testing.assert_allclose(effects.action_high[0], [0.3, 0.75], atol=1e-7)


def test_limits_intersect(realised):
    wide, narrow = fault("action.saturation", range="80 %"), fault("action.saturation", range="20 %", field="grip")
    effects = realised(wide, narrow).effects
    np.testing.assert_allclose(effects.action_low[0], [0.1 - 0.8 * 0.4, 0.4], atol=1e-7)
    np.testing.assert_allclose(effects.action_high[0], [0.1 + 0.8 * 0.4, 0.6], atol=1e-7)
    wider = realised(fault("action.saturation", range="20 %"), fault("action.saturation", range="80 %", field="grip"))
    np.testing.assert_allclose(wider.effects.action_low[0], [0.1 - 0.2 * 0.4, 0.4], atol=1e-7)
    np.testing.assert_allclose(wider.effects.action_high[0], [0.1 + 0.2 * 0.4, 0.6], atol=1e-7)


def test_nothing_left_of_the_range_is_its_centre(realised):
    effects = realised(fault("action.saturation", range=0)).effects
    np.testing.assert_array_equal(effects.action_low, effects.action_high)


@pytest.mark.parametrize("text", ["0 ms", "10 ms", "250 ms", "349 ms", "7 steps"])
def test_a_fixed_latency_is_a_duration_in_steps(contract, realised, text):
    steps = Duration.parse(text).to_steps(contract.control_period_s)
    assert set(realised(fault("timing.latency", latency=text)).effects.latency) == {steps}


def test_a_latency_range_is_drawn_per_step_and_latencies_add(realised):
    ranged = fault("timing.latency", latency=["100 ms", "500 ms"])
    alone = realised(ranged).effects.latency
    assert set(alone) == {1, 2, 3, 4, 5}
    both = realised(ranged, fault("timing.latency", latency="2 steps", name="network")).effects.latency
    np.testing.assert_array_equal(both, alone + 2)


def test_factors_multiply_and_stay_in_their_range(realised):
    ranged = fault("dynamics.scale", parameter="object_mass", factor=[0.5, 2])
    factors = [realised(ranged, seed=seed).record[0]["realised"]["factor"] for seed in range(200)]
    assert 0.5 <= min(factors) < 0.6 < 1.9 < max(factors) <= 2
    more = fault("dynamics.scale", parameter="object_mass", factor=3, name="more")
    other = fault("dynamics.scale", parameter="object_friction", factor=0.5)
    scales = realised(ranged, more, other).effects.dynamics.scales
    assert scales == (("object_friction", 0.5), ("object_mass", 3 * realised(ranged).effects.dynamics.scales[0][1]))


def test_a_push_has_its_force_for_its_length_somewhere_in_its_window(realised):
    window = {"start": "10 steps", "stop": "30 steps", "length": "500 ms"}
    starts = set()
    for seed in range(300):
        outcome = realised(fault("dynamics.push", force="2 N", window=window), seed=seed)
        pushed = np.flatnonzero(outcome.effects.push.any(axis=1))
        assert (len(pushed), pushed[-1] - pushed[0]) == (5, 4)
        assert outcome.record[0]["realised"]["start"] == pushed[0]
        np.testing.assert_allclose(np.linalg.norm(outcome.effects.push[pushed], axis=1), 2)
        starts.add(int(pushed[0]))
    assert starts == set(range(10, 26))


def test_pushes_add(realised):
    east, north = (
        fault("dynamics.push", force="3 N", direction=[1, 0], name="east"),
        fault("dynamics.push", force="4 N", direction=[0, 1], name="north"),
    )
    np.testing.assert_allclose(realised(east, north).effects.push[5], [3, 4])


def test_the_object_is_shifted_once_at_a_step_of_the_window(realised):
    shift = fault("scene.object_shift", distance="4 cm", window={"start": "10 steps", "stop": "14 steps"})
    outcomes = [realised(shift, seed=seed).effects for seed in range(100)]
    assert {effects.shift_step for effects in outcomes} == {10, 11, 12, 13}
    np.testing.assert_allclose([np.linalg.norm(effects.shift) for effects in outcomes], 0.04)
    assert np.abs(np.mean([effects.shift for effects in outcomes], axis=0)).max() < 0.01


def test_two_shifts_are_refused(realised):
    with pytest.raises(ManifestError, match="at most one object shift"):
        realised(
            fault("scene.object_shift", distance="4 cm"), fault("scene.object_shift", distance="1 cm", name="second")
        )


def test_a_record_gives_parameters_with_units_in_si(realised):
    (entry,) = realised(fault("observation.frame_drop", probability="60 %", burst="80 ms", name="link")).record
    assert entry["identity"] == "observation.frame_drop/link"
    assert entry["params"] == {"window": {"start": "0 %", "stop": "100 %"}, "probability": 0.6, "burst": "0.08 s"}


def test_a_fault_is_frozen_and_closed():
    drop = fault("observation.frame_drop", probability=1)
    with pytest.raises(ValidationError, match="frozen"):
        drop.probability = 0
    with pytest.raises(ValidationError, match="extra"):
        fault("observation.frame_drop", probability=1, brust="2 steps")
