"""Law 2: nothing a policy does changes another episode's scene, fault or noise."""

import numpy as np
import pyarrow.parquet as pq
import pytest
from fakes.policies import Forgetful, Spy, Steady, Still
from fakes.scenario import CONDITIONS, assignments, digests, realised, roll, same
from hypothesis import given
from hypothesis import strategies as st

from harness.contract.policy import Execution

SHARED = ("faults_hash", "initial_state", "scene_variables")


@given(order=st.permutations(range(9)), lanes=st.sampled_from([1, 2, 8, 32]), condition=st.sampled_from(CONDITIONS))
def test_order_and_number_of_lanes_change_no_digest(order, lanes, condition):
    todo = assignments([condition], range(3)) + assignments(["everything", "nominal"], range(3))
    todo = list({item.episode: item for item in todo}.values())
    shuffled = [todo[k] for k in order if k < len(todo)]
    policy = Forgetful(sigma=0.05)
    assert digests(roll(shuffled, policy, lanes=lanes)) == digests(roll(todo, policy, lanes=4))


@given(scene=st.integers(0, 20), company=st.lists(st.integers(0, 20), max_size=6))
def test_an_episode_does_not_notice_who_ran_before_or_beside_it(scene, company):
    alone = roll(assignments(["everything"], [scene]), Forgetful(sigma=0.05))
    others = assignments(["everything"], [k for k in dict.fromkeys(company) if k != scene])
    together = roll(others + assignments(["everything"], [scene]), Forgetful(sigma=0.05), lanes=2)
    same(together[f"everything/{scene}/0"], alone[f"everything/{scene}/0"])


@pytest.mark.parametrize("execution", [Execution(execute=1), Execution(execute=4), Execution(execute=1, ensemble=0.1)])
def test_the_noise_of_a_step_is_the_same_however_often_a_policy_is_asked(execution):
    often, seldom = Spy(sigma=0.05, width=1), Spy(sigma=0.05, width=1)
    roll(assignments(scenes=[2]), often, execution=execution, lanes=1)
    roll(assignments(scenes=[2]), seldom, execution=Execution(execute=2), lanes=1)
    by_step = {int(query.steps[0]): query.noise for query in often.queries}
    shared = [query for query in seldom.queries if int(query.steps[0]) in by_step]
    assert len(shared) > 3
    for query in shared:
        np.testing.assert_array_equal(query.noise, by_step[int(query.steps[0])])


@given(condition=st.sampled_from(CONDITIONS), scene=st.integers(0, 50))
def test_policies_that_end_at_different_times_meet_the_same_world(condition, scene):
    quick = roll(assignments([condition], [scene]), Steady())
    slow = roll(assignments([condition], [scene]), Still(), lanes=1)
    [one], [other] = quick.values(), slow.values()
    np.testing.assert_array_equal(one.measured[0], other.measured[0])
    assert realised(condition, scene).digest == realised(condition, scene).digest
    common = min(one.steps, other.steps)
    np.testing.assert_array_equal(one.obs_id[:common], other.obs_id[:common])


def test_all_policies_of_a_run_share_scene_and_faults(fake_artifact):
    names = ["task", "split", "condition", "scene", "replicate", "policy", *SHARED]
    met = {}
    for row in pq.read_table(fake_artifact, columns=names).to_pylist():
        met.setdefault((row["condition"], row["scene"], row["replicate"]), set()).add(
            tuple(str(row[name]) for name in SHARED)
        )
    assert len(met) == 4 * 3
    assert {len(worlds) for worlds in met.values()} == {1}
    assert len({world for worlds in met.values() for world in worlds}) == 4 * 3
