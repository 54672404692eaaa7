"""Numbers read off rollouts whose answer can be seen."""

from dataclasses import replace

import numpy as np
import pytest
from fakes.policies import Still
from fakes.scenario import CONTRACT, assignment, roll
from hypothesis import given
from hypothesis import strategies as st

from harness.demonstrations import Demonstrations
from harness.evidence.exposure import EXPOSURE, exposure
from harness.evidence.familiarity import Familiarity
from harness.evidence.measures import action_error, jerk, recovery, saturation


@pytest.fixture(scope="module")
def still():
    return roll([assignment()], Still())["nominal/0/0"]


def condition(name, scene=1):
    return roll([assignment(name, scene)], Still())[f"{name}/{scene}/0"]


def empty(rollout):
    return replace(
        rollout, applied=rollout.applied[:0], commanded=rollout.commanded[:0], query_steps=rollout.query_steps[:0]
    )


def test_saturation_is_the_share_of_steps_at_which_a_limit_cut(still):
    commanded = np.zeros((40, 2), np.float32)
    commanded[10:20, 1] = 2.5
    assert saturation(replace(still, commanded=commanded)) == 0.25
    assert saturation(still) == 0
    assert np.isnan(saturation(empty(still)))


def test_a_command_at_the_limit_is_not_cut(still):
    assert saturation(replace(still, commanded=np.full((40, 2), 2, np.float32))) == 0


def test_action_error_is_a_share_of_the_range(still):
    applied = still.commanded.copy()
    applied[:, 0] += 1
    assert action_error(replace(still, applied=applied), CONTRACT) == pytest.approx(0.5 / 4)
    assert np.isnan(action_error(empty(still), CONTRACT))


def test_jerk_of_a_cubic_is_its_third_difference(still):
    t = np.arange(40, dtype=np.float32)[:, None]
    cubic = np.repeat(t**3, 2, axis=1)
    assert jerk(replace(still, applied=cubic), CONTRACT) == pytest.approx(6 / 4, rel=1e-2)
    assert jerk(replace(still, applied=np.repeat(t**2, 2, axis=1)), CONTRACT) == pytest.approx(0, abs=1e-3)
    assert np.isnan(jerk(replace(still, applied=cubic[:3]), CONTRACT))


def progressing(rollout, progress, success=()):
    signals = np.zeros((len(progress), 4), np.float32)
    signals[:, 0] = progress
    solved = np.isin(np.arange(len(progress)), success)
    return replace(rollout, signals=signals, success=solved, applied=rollout.applied[: len(progress)])


CASES = {
    "resumes": ([0.1, 0.2, 0.2, 0.2, 0.3], (), (1, 3), (True, 2)),
    "resumes at once": ([0.1, 0.2, 0.2, 0.3, 0.3], (), (1, 3), (True, 1)),
    "never": ([0.1, 0.2, 0.2, 0.2, 0.2], (), (1, 3), (False, None)),
    "falls": ([0.1, 0.5, 0.5, 0.4, 0.45], (), (1, 3), (False, None)),
    "solved after the window": ([0.5, 0.5, 0.5, 0.5, 0.5], (4,), (1, 3), (True, 2)),
    "solved within the window": ([0.1, 0.2], (1,), (1, 3), (True, None)),
    "over before the window": ([0.1, 0.2], (1,), (3, 4), (None, None)),
    "over within the window": ([0.1, 0.2], (), (1, 3), (None, None)),
}


@pytest.mark.parametrize(("progress", "success", "window", "expected"), CASES.values(), ids=CASES)
def test_recovery(still, progress, success, window, expected):
    found = recovery(progressing(still, progress, success), CONTRACT, *window)
    assert (found.recovered, found.steps) == expected
    assert (found.start, found.stop) == window


EXPOSED = {
    "drops": ("stale_share", 0.2, 0.8),
    "late": ("frame_age", 3, 3),
    "noise": ("observation_error", 0.008, 0.02),
    "bias": ("observation_error", 0.03, 0.075),
    "slow": ("latency", 1, 5),
    "glacial": ("latency", 7, 7),
    "command-delay": ("command_delay", 2.5, 3.1),
    "command-drops": ("action_fault", 0.2, 0.8),
    "action-noise": ("action_offset", 0.008, 0.02),
    "heavy": ("dynamics", 1, 2),
    "push": ("push", 3, 3),
    "shift": ("shift", 0.4, 0.4),
}


@pytest.mark.parametrize("name", EXPOSED)
def test_a_fault_shows_in_its_own_number(name):
    number, low, high = EXPOSED[name]
    found = exposure(condition(name), CONTRACT)
    assert set(found) == set(EXPOSURE)
    assert low - 1e-6 <= found[number] <= high + 1e-6
    related = {"command-delay": {"action_fault"}, "action-noise": {"action_fault"}}
    others = {key for key, value in found.items() if value} - {number} - related.get(name, set())
    assert others == set()


def test_no_fault_and_no_step_expose_to_nothing(still):
    assert set(exposure(still, CONTRACT).values()) == {0.0}
    assert set(exposure(empty(condition("everything")), CONTRACT).values()) == {0.0}


def test_a_constant_delay_is_late_and_not_stale():
    assert exposure(condition("late"), CONTRACT)["stale_share"] == 0


def demonstrated(rng, episodes=6, length=80):
    walks = tuple(rng.standard_normal((length, 6)).cumsum(axis=0).astype(np.float32) for _ in range(episodes))
    return Demonstrations(walks, tuple(walk[:, :2] for walk in walks), tuple(range(episodes)), {})


@given(seed=st.integers(0, 50))
def test_what_was_demonstrated_is_near_and_what_was_not_is_far(seed):
    data = demonstrated(np.random.default_rng(seed))
    measure = Familiarity(data)
    assert measure.distance(data.observations[2]) == 0
    distances = [measure.distance(data.observations[0] + np.float32(offset)) for offset in (100, 1000)]
    assert 1.5 < distances[0] < distances[1]


def test_the_scale_of_a_component_does_not_matter():
    rng = np.random.default_rng(1)
    data = demonstrated(rng)
    scale = np.array([1, 10, 100, 1, 0.5, 2], np.float32)
    scaled = replace(data, observations=tuple(item * scale for item in data.observations))
    visited = data.observations[0] + rng.standard_normal((80, 6)).astype(np.float32) * 5
    assert Familiarity(scaled).distance(visited * scale) == pytest.approx(Familiarity(data).distance(visited), rel=1e-3)


def test_one_demonstration_is_enough():
    measure = Familiarity(demonstrated(np.random.default_rng(0), episodes=1))
    assert np.isfinite(measure.distance(np.zeros((3, 6), np.float32)))


def test_a_start_is_measured_by_the_starts_of_the_demonstrations():
    rng = np.random.default_rng(2)
    starts = rng.uniform(0, 1, (60, 6)).astype(np.float32)
    starts[:, 3] = 5.0  # the same everywhere: says nothing
    walks = tuple(np.concatenate([start[None], start[None] + 40]) for start in starts)
    data = Demonstrations(walks, tuple(walk[:, :2] for walk in walks), tuple(range(60)), {})
    measure = Familiarity(data)
    assert measure.start(starts[7]) == 0
    inside = rng.uniform(0, 1, (200, 6)).astype(np.float32)
    assert np.mean([measure.start(item) < 1 for item in inside]) > 0.9
    assert all(measure.start(item + np.float32(2)) > 1 for item in inside)
    assert measure.start(starts[7] + np.array([0, 0, 0, 9, 0, 0], np.float32)) == 0
    assert measure.start(walks[0][1]) > 1  # a demonstrated frame, but no start
