"""The hash chain names the first step that differs, and nothing measured enters it."""

from dataclasses import replace

import numpy as np
import pytest
from fakes.scenario import assignment, roll
from hypothesis import given
from hypothesis import strategies as st

from harness.artifact.digest import chain


def hashes(rollout, **changes):
    return chain(rollout, **{"policy_hash": "p", "faults_hash": "f", "outcome": "success"} | changes)


@pytest.fixture(scope="module")
def rollout():
    return roll([assignment("everything", 1)])["everything/1/0"]


SERIES = ("commanded", "applied", "signals", "states", "obs_id")


@given(name=st.sampled_from(SERIES), step=st.integers(0, 20))
def test_the_first_link_that_differs_is_the_step_that_was_changed(rollout, name, step):
    values = getattr(rollout, name).copy()
    values[step + (name == "states")] += 1
    changed, original = hashes(replace(rollout, **{name: values})), hashes(rollout)
    differs = [a != b for a, b in zip(changed.links, original.links, strict=True)]
    assert differs == [t >= step for t in range(rollout.steps)]
    assert changed.digest != original.digest
    assert (changed.states != original.states) == (name == "states")


def test_a_query_that_saw_something_else_shows_at_its_step(rollout):
    other = (rollout.query_hashes[0], b"12345678", *rollout.query_hashes[2:])
    changed, original = hashes(replace(rollout, query_hashes=other)), hashes(rollout)
    first = next(t for t, (a, b) in enumerate(zip(changed.links, original.links, strict=True)) if a != b)
    assert first == rollout.query_steps[1]


@pytest.mark.parametrize("change", [{"policy_hash": "q"}, {"faults_hash": "g"}, {"outcome": "failure"}])
def test_who_acted_and_how_it_ended_enter(rollout, change):
    assert hashes(rollout, **change).digest != hashes(rollout).digest


def test_the_episode_and_its_start_enter(rollout):
    renamed = replace(rollout, assignment=replace(rollout.assignment, episode="other"))
    states = rollout.states.copy()
    states[0] += 1
    assert len({hashes(r).digest for r in (rollout, renamed, replace(rollout, states=states))}) == 3


def test_measured_times_do_not_enter(rollout):
    assert hashes(replace(rollout, inference_ms=rollout.inference_ms * 7)) == hashes(rollout)


def test_a_bit_of_a_float_is_enough(rollout):
    applied = rollout.applied.copy()
    applied[3, 0] = np.nextafter(applied[3, 0], np.float32(9))
    assert hashes(replace(rollout, applied=applied)).digest != hashes(rollout).digest
