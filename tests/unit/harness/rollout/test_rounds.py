"""When an episode ends, where a round is cut, and what is booked."""

import threading

import numpy as np
import pytest
from fakes.policies import Forgetful, Spy, Steady, Still
from fakes.scenario import assignment, assignments, digests, roll, same
from fakes.task import CONTRACT, SETTLE, SUCCESS, TERMINATION, FakeEngine

from harness.contract.policy import Execution
from harness.errors import PolicyOutputError
from harness.rollout.rounds import Clock


def with_contract(**changes):
    return FakeEngine(contract=CONTRACT.model_copy(update=changes))


def closeness(rollout):
    return rollout.signals[:, 1]


def test_an_episode_goes_on_for_the_settling_steps_after_its_first_success():
    engine = with_contract(termination_threshold=2.0)
    for rollout in roll(assignments(scenes=range(5)), engine=engine).values():
        first = int(np.argmax(rollout.success))
        assert rollout.success.any()
        assert rollout.steps == first + 1 + SETTLE


def test_the_termination_threshold_ends_it_at_once():
    engine = with_contract(settle_steps=39)
    for rollout in roll(assignments(scenes=range(5)), engine=engine).values():
        reached = closeness(rollout) >= np.float32(TERMINATION)
        assert reached[-1]
        assert not reached[:-1].any()


def test_without_a_termination_threshold_success_ends_it():
    engine = with_contract(termination_threshold=None, settle_steps=0)
    for rollout in roll(assignments(scenes=range(5)), engine=engine).values():
        reached = closeness(rollout) >= np.float32(SUCCESS)
        assert reached.tolist() == [False] * (rollout.steps - 1) + [True]


def test_success_counts_if_it_held_at_any_step():
    class Passing(Steady):
        def actions(self, query):
            return np.repeat(query.observations[:, :1, 4:6] * 6, 4, axis=1).astype(np.float32)

    engine = with_contract(termination_threshold=2.0, settle_steps=39)
    done = roll(assignments(scenes=range(12)), Passing(), engine=engine, execution=Execution(execute=1)).values()
    assert any(rollout.success.any() and not rollout.success[-1] for rollout in done)
    assert all(rollout.steps == 40 for rollout in done)


def test_an_episode_that_never_succeeds_runs_to_the_horizon():
    [rollout] = roll([assignment()], Still()).values()
    assert rollout.steps == CONTRACT.horizon
    assert len(rollout.states) == CONTRACT.horizon + 1
    assert not rollout.success.any()


@pytest.mark.parametrize("execute", [1, 2, 3, 4])
def test_queries_come_every_execute_steps(execute):
    [rollout] = roll([assignment()], Still(), execution=Execution(execute=execute)).values()
    assert rollout.query_steps.tolist() == list(range(0, 40, execute))
    assert rollout.plan_step.tolist() == [t - t % execute for t in range(40)]
    assert rollout.chunk_index.tolist() == [t % execute for t in range(40)]


@pytest.mark.parametrize("execute", [1, 3, 8])
def test_a_shift_splits_a_round_and_moves_the_object_once(execute):
    todo = assignment("shift", 3)
    step, shift = todo.effects.shift_step, todo.effects.shift
    [still] = roll([todo], Still(chunk=8), execution=Execution(execute=execute)).values()
    before = roll([assignment("nominal", 3)], Still(chunk=8), execution=Execution(execute=execute))["nominal/3/0"]
    np.testing.assert_array_equal(still.states[:step], before.states[:step])
    np.testing.assert_allclose(still.states[step, 1:3] - before.states[step, 1:3], shift, atol=1e-12)
    np.testing.assert_array_equal(still.measured[: step + 1], before.measured[: step + 1])
    assert not np.allclose(still.measured[step + 1, :2], before.measured[step + 1, :2])


def test_a_divergence_ends_the_episode_before_it():
    [rollout] = roll([assignment("nominal", 1)], engine=FakeEngine(diverging=[1], diverges_after=5)).values()
    assert rollout.diverged
    assert rollout.steps == 5
    assert np.isfinite(rollout.states).all()
    assert len(rollout.states) == 6
    assert (rollout.query_steps < 5).all()


def test_a_divergence_at_the_first_step_leaves_an_empty_episode():
    [rollout] = roll([assignment("nominal", 1)], engine=FakeEngine(diverging=[1], diverges_after=0)).values()
    assert rollout.diverged
    assert rollout.steps == 0
    assert len(rollout.query_steps) == 0


def test_physics_is_asked_for_whole_rounds():
    engine = FakeEngine()
    roll(assignments(scenes=range(4)), Still(chunk=8, width=4), execution=Execution(execute=8), engine=engine, lanes=4)
    assert engine.requests == [(4, 8)] * 5


def test_lanes_are_refilled_as_they_become_free():
    engine = FakeEngine()
    done = roll(assignments(scenes=range(6)), engine=engine, lanes=2)
    assert len(done) == 6
    assert max(lanes for lanes, _ in engine.requests) == 2


def test_more_lanes_than_episodes_and_no_episode_at_all():
    same(roll(assignments(scenes=[0]), lanes=50)["nominal/0/0"], roll(assignments(scenes=[0]), lanes=1)["nominal/0/0"])
    assert roll([]) == {}


def test_the_clock_adds_up_over_policies():
    clock, spy = Clock(), Spy()
    one = roll(assignments(scenes=range(3)), spy, clock=clock)
    asked = clock.queries
    two = roll(assignments(scenes=range(3)), spy, clock=clock)
    steps = sum(rollout.steps for rollout in (*one.values(), *two.values()))
    assert clock.steps == steps
    assert clock.queries == 2 * asked == sum(int(query.valid.sum()) for query in spy.queries)
    assert 0 < clock.inference_s + clock.physics_s < clock.total_s
    assert 0 < clock.efficiency < 1
    assert np.isnan(Clock().efficiency)


def test_latency_stretches_the_round_and_the_horizon_cuts_it():
    [rollout] = roll([assignment("glacial")], Still(), execution=Execution(execute=2)).values()
    assert rollout.query_steps.tolist() == [0, 9, 18, 27, 36]
    assert rollout.steps == 40


def test_two_equal_runs_are_equal():
    todo = assignments(["everything"], range(4))
    assert digests(roll(todo)) == digests(roll(todo))


def offloaded(policy):
    policy.contract = policy.contract.model_copy(update={"offloaded": True})
    return policy


@pytest.mark.parametrize("lanes", [1, 2, 3, 5, 12])
def test_two_halves_that_take_turns_give_the_same_bits(lanes):
    todo = assignments(conditions=("nominal", "everything"), scenes=range(7))
    alone = roll(todo, Forgetful(sigma=0.1), lanes=4)
    by_turns = roll(todo, offloaded(Forgetful(sigma=0.1)), lanes=lanes)
    assert by_turns.keys() == alone.keys()
    assert digests(by_turns) == digests(alone)


def test_physics_of_one_half_runs_while_the_other_half_is_asked():
    asking, moving = threading.Event(), threading.Event()

    class Slow(Steady):
        def plan(self, query):
            asking.set()
            met.append(moving.wait(0.05))
            asking.clear()
            return super().plan(query)

    class Waiting(FakeEngine):
        def advance(self, request):
            moving.set()
            met.append(asking.wait(0.05))
            moving.clear()
            return super().advance(request)

    met: list[bool] = []
    roll(assignments(scenes=range(2)), Slow(), engine=Waiting(), lanes=2)
    assert not any(met)
    met.clear()
    roll(assignments(scenes=range(2)), offloaded(Slow()), engine=Waiting(), lanes=2)
    assert any(met)


def test_a_policy_that_fails_while_the_other_half_moves_stops_the_run():
    class Failing(Steady):
        def plan(self, query):
            if query.steps[0] > 6:
                raise ValueError("no more")
            return super().plan(query)

    with pytest.raises(PolicyOutputError, match="no more"):
        roll(assignments(scenes=range(6)), offloaded(Failing()), lanes=4)


def test_a_policy_sees_zeros_in_fields_that_it_does_not_read():
    spy, plain = Spy(), Spy()
    spy.contract = spy.contract.model_copy(update={"reads": ("position", "velocity")})
    roll(assignments(), spy)
    roll(assignments(), plain)
    assert not any(query.observations[..., 4:].any() for query in spy.queries)
    seen, whole = spy.queries[0].observations, plain.queries[0].observations
    np.testing.assert_array_equal(seen[..., :4], whole[..., :4])
