from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from harness.contract.policy import Execution, NoiseSpec, Plan, PolicyContract, Runtime
from harness.demonstrations import Demonstrations
from harness.errors import ContractError
from policies import controls

NORMAL = NoiseSpec(shape=(2, 3), kind="normal")
RUNTIME = Runtime(threads=1, device="cpu")


@dataclass(frozen=True)
class Toy:
    contract: Any

    def expert(self, threads):
        return Echo("toy-v1", method=f"expert of {threads}")


class Echo:
    """Answers with the observation's first two components and the noise that it was given; counts its queries."""

    def __init__(self, task, noise=NORMAL, method="echo"):
        self.contract = PolicyContract(method=method, task=task, n_obs=2, chunk=4, width=32, noise=noise, memory=2)
        self.card = {"execution": {"execute": 3, "ensemble": 0.1}, "method": method}
        self.queries = []

    def plan(self, query):
        self.queries.append(query)
        return Plan(np.repeat(query.observations[:, -1:, :2], 4, axis=1), query.memory + 1)


@pytest.fixture
def task(contract):
    return Toy(contract)


def unused():
    raise AssertionError("this control reads no demonstrations")


def test_zero_holds_the_held_action(task, contract, query_of):
    policy = controls.zero.build(task, unused, RUNTIME, None)
    query = query_of(policy, contract)
    plan = policy.plan(query)
    assert plan.actions.shape[1] == policy.contract.chunk
    assert (plan.actions == query.hold[:, None]).all()


def test_random_is_uniform_inside_the_bounds(task, contract, query_of):
    policy = controls.random.build(task, unused, RUNTIME, None)
    actions = np.concatenate([policy.plan(query_of(policy, contract, seed)).actions for seed in range(40)])
    flat = actions.reshape(-1, 2)
    assert actions.dtype == np.float32
    assert (flat >= [-2, -1]).all()
    assert (flat <= [2, 3]).all()
    np.testing.assert_allclose(flat.mean(0), [0, 1], atol=0.05)
    np.testing.assert_allclose(flat.var(0), [16 / 12, 16 / 12], atol=0.05)


def test_expert_is_the_tasks_own(task):
    policy = controls.expert.build(task, unused, RUNTIME, None)
    assert policy.contract.method == "expert of 1"


def test_every_control_but_shuffled_runs_whole_chunks_open_loop(task, demonstrations):
    for control in (controls.zero, controls.random, controls.replay, controls.expert):
        policy = control.build(task, lambda: demonstrations, RUNTIME, None)
        assert control.execution(policy) == Execution(execute=policy.contract.chunk)
        assert not control.needs_inner


@pytest.fixture
def replay(task, demonstrations):
    return controls.replay.build(task, lambda: demonstrations, RUNTIME, None)


def test_replay_finds_the_demonstration_that_started_there(replay, demonstrations, contract, query_of):
    query = query_of(replay, contract)
    episodes = np.arange(32) % 8
    starts = np.stack([demonstrations.observations[e][0] for e in episodes])[:, None]
    plan = replay.plan(replace(query, observations=starts + np.float32(1e-4)))
    assert plan.actions.shape == (32, contract.horizon, 2)
    for row, episode in enumerate(episodes):
        actions = demonstrations.actions[episode]
        assert np.array_equal(plan.actions[row, : len(actions)], actions)
        assert (plan.actions[row, len(actions) :] == actions[-1]).all()


def test_replay_measures_distance_in_standard_deviations(task):
    starts = np.array([[0.0, 0.0], [100.0, 1.0], [200.0, 0.0]], np.float32)
    data = Demonstrations(
        tuple(start[None] for start in starts), tuple(np.zeros((1, 2), np.float32) for _ in starts), (0, 1, 2), {}
    )
    policy = controls.replay.build(task, lambda: data, RUNTIME, None)
    assert policy.nearest(np.array([[60.0, 0.0]], np.float32)).tolist() == [0]


def test_replay_goes_on_where_the_episode_is(replay, contract, query_of):
    query = query_of(replay, contract)
    early, late = replay.plan(query), replay.plan(replace(query, steps=query.steps + 2))
    assert np.array_equal(early.actions[:, 2:], late.actions[:, :-2])


@pytest.fixture(params=[NORMAL, NoiseSpec(shape=(4,), kind="uniform"), None])
def inner(request):
    return Echo("toy-v1", request.param)


@pytest.fixture
def shuffled(task, demonstrations, inner):
    return controls.shuffled.build(task, lambda: demonstrations, RUNTIME, inner)


def test_shuffled_shows_another_episode_step_for_step(shuffled, inner, demonstrations, contract, query_of):
    query = query_of(shuffled, contract)
    first = shuffled.plan(query)
    for step in (0, 3, 19):
        steps = np.full(32, step)
        shuffled.plan(replace(query_of(shuffled, contract, seed=5), steps=steps, memory=first.memory))
        for shown, kept in zip(inner.queries[-1].observations, first.memory[:, 0], strict=True):
            episode = demonstrations.observations[int(kept) - 1]
            frames = [min(max(0, step - 1), len(episode) - 1), min(step, len(episode) - 1)]
            assert np.array_equal(shown, episode[frames])


def test_shuffled_keeps_its_episode_whatever_the_later_noise(shuffled, contract, query_of):
    first = shuffled.plan(query_of(shuffled, contract))
    second = shuffled.plan(replace(query_of(shuffled, contract, seed=8), memory=first.memory))
    assert np.array_equal(first.memory[:, 0], second.memory[:, 0])


def test_shuffled_draws_every_episode_about_equally_often(shuffled, contract, query_of):
    drawn = Counter()
    for seed in range(100):
        drawn.update(shuffled.plan(query_of(shuffled, contract, seed)).memory[:, 0].astype(int).tolist())
    assert set(drawn) == set(range(1, 9))
    assert max(drawn.values()) < 1.25 * min(drawn.values())


def test_shuffled_passes_noise_and_memory_through(shuffled, inner, contract, query_of):
    query = query_of(shuffled, contract)
    plan = shuffled.plan(query)
    seen = inner.queries[-1]
    if inner.contract.noise is None:
        assert seen.noise is None
    else:
        assert seen.noise.shape == (32, *inner.contract.noise.shape)
        assert np.array_equal(seen.noise.reshape(32, -1), query.noise[:, 1:])
    assert seen.memory.shape == (32, 2)
    assert (plan.memory[:, 1:] == 1).all()


def test_shuffled_is_executed_as_what_it_wraps(shuffled):
    assert controls.shuffled.needs_inner
    assert controls.shuffled.execution(shuffled) == Execution(execute=3, ensemble=0.1)


@pytest.mark.parametrize("wrong", [None, Echo("other-v1")])
def test_shuffled_needs_a_policy_of_the_task(task, demonstrations, wrong):
    with pytest.raises(ContractError, match="wrap"):
        controls.shuffled.build(task, lambda: demonstrations, RUNTIME, wrong)


def test_controls_are_never_ranked(task, demonstrations, shuffled, replay):
    plain = [control.build(task, unused, RUNTIME, None) for control in (controls.zero, controls.random)]
    assert all(policy.contract.privileged for policy in (*plain, replay, shuffled))


def test_blind_shows_the_mean_start_wherever_a_field_is_not_proprioceptive(contract, task, query_of):
    inner = Echo(contract.id)
    walks = tuple(np.full((3, contract.observation_width), value, np.float32) for value in (1, 3))
    data = Demonstrations(walks, tuple(walk[:, :2] for walk in walks), (0, 1), {})
    policy = controls.blind.build(task, lambda: data, RUNTIME, inner)
    query = query_of(policy, contract)
    policy.plan(query)
    [seen] = inner.queries
    own = np.concatenate([np.full(field.size, field.proprioceptive) for field in contract.observation])
    assert own.any()
    assert not own.all()
    assert (seen.observations[..., own] == query.observations[..., own]).all()
    assert (seen.observations[..., ~own] == 2).all()
    assert policy.contract.noise == inner.contract.noise
    with pytest.raises(ContractError, match="a trained policy of this task"):
        controls.blind.build(task, lambda: data, RUNTIME, None)


def test_misled_believes_the_object_elsewhere(contract, query_of):
    class Moving(Toy):
        def engine(self, threads):
            return self

        def shift(self, states, offsets):
            return states + np.pad(offsets, ((0, 0), (0, states.shape[1] - 2)))

        def expert(self, threads):
            return inner

    inner = Echo("toy-v1")
    policy = controls.misled.build(Moving(contract), unused, RUNTIME, None)
    query = replace(query_of(policy, contract), states=np.ones((32, 5)))
    policy.plan(query)
    [seen] = inner.queries
    np.testing.assert_allclose(seen.states - query.states, np.tile([0.06, 0, 0, 0, 0], (32, 1)))
    assert (seen.observations == query.observations).all()


@pytest.mark.parametrize("kind", ["normal", "uniform"])
def test_again_reflects_the_noise_and_keeps_its_distribution(task, contract, query_of, kind):
    inner = Echo(contract.id, NoiseSpec(shape=(2, 3), kind=kind))
    policy = controls.again.build(task, unused, RUNTIME, inner)
    query = query_of(policy, contract)
    policy.plan(query)
    [seen] = inner.queries
    np.testing.assert_allclose(seen.noise, -query.noise if kind == "normal" else 1 - query.noise, rtol=1e-6)
    policy.plan(replace(query, noise=np.zeros_like(query.noise)))
    assert (inner.queries[-1].noise < 1).all()
    assert seen.noise.dtype == np.float32


def test_again_without_noise_is_the_policy_itself(task, contract, query_of):
    inner = Echo(contract.id, None)
    policy = controls.again.build(task, unused, RUNTIME, inner)
    query = query_of(policy, contract)
    assert (policy.plan(query).actions == inner.plan(query).actions).all()
