"""What holds for every set of faults: order, independence, purity, and arrays that the step loop can trust."""

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from harness.contract.fields import bounds
from harness.contract.task import Scene
from harness.faults.catalogue import AnyFault
from harness.faults.effects import nominal
from harness.faults.realise import effects_digest, realise
from harness.hashing import content_hash

POOL = [
    {"fault": "observation.frame_drop", "probability": 0.4, "burst": "2 steps"},
    {"fault": "observation.frame_drop", "probability": 0.2, "name": "second-link", "window": {"stop": "50 %"}},
    {"fault": "observation.delay", "delay": "300 ms", "window": {"start": "1 s", "stop": "4 s"}},
    {"fault": "observation.noise", "field": "tip", "std": "1 cm", "window": {"start": "5 steps", "stop": "30 steps"}},
    {"fault": "observation.bias", "field": "tip", "bias": "2 cm"},
    {"fault": "observation.bias", "field": "grip", "bias": "5 %", "window": {"length": "1 s"}},
    {"fault": "action.dropout", "probability": 0.3, "burst": "200 ms", "window": {"start": "1 s", "stop": "5 s"}},
    {"fault": "action.delay", "delay": "2 steps", "window": {"start": "50 %"}},
    {"fault": "action.noise", "field": "target", "std": "5 mm", "window": {"start": "5 steps", "stop": "30 steps"}},
    {"fault": "action.saturation", "range": "60 %"},
    {"fault": "action.saturation", "range": "30 %", "field": "target", "window": {"start": "50 %"}},
    {"fault": "timing.latency", "latency": ["100 ms", "500 ms"]},
    {"fault": "timing.latency", "latency": "1 steps", "name": "network", "window": {"stop": "1 s"}},
    {"fault": "dynamics.scale", "parameter": "object_mass", "factor": [0.5, 2]},
    {"fault": "dynamics.scale", "parameter": "object_mass", "factor": 3, "name": "more"},
    {"fault": "dynamics.push", "force": "2 N", "window": {"start": "10 %", "stop": "80 %", "length": "500 ms"}},
    {"fault": "dynamics.push", "force": "1 N", "direction": [0, 2], "name": "wind"},
    {"fault": "scene.object_shift", "distance": "4 cm", "window": {"start": "10 steps", "stop": "20 steps"}},
]
FAULTS = TypeAdapter(tuple[AnyFault, ...]).validate_python(POOL)
ARRAYS = {
    "observation.frame_drop": "observation_source",
    "observation.delay": "observation_source",
    "observation.noise": "observation_offset",
    "observation.bias": "observation_offset",
    "action.dropout": "action_source",
    "action.delay": "action_source",
    "action.noise": "action_offset",
    "action.saturation": "action_low",
    "timing.latency": "latency",
    "dynamics.scale": "dynamics",
    "dynamics.push": "push",
    "scene.object_shift": "shift",
}
WINDOWED = (
    "observation_source",
    "observation_offset",
    "action_source",
    "action_offset",
    "action_low",
    "action_high",
    "latency",
    "push",
)
subsets = st.lists(st.sampled_from(FAULTS), unique_by=lambda fault: fault.identity)
scenes = st.integers(0, 50).map(lambda index: Scene("reach-v1", "heldout", index, {}))


@given(subsets, st.randoms(use_true_random=False))
def test_the_order_in_a_manifest_does_not_matter(contract, scene, faults, random):
    shuffled = list(faults)
    random.shuffle(shuffled)
    first = realise(contract, faults, seed=1, scene=scene, replicate=0)
    second = realise(contract, shuffled, seed=1, scene=scene, replicate=0)
    assert (first.digest, first.record) == (second.digest, second.record)


@given(subsets.filter(bool), st.data())
def test_removing_a_fault_never_changes_what_another_drew(contract, scene, faults, data):
    removed = data.draw(st.sampled_from(faults))
    kept = [fault for fault in faults if fault is not removed]
    drawn = {entry["identity"]: entry for entry in realise(contract, faults, seed=1, scene=scene, replicate=0).record}
    after = {entry["identity"]: entry for entry in realise(contract, kept, seed=1, scene=scene, replicate=0).record}
    assert after == {identity: entry for identity, entry in drawn.items() if identity != removed.identity}


@given(subsets, st.sampled_from(FAULTS))
def test_a_fault_leaves_other_arrays_alone(contract, scene, faults, extra):
    others = [fault for fault in faults if ARRAYS[fault.fault] != ARRAYS[extra.fault]]
    without = realise(contract, others, seed=1, scene=scene, replicate=0).effects
    within = realise(contract, [*others, extra], seed=1, scene=scene, replicate=0).effects
    touched = {ARRAYS[extra.fault], *(("action_high",) if extra.fault == "action.saturation" else ())}
    touched |= {"shift_step"} if extra.fault == "scene.object_shift" else set()
    for field in fields(without):
        if field.name not in touched:
            np.testing.assert_equal(getattr(within, field.name), getattr(without, field.name))


@given(subsets, scenes, st.integers(0, 3))
def test_equal_keys_give_equal_bits_whatever_ran_before(contract, faults, scene, replicate):
    first = realise(contract, faults, seed=1, scene=scene, replicate=replicate)
    realise(contract, FAULTS, seed=2, scene=scene, replicate=replicate + 1)
    assert realise(contract, faults, seed=1, scene=scene, replicate=replicate).digest == first.digest


@given(subsets, scenes)
def test_the_arrays_keep_what_effects_promise(contract, faults, scene):
    effects = realise(contract, faults, seed=1, scene=scene, replicate=0).effects
    steps, (low, high) = np.arange(contract.horizon), bounds(contract.action)
    for source, first in ((effects.observation_source, 0), (effects.action_source, -1)):
        assert (source >= first).all()
        assert (source <= steps).all()
        assert (np.diff(source) >= 0).all()
    assert effects.observation_source[0] == 0
    assert (low <= effects.action_low).all()
    assert (effects.action_low <= effects.action_high).all()
    assert (effects.action_high <= high).all()
    assert (effects.latency >= 0).all()
    assert -1 <= effects.shift_step < contract.horizon
    expected = nominal(contract)
    for field in fields(effects):
        one, other = getattr(effects, field.name), getattr(expected, field.name)
        if isinstance(other, np.ndarray):
            assert (one.dtype, one.shape) == (other.dtype, other.shape)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.identity)
def test_seed_scene_and_replicate_each_change_the_draws(contract, scene, fault):
    drawn = {
        realise(contract, [fault], seed=seed, scene=Scene("reach-v1", split, index, {}), replicate=replicate).digest
        for seed, split, index, replicate in [
            (1, "heldout", 3, 0),
            (2, "heldout", 3, 0),
            (1, "stress", 3, 0),
            (1, "heldout", 4, 0),
            (1, "heldout", 3, 1),
        ]
    }
    fixed = fault.identity in {
        "observation.delay",
        "action.delay",
        "action.saturation",
        "action.saturation/target",
        "timing.latency/network",
        "dynamics.scale/object_mass/more",
        "dynamics.push/wind",
    }
    assert len(drawn) == (1 if fixed else 5)


@given(st.sampled_from([fault for fault in FAULTS if hasattr(fault, "window")]))
def test_nothing_happens_outside_the_window(contract, scene, fault):
    entry = realise(contract, [fault], seed=1, scene=scene, replicate=0)
    baseline, start = nominal(contract), fault.window.limits(contract)[0]
    stop = fault.window.limits(contract)[1]
    for name in WINDOWED:
        one, other = getattr(entry.effects, name), getattr(baseline, name)
        np.testing.assert_array_equal(one[:start], other[:start])
        np.testing.assert_array_equal(one[stop:], other[stop:])
    assert any(not np.array_equal(getattr(entry.effects, name), getattr(baseline, name)) for name in WINDOWED) or (
        start <= entry.effects.shift_step < stop
    )


def test_no_two_faults_draw_the_same_numbers(contract, scene):
    drops = [{"fault": "observation.frame_drop", "probability": 0.5, "name": name} for name in ("one", "two")]
    bound = TypeAdapter(tuple[AnyFault, ...]).validate_python([*drops, {"fault": "action.dropout", "probability": 0.5}])
    effects = [realise(contract, [fault], seed=1, scene=scene, replicate=0).effects for fault in bound]
    kept = [*(set(item.observation_source) for item in effects[:2]), set(effects[2].action_source)]
    assert all(len(one ^ other) > 10 for one, other in zip(kept, [*kept[1:], kept[0]], strict=True))


def test_faults_of_other_tasks_are_left_out(contract, scene):
    fault = TypeAdapter(AnyFault).validate_python(POOL[0] | {"task": "other-v1"})
    realised = realise(contract, [fault], seed=1, scene=scene, replicate=0)
    assert realised.record == ()
    assert realised.digest == effects_digest(nominal(contract))


def test_a_fault_bound_to_the_task_draws_what_the_unbound_one_draws(contract, scene):
    bound = TypeAdapter(AnyFault).validate_python(POOL[0] | {"task": "reach-v1"})
    digests = {realise(contract, [fault], seed=1, scene=scene, replicate=0).digest for fault in (bound, FAULTS[0])}
    assert len(digests) == 1


def test_the_digest_sees_every_bit(contract):
    effects = nominal(contract)
    before = effects_digest(effects)
    effects.observation_offset[5, 2] = np.nextafter(np.float32(0), np.float32(1))
    assert effects_digest(effects) != before


def test_documents_of_the_first_faults_never_change():
    """Panels hash them: a parameter that comes later must hide at its default (`Fault.added`)."""
    assert content_hash([fault.model_dump(mode="json") for fault in FAULTS]) == "c95df5cab7e1aab5ee86f00a36d55e91"
