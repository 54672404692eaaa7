"""Law 6: latency is virtual; wall-clock time is measured and decides nothing."""

import itertools
import time

import numpy as np
from fakes.policies import Slow, Steady
from fakes.scenario import CONDITIONS, assignments, digests, roll, row_of
from hypothesis import given
from hypothesis import strategies as st

from harness.artifact.schema import COLUMNS, measured_columns
from harness.contract.policy import Execution


@given(jumps=st.lists(st.floats(0, 1e4), min_size=1, max_size=8), condition=st.sampled_from(CONDITIONS))
def test_no_clock_reading_changes_a_digest(jumps, condition):
    expected = digests(roll(assignments([condition])))
    clock = itertools.accumulate(itertools.cycle(jumps))
    real = time.perf_counter, time.monotonic, time.time
    try:
        time.perf_counter = time.monotonic = time.time = lambda: next(clock)
        jumpy = digests(roll(assignments([condition])))
    finally:
        time.perf_counter, time.monotonic, time.time = real
    assert jumpy == expected


def test_a_slow_policy_gets_the_same_rows_but_for_what_was_measured():
    quick, slow = roll(assignments(["slow"], [0])), roll(assignments(["slow"], [0]), Slow())
    one, other = row_of(*quick.values(), condition="slow"), row_of(*slow.values(), condition="slow")
    for name in (column.name for column in COLUMNS):
        if name == "trace":
            for key, value in one["trace"].items():
                np.testing.assert_equal(other["trace"][key], value)
        elif name not in measured_columns():
            np.testing.assert_equal(other.get(name), one.get(name), err_msg=name)
    assert other["inference_ms"] > 2 > one["inference_ms"]


def test_queries_over_the_budget_are_counted_and_nothing_else(monkeypatch):
    # The clock is read twice a query; the fake's budget is 50 ms.
    monkeypatch.setattr(time, "perf_counter", itertools.count(0, 0.06).__next__)
    [rollout] = roll(assignments(scenes=[0]), lanes=1).values()
    row = row_of(rollout)
    assert row["over_budget"] == row["queries"] > 0
    assert row["deadline_misses"] == 0
    assert row["inference_ms"] > 50


def test_virtual_latency_delays_plans_and_misses_deadlines():
    [rollout] = roll(assignments(["glacial"], [0]), Steady(chunk=4), execution=Execution(execute=2)).values()
    row = row_of(rollout, condition="glacial")
    assert row["latency_steps"] == 7
    assert row["deadline_misses"] > 0
    assert (rollout.plan_step[:7] == -1).all()
    assert rollout.query_steps[1] == 9
    np.testing.assert_array_equal(rollout.commanded[:7], np.repeat(rollout.commanded[:1], 7, axis=0))


def test_measured_columns_are_the_wall_clock_ones():
    assert set(measured_columns()) == {"inference_ms", "inference_ms_max", "over_budget"}
