"""What time does to a policy, on rows whose truth is known."""

from dataclasses import asdict

import numpy as np
import pytest

from harness.artifact.reader import open_artifact
from harness.reports.timing import COLUMNS, action_ages, timing

NAN = np.nan


def columns(**given):
    """Three rows, unknown but for what is given."""
    return {name: np.array(given.get(name, [NAN] * 3), float) for name in (*COLUMNS, "action_age")}


EVERY = np.ones(3, bool)


def test_means_weigh_by_what_they_are_means_of():
    found = timing(
        columns(
            queries=[1, 3, 0], latency_steps=[4, 0, NAN], steps=[10, 30, 0], deadline_misses=[10, 0, 0],
            observation_age=[2, 0, NAN], observation_age_max=[5, 1, NAN],
            action_age=[NAN, 3, NAN], over_budget=[1, 1, 0],
        ),
        EVERY,
    )  # fmt: skip
    assert (found.latency, found.misses, found.observation_age, found.observation_age_max) == (1.0, 25.0, 0.5, 5.0)
    assert (found.action_age, found.over_budget) == (3.0, 0.5)


def test_percentiles_are_over_episodes_and_the_maximum_is_the_longest_of_all():
    found = timing(columns(inference_ms=[1, 2, 21], inference_ms_max=[50, 9, 30]), EVERY)
    assert (found.inference_p50, found.inference_p95, found.inference_max) == (2.0, pytest.approx(19.1), 50.0)
    assert timing(columns(inference_ms=[1, 2, 21]), np.array([True, False, False])).inference_p95 == 1.0


def test_what_is_unknown_is_none_and_not_zero():
    assert set(asdict(timing(columns(), EVERY)).values()) == {None}
    assert set(asdict(timing(columns(steps=[1, 1, 1]), ~EVERY)).values()) == {None}
    bare = {name: column for name, column in columns().items() if name != "action_age"}
    assert timing(bare, EVERY).action_age is None


def test_action_ages_are_those_of_the_traces(fake_artifact):
    artifact = open_artifact(fake_artifact)
    found = action_ages(artifact)
    plans = [trace["plan_step"] for trace in artifact.columns("trace")["trace"].to_pylist()]
    for age, asked in zip(found, plans, strict=True):
        known = [step - query for step, query in enumerate(asked) if query >= 0]
        assert age == pytest.approx(sum(known) / len(known))
