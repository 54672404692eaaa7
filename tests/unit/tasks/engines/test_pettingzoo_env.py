"""A task as a PettingZoo environment: an agent an arm, one reward."""

import numpy as np
import pytest

from harness.contract.fields import bounds
from harness.errors import ContractError
from tasks.engines.gymnasium_env import TaskEnv
from tasks.engines.pettingzoo_env import TaskParallelEnv
from tasks.pusht import task as pusht
from tasks.transfer_cube import task

LEFT, RIGHT = "left arm", "right arm"


@pytest.fixture(scope="module")
def env():
    return TaskParallelEnv(task)


def gentle(seed=0):
    low, high = bounds(task.contract.action)
    middle, half = (low + high) / 2, (high - low) / 2
    return (middle + 0.2 * half * np.random.default_rng(seed).uniform(-1, 1, len(low))).astype(np.float32)


def test_an_agent_is_an_arm_and_acts_on_its_own_fields(env):
    assert env.possible_agents == [LEFT, RIGHT]
    low, high = bounds(task.contract.action)
    for agent, own in ((LEFT, slice(0, 7)), (RIGHT, slice(7, 14))):
        assert np.array_equal(env.action_space(agent).low, low[own])
        assert np.array_equal(env.action_space(agent).high, high[own])


def test_both_arms_together_do_what_one_policy_would(env):
    single, action = TaskEnv(task), gentle()
    seen, _ = single.reset(options={"scene": 3})
    observations, infos = env.reset(options={"scene": 3})
    for _ in range(5):
        assert set(observations) == set(infos) == {LEFT, RIGHT}
        assert all(np.array_equal(value, seen) for value in observations.values())
        seen, reward, _, _, info = single.step(action)
        observations, rewards, _, _, infos = env.step({RIGHT: action[7:], LEFT: action[:7]})
        assert np.array_equal(env.state(), single.state)
        assert rewards == {LEFT: reward, RIGHT: reward}
        assert infos == {LEFT: info, RIGHT: info}


def test_agents_get_arrays_of_their_own(env):
    observations, _ = env.reset(options={"scene": 0})
    observations[LEFT][:] = 0
    assert observations[RIGHT].any()


def test_all_agents_leave_at_the_horizon():
    env = TaskParallelEnv(pusht)
    env.reset(options={"scene": 0})
    still = np.array(env.state()[4:6], np.float32)
    for _ in range(pusht.contract.horizon):
        assert env.agents == ["pusher"]
        *_, truncations, _ = env.step({"pusher": still})
    assert truncations == {"pusher": True}
    assert env.agents == []


def test_a_seed_repeats_the_scenes(env):
    def scenes():
        return [env.reset(seed=5)[1][LEFT]["scene"], *(env.reset()[1][LEFT]["scene"] for _ in range(3))]

    first = scenes()
    assert first == scenes()
    assert len(set(first)) == 4


@pytest.mark.parametrize(("actions", "got"), [({LEFT: np.zeros(7)}, "none"), ({LEFT: np.zeros(6)}, "shape")])
def test_an_action_that_is_missing_or_has_another_shape_is_refused(actions, got, env):
    env.reset(seed=0)
    with pytest.raises(ContractError, match=got):
        env.step(actions)


def test_a_picture_comes_only_with_a_render_mode(env):
    env.reset(seed=0)
    assert env.render() is None
