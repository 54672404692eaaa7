"""What holds for every fault of the catalogue, at every severity, alone and beside all others."""

from dataclasses import fields, is_dataclass, replace

import numpy as np
import pytest
from fakes.arm import ARM, SCENE, SPECIMENS, STEPS, applied, delivered, effects_of, specimen, wishes, world
from hypothesis import given
from hypothesis import strategies as st

from harness.contract.fields import bounds
from harness.contract.task import Dynamics
from harness.errors import ManifestError
from harness.faults import catalogue
from harness.faults.effects import nominal
from harness.faults.realise import effects_digest, realise

IDS = catalogue.ids()
WINDOWED = [fault for fault in IDS if "window" in catalogue.lookup(fault).model_fields]
LOW, HIGH = bounds(ARM.action)
WINDOW = {"start": "25 steps", "stop": "50 steps"}

subsets = st.lists(st.tuples(st.sampled_from(IDS), st.integers(1, 5)), unique_by=lambda item: item[0], max_size=12)


def agree(first, second):
    """Whether two effects, or parts of them, hold the same numbers."""
    if is_dataclass(first) and is_dataclass(second):
        return all(agree(getattr(first, item.name), getattr(second, item.name)) for item in fields(first))
    if isinstance(first, tuple) and isinstance(second, tuple):
        return len(first) == len(second) and all(map(agree, first, second))
    return np.array_equal(first, second) if isinstance(first, np.ndarray) else bool(first == second)


def test_every_fault_has_a_specimen():
    assert list(SPECIMENS) == IDS


@pytest.mark.parametrize("fault", IDS)
def test_a_specimen_passes_the_checks_of_its_task(fault):
    catalogue.check([specimen(fault)], ARM, "here")


@pytest.mark.parametrize("removed", IDS)
def test_removing_a_fault_changes_no_draw_of_another(removed):
    whole = [specimen(fault) for fault in IDS]
    fewer = [fault for fault in whole if fault.fault != removed]
    first, second = (realise(ARM, faults, seed=1, scene=SCENE, replicate=0).record for faults in (whole, fewer))
    assert tuple(entry for entry in first if entry["id"] != removed) == second


@pytest.mark.parametrize("fault", IDS)
def test_severity_zero_is_the_identity(fault):
    """Two are told apart in the arrays, but do nothing: a factor of one and a shift by nothing."""
    effects = effects_of(specimen(fault, severity=0))
    if fault == "dynamics.scale":
        assert effects.dynamics.scales == (("object_mass", 1.0),)
        effects = replace(effects, dynamics=Dynamics())
    if fault == "scene.object_shift":
        assert not effects.shift.any()
        effects = replace(effects, shift_step=-1, shift=np.zeros(2))
    assert effects_digest(effects) == effects_digest(nominal(ARM))


@pytest.mark.parametrize("fault", IDS)
@pytest.mark.parametrize("severity", range(1, 6))
def test_every_level_does_something(fault, severity):
    effects = [effects_of(specimen(fault, severity), replicate=replicate) for replicate in range(4)]
    assert any(effects_digest(item) != effects_digest(nominal(ARM)) for item in effects)


@given(subsets, st.integers(0, 20))
def test_what_is_applied_is_finite_and_inside_the_actuator_bounds(chosen, seed):
    effects = effects_of(*(specimen(fault, severity) for fault, severity in chosen), seed=seed)
    wild = wishes(seed) + np.random.default_rng(seed).normal(size=(STEPS, 4)).astype(np.float32)
    moved = applied(effects, wild)
    assert moved.dtype == np.float32
    assert np.isfinite(moved).all()
    assert (moved >= LOW).all()
    assert (moved <= HIGH).all()


@given(subsets, st.integers(0, 20))
def test_what_is_delivered_is_finite_and_never_from_the_future(chosen, seed):
    effects = effects_of(*(specimen(fault, severity) for fault, severity in chosen), seed=seed)
    measured = world(seed)
    seen = delivered(effects, measured)
    assert seen.dtype == np.float32
    assert np.isfinite(seen).all()
    steps = np.arange(STEPS)
    assert ((effects.observation_source >= 0) & (effects.observation_source <= steps)).all()
    assert (effects.action_source <= steps).all()
    for step in (0, 10, 40):
        later = measured.copy()
        later[step + 1 :] = np.nan
        np.testing.assert_array_equal(delivered(effects, later)[: step + 1], seen[: step + 1])


@pytest.mark.parametrize("fault", WINDOWED)
@pytest.mark.parametrize("seed", range(3))
def test_nothing_happens_outside_the_window(fault, seed):
    effects, plain = effects_of(specimen(fault, 5, window=WINDOW), seed=seed), nominal(ARM)
    outside = np.r_[0:25, 50:STEPS]
    measured, wanted = world(seed), wishes(seed)
    np.testing.assert_array_equal(delivered(effects, measured)[outside], measured[outside])
    np.testing.assert_array_equal(applied(effects, wanted)[outside], wanted[outside])
    for name in ("latency", "push"):
        np.testing.assert_array_equal(getattr(effects, name)[outside], getattr(plain, name)[outside])
    assert effects.shift_step == -1 or 25 <= effects.shift_step < 50
    assert all(25 <= start < stop <= 50 for _, _, start, stop in effects.dynamics.windowed)


@pytest.mark.parametrize("fault", WINDOWED)
def test_an_empty_window_is_refused(fault):
    with pytest.raises(ManifestError, match="window"):
        catalogue.check([specimen(fault, window={"start": "30 steps", "stop": "30 steps"})], ARM, "here")


@pytest.mark.parametrize("fault", IDS)
def test_severity_moves_the_strength_and_no_draw(fault):
    """The record of a fault at two severities says the same about where and which way."""
    one, other = (
        realise(ARM, [specimen(fault, severity)], seed=1, scene=SCENE, replicate=0).record[0]["realised"]
        for severity in (2, 4)
    )
    fixed = {"start", "stop", "step"} - ({"start", "stop"} if "duration" in specimen(fault).model_dump() else set())
    assert {key: one[key] for key in fixed & set(one)} == {key: other[key] for key in fixed & set(other)}
    for key in ("error", "offset", "force", "shift", "downhill"):
        if key in one:
            first, second = np.array(one[key]), np.array(other[key])
            assert np.allclose(first * np.linalg.norm(second), second * np.linalg.norm(first), atol=1e-6)


@given(subsets, st.randoms(use_true_random=False))
def test_the_order_in_a_manifest_does_not_matter(chosen, random):
    faults = [specimen(fault, severity) for fault, severity in chosen]
    shuffled = list(faults)
    random.shuffle(shuffled)
    assert effects_digest(effects_of(*faults)) == effects_digest(effects_of(*shuffled))


@given(subsets)
def test_the_digest_sees_what_the_arrays_hold(chosen):
    faults = [specimen(fault, severity) for fault, severity in chosen]
    first, second, other = effects_of(*faults), effects_of(*faults), effects_of(*faults, seed=2)
    assert agree(first, second)
    assert (effects_digest(first) == effects_digest(other)) == agree(first, other)
