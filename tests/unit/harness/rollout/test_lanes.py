"""Nothing of an episode survives in the lane it leaves."""

import numpy as np
import pytest
from fakes.policies import Forgetful, Spy, Steady
from fakes.scenario import CONDITIONS, assignment, assignments, roll, same
from fakes.task import FakeEngine

from harness.contract.policy import Execution, PolicyContract
from harness.rollout.lanes import Lanes


@pytest.mark.parametrize("before", CONDITIONS)
@pytest.mark.parametrize("ensemble", [None, 0.1])
def test_an_episode_is_the_same_in_a_used_lane(before, ensemble):
    execution = Execution(execute=1, ensemble=ensemble)
    after = assignment("slow", 5)
    fresh = roll([after], Forgetful(), execution=execution, lanes=1)["slow/5/0"]
    used = roll([assignment(before, 1), after], Forgetful(), execution=execution, lanes=1)["slow/5/0"]
    same(used, fresh)


def test_memory_starts_at_zero_and_is_carried_on():
    class Keeper(Spy, Forgetful):
        def plan(self, query):
            self.queries.append(query)
            return Forgetful.plan(self, query)

    spy = Keeper(width=1)
    roll(assignments(scenes=range(3)), spy, lanes=1)
    counts = [int(query.memory[0, 0]) for query in spy.queries]
    starts = [int(query.steps[0]) == 0 for query in spy.queries]
    assert sum(starts) == 3
    for k, start in enumerate(starts):
        assert counts[k] == (0 if start else counts[k - 1] + 1)


def test_the_hold_action_starts_at_rest():
    spy = Spy(width=1)
    done = roll(assignments(scenes=range(3)), spy, lanes=1)
    first = [query.hold[0] for query in spy.queries if query.steps[0] == 0]
    rest = [rollout.states[0, 1:3].astype(np.float32) for rollout in done.values()]
    np.testing.assert_array_equal(first, rest)


def test_a_rollout_owns_its_arrays():
    done = list(roll(assignments(scenes=range(3)), lanes=1).values())
    kept = done[0].states.copy()
    done[1].states[:] = 0
    np.testing.assert_array_equal(done[0].states, kept)
    assert all(array.base is None for array in (done[0].states, done[0].applied, done[0].signals, done[0].obs_id))


def test_privileged_policies_see_states_and_scenes_and_others_do_not():
    spy = Spy(width=3)
    spy.contract = spy.contract.model_copy(update={"privileged": True})
    roll(assignments(scenes=[4]), spy)
    query = spy.queries[0]
    assert query.scenes[0].index == 4
    assert query.scenes[1:] == (None, None)
    assert query.states.shape == (3, 8)
    blind = Spy(width=3)
    roll(assignments(scenes=[4]), blind)
    assert blind.queries[0].states is None
    assert blind.queries[0].scenes == ()


def test_the_ring_holds_as_many_plans_as_can_cover_a_step():
    contract = PolicyContract(method="m", task="fake-v1", n_obs=1, chunk=7, width=1)
    assert Lanes(1, FakeEngine(), contract, Execution(execute=2, ensemble=0.1)).plans.shape[1] == 4
    assert Lanes(1, FakeEngine(), contract, Execution(execute=2)).plans.shape[1] == 2


def test_diagnostics_are_one_row_a_query():
    [rollout] = roll([assignment()], Steady(diagnostics={"tokens": 3})).values()
    assert rollout.diagnostics["tokens"].shape == (len(rollout.query_steps), 3)
    assert len(rollout.query_hashes) == len(rollout.inference_ms) == len(rollout.query_steps)
