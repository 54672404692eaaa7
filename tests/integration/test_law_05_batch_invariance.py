"""Law 5: an episode's bits depend neither on slot and neighbours nor on the number of lanes or threads."""

import numpy as np
import pytest
from fakes.policies import Forgetful, Gregarious, PaddingNotANumber, Spy
from fakes.scenario import CONDITIONS, assignments, digests, realised, roll, same
from hypothesis import given
from hypothesis import strategies as st

from harness.contract.policy import Execution, Runtime
from harness.contract.scenes import draw_scene
from harness.executors.crew import policy_actor
from harness.executors.training import make_ticket
from harness.faults.realise import realise
from harness.manifest.loading import load_manifest
from harness.registry import load
from harness.rollout.episode import Assignment
from harness.rollout.rounds import rollouts

EXECUTIONS = [
    Execution(execute=1),
    Execution(execute=4),
    Execution(execute=1, ensemble=0.1),
    Execution(execute=3, ensemble=0.0),
]


@given(
    conditions=st.sets(st.sampled_from(CONDITIONS), min_size=1, max_size=3),
    execution=st.sampled_from(EXECUTIONS),
    width=st.sampled_from([1, 3, 8]),
    chunk=st.sampled_from([4, 7]),
)
def test_lanes_and_width_change_no_digest(conditions, execution, width, chunk):
    todo = assignments(sorted(conditions), range(3))

    def run(lanes, padded_to=width):
        policy = Forgetful(sigma=0.05, width=padded_to, chunk=chunk, diagnostics={"tokens": 2})
        return digests(roll(todo, policy, execution=execution, lanes=lanes))

    expected = run(1)
    for lanes in (2, 8, 32):
        assert run(lanes) == expected
    # The fake is elementwise; a trained network would change its last bits with the width, which is why it is fixed.
    assert run(8, padded_to=5) == expected


def test_every_batch_has_the_fixed_width_and_padding_repeats_a_real_row():
    spy = Spy(width=8)
    roll(assignments(scenes=range(3)), spy, lanes=3)
    assert {len(query.observations) for query in spy.queries} == {8}
    for query in spy.queries:
        count = int(query.valid.sum())
        assert query.valid[:count].all()
        assert not query.valid[count:].any()
        np.testing.assert_array_equal(query.observations[count:], np.repeat(query.observations[:1], 8 - count, axis=0))


def test_what_a_policy_says_about_padding_is_ignored():
    todo = assignments(["everything"])
    assert digests(roll(todo, PaddingNotANumber(width=8))) == digests(roll(todo, PaddingNotANumber(width=4), lanes=1))


def test_a_policy_that_looks_at_its_neighbours_is_caught():
    todo = assignments(["nominal"])
    assert digests(roll(todo, Gregarious(), lanes=1)) != digests(roll(todo, Gregarious(), lanes=3))


@pytest.mark.parametrize("name", ["pusht-v1", "transfer-cube-v1"])
@pytest.mark.parametrize("method", ["act", "vqbet"])
def test_trained_policies_on_real_tasks(smoke, name, method):
    manifest = load_manifest("smoke")
    [spec] = [item for item in manifest.policies if item.task == name and item.method == method]
    ticket = make_ticket(spec, "cpu")
    todo = _todo(load("tasks", name).contract, manifest.panel.conditions["bad-day"])
    one = _roll(ticket, todo, lanes=1, threads=1)
    many = _roll(ticket, todo[::-1], lanes=3, threads=2)
    for episode, rollout in one.items():
        same(many[episode], rollout)


def _todo(contract, faults):
    scenes = [draw_scene(contract, 1, "heldout", k) for k in range(2)]
    effects = [realise(contract, faults, seed=1, scene=scene, replicate=0).effects for scene in scenes]
    return [
        Assignment(str(scene.index), scene, effect, (scene.index,))
        for scene, effect in zip(scenes, effects, strict=True)
    ]


def _roll(ticket, todo, lanes, threads):
    actor = policy_actor(ticket, ticket.method, Runtime(threads, "cpu"))
    engine = load("tasks", ticket.task).engine(threads)
    done = rollouts(engine, actor.policy, actor.execution, todo, lanes=lanes)
    return {rollout.assignment.episode: rollout for rollout in done}


def test_faults_do_not_depend_on_who_else_is_drawn():
    alone = realised("everything", 7).digest
    for scene in range(5):
        realised("everything", scene)
    assert realised("everything", 7).digest == alone
