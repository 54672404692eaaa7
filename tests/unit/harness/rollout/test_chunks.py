"""Chunks against a loop that was written without looking at the vectorised code."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.rollout.chunks import commands, store_plans


def make_lanes(count, ring, chunk, hold=0.0):
    return SimpleNamespace(
        plans=np.zeros((count, ring, chunk, 1), np.float32),
        plan_start=np.full((count, ring), -1, np.int64),
        plan_query=np.full((count, ring), -1, np.int64),
        hold=np.full((count, 1), hold, np.float32),
        t=np.zeros(count, np.int64),
    )


def give(lanes, lane, query, actions, latency=0):
    lanes.t[lane] = query
    plan = np.array(actions, np.float32).reshape(1, -1, 1)
    store_plans(lanes, np.array([lane]), plan, np.array([latency]))


def ask(lanes, first, stop, ensemble=None, lane=0):
    steps = np.arange(first, stop)[None]
    made = commands(lanes, np.array([lane]), steps, ensemble)
    return made.actions[0, :, 0].tolist(), made.plan_step[0].tolist(), made.chunk_index[0].tolist()


def test_a_plan_runs_open_loop():
    lanes = make_lanes(1, 2, 4)
    give(lanes, 0, 0, [10, 11, 12, 13])
    assert ask(lanes, 0, 4) == ([10, 11, 12, 13], [0, 0, 0, 0], [0, 1, 2, 3])


def test_the_newest_plan_takes_over_where_it_starts():
    lanes = make_lanes(1, 2, 4)
    give(lanes, 0, 0, [10, 11, 12, 13])
    give(lanes, 0, 2, [20, 21, 22, 23])
    assert ask(lanes, 2, 6) == ([20, 21, 22, 23], [2, 2, 2, 2], [0, 1, 2, 3])


def test_the_old_plan_runs_on_until_the_late_one_starts():
    lanes = make_lanes(1, 2, 4)
    give(lanes, 0, 0, [10, 11, 12, 13])
    give(lanes, 0, 2, [20, 21, 22, 23], latency=1)
    assert ask(lanes, 2, 5) == ([12, 20, 21], [0, 2, 2], [2, 0, 1])


def test_a_step_that_no_plan_covers_holds_the_last_command_and_counts_as_missed():
    lanes = make_lanes(1, 2, 3)
    give(lanes, 0, 0, [10, 11, 12])
    give(lanes, 0, 2, [20, 21, 22], latency=3)
    assert ask(lanes, 2, 7) == ([12, 12, 12, 20, 21], [0, -1, -1, 2, 2], [2, -1, -1, 0, 1])


def test_before_the_first_plan_the_held_action_is_commanded():
    lanes = make_lanes(1, 2, 3, hold=7)
    give(lanes, 0, 0, [10, 11, 12], latency=2)
    assert ask(lanes, 0, 3) == ([7, 7, 10], [-1, -1, 0], [-1, -1, 0])


def test_an_ensemble_holds_too():
    lanes = make_lanes(1, 3, 2, hold=7)
    give(lanes, 0, 0, [10, 11], latency=1)
    assert ask(lanes, 0, 5, ensemble=0.0)[0] == [7, 10, 11, 11, 11]


def test_lanes_do_not_mix():
    lanes = make_lanes(2, 2, 2)
    give(lanes, 0, 0, [10, 11])
    give(lanes, 1, 0, [20, 21])
    assert ask(lanes, 0, 2, lane=0)[0] == [10, 11]
    assert ask(lanes, 0, 2, lane=1)[0] == [20, 21]


def naive(plans, step, ensemble, held):
    """plans: (query, start, actions), oldest first; returns action, plan step and chunk index of one step of a lane."""
    covering = [
        (query, step - start, actions[step - start])
        for query, start, actions in plans
        if start <= step < start + len(actions)
    ]
    if not covering:
        return held, -1, -1
    query, index, newest = covering[-1]
    if ensemble is None:
        return newest, query, index
    weights = [np.exp(-ensemble * i) for i in range(len(covering))]
    mean = sum(w * float(action) for w, (_, _, action) in zip(weights, covering, strict=True)) / sum(weights)
    return mean, query, index


@given(
    chunk=st.integers(1, 8),
    execute=st.integers(1, 8),
    latencies=st.lists(st.integers(0, 6), min_size=1, max_size=9),
    ensemble=st.sampled_from([None, 0.0, 0.01, 0.7]),
    seed=st.integers(0, 99),
)
def test_any_schedule_agrees_with_the_loop(chunk, execute, latencies, ensemble, seed):
    execute = min(execute, chunk)
    ring = 2 if ensemble is None else max(2, -(-chunk // execute))
    lanes, rng, plans, t = make_lanes(1, ring, chunk), np.random.default_rng(seed), [], 0
    for latency in latencies:
        actions = rng.standard_normal(chunk).astype(np.float32)
        give(lanes, 0, t, actions, latency)
        plans.append((t, t + latency, actions))
        stop = t + latency + execute
        got, expected, held = ask(lanes, t, stop, ensemble), [], float(lanes.hold[0, 0])
        for step in range(t, stop):
            made = naive(plans, step, ensemble, held)
            held = made[0]
            expected.append(made)
        np.testing.assert_allclose(got[0], [item[0] for item in expected], rtol=2e-6, atol=1e-7)
        assert got[1] == [item[1] for item in expected]
        assert got[2] == [item[2] for item in expected]
        lanes.hold[0, 0], t = got[0][-1], stop


def test_the_weight_of_the_oldest_plan_is_one():
    lanes = make_lanes(1, 4, 4)
    for query, value in enumerate([1.0, 2.0, 4.0]):
        give(lanes, 0, query, [value] * 4)
    weights = np.exp(-0.5 * np.arange(3))
    [[got], _, _] = ask(lanes, 2, 3, ensemble=0.5)
    assert got == pytest.approx((weights * [1.0, 2.0, 4.0]).sum() / weights.sum(), rel=1e-6)
