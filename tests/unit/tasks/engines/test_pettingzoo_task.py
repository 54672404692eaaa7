"""A parallel environment joined into one: whose numbers stand where, when it ends, and what it promises about seeds."""

import gymnasium
import numpy as np
import pytest
from gymnasium.spaces import Box, Discrete
from gymnasium.utils.env_checker import check_env
from pettingzoo import ParallelEnv
from pettingzoo.sisl import multiwalker_v9
from pettingzoo.test import parallel_seed_test

from harness.contract.agents import agents_of
from harness.errors import ContractError
from tasks.engines.gymnasium_task import GymnasiumTask
from tasks.engines.pettingzoo_task import JoinedEnv, contract_from_agents, parallel

HERE = f"{__name__}:Counting"


class Counting(ParallelEnv):
    """Two agents of different width; "b" ends a step after "a"; every number tells whose it is."""

    def __init__(self, ignores_seed=False, discrete=False):
        self.possible_agents = ["b", "a"]
        self._ignores, self._discrete, self._resets = ignores_seed, discrete, 0

    def observation_space(self, agent):
        return Box(-9, 9, (2 if agent == "a" else 3,), np.float64)

    def action_space(self, agent):
        return Discrete(3) if self._discrete else Box(-1, 1, (1,) if agent == "a" else (2, 1), np.float32)

    def reset(self, seed=None, options=None):
        self._resets += 1
        self._start = self._resets if self._ignores else seed % 7
        self._steps, self.agents, self.given = 0, list(self.possible_agents), []
        return self._seen(), {agent: {} for agent in self.agents}

    def _seen(self):
        return {
            a: np.full(self.observation_space(a).shape, self._start + (a == "b") + self._steps / 8) for a in self.agents
        }

    def step(self, actions):
        self.given.append(actions)
        self._steps += 1
        seen = self._seen()
        rewards = {agent: 1.0 if agent == "a" else 10.0 for agent in self.agents}
        ended = {agent: self._steps >= (3 if agent == "a" else 4) for agent in self.agents}
        infos = {agent: {"score": self._steps, "text": "left out"} for agent in self.agents}
        no = dict.fromkeys(self.agents, False)
        self.agents = [agent for agent in self.agents if not ended[agent]]
        return seen, rewards, ended, no, infos


def counting(**arguments):
    return parallel(HERE, arguments, info={"steps": 1, "score of a": 1})


def contract_of(environment, **changes):
    settings = {"control_period_s": 0.1, "horizon": 12, "success": "steps", "demonstrations": 0, **changes}
    return contract_from_agents("counting-v1", environment, **settings)


def test_agents_lie_side_by_side_in_their_own_order():
    env = JoinedEnv(HERE, {})
    seen, info = env.reset(seed=3)
    assert list(seen) == ["b", "a"]
    assert (seen["b"].tolist(), seen["a"].tolist()) == ([4, 4, 4], [3, 3])
    assert info["return of a"] == info["steps"] == 0
    env.step(np.array([0.1, 0.2, 0.3]))
    [given] = env._env.given
    assert given["b"].shape == (2, 1)
    np.testing.assert_allclose(given["b"].ravel(), [0.1, 0.2], rtol=1e-6)
    np.testing.assert_allclose(given["a"], [0.3], rtol=1e-6)


def test_it_ends_when_all_have_ended_and_rewards_are_told_by_agent():
    env = JoinedEnv(HERE, {})
    env.reset(seed=0)
    moments = [env.step(np.zeros(3)) for _ in range(4)]
    assert [moment[1] for moment in moments] == [11, 11, 11, 10]
    assert [moment[2] for moment in moments] == [False, False, False, True]
    assert not any(moment[3] for moment in moments)
    infos = [moment[4] for moment in moments]
    assert [info["return of a"] for info in infos] == [1, 2, 3, 3]
    assert [info["reward of a"] for info in infos] == [1, 1, 1, 0]
    assert [info["score of a"] for info in infos] == [1, 2, 3, 3]
    assert not [name for name in infos[0] if name.startswith("text")]
    np.testing.assert_array_equal(moments[3][0]["a"], moments[2][0]["a"])
    assert set(env._env.given[3]) == {"b"}


def test_the_contract_names_the_agents():
    contract = contract_of(counting())
    assert agents_of(contract) == ("b", "a")
    assert [(f.name, f.agent, f.size, f.low) for f in contract.action] == [
        ("b", "b", 2, (-1, -1)),
        ("a", "a", 1, (-1,)),
    ]
    assert [(f.name, f.agent, f.size) for f in contract.observation] == [("b", "b", 3), ("a", "a", 2)]


def test_actions_that_are_no_vector_are_refused():
    with pytest.raises(ContractError, match=r"agent 'b'; expected actions in a Box"):
        contract_of(counting(discrete=True))


def test_an_environment_that_ignores_its_seed_is_refused_when_it_is_loaded(tmp_path):
    for ignores in (True, False):
        environment = counting(ignores_seed=ignores)
        task = GymnasiumTask(contract_of(environment), environment, demonstrations=tmp_path)
        if ignores:
            with pytest.raises(ContractError, match="it ignores its seed"):
                task.engine(1)
        else:
            task.engine(1).pool.close()


@pytest.mark.filterwarnings("ignore:.*A Box observation space m.*imum value is -?infinity")
def test_multiwalker_keeps_its_seed_and_joined_it_keeps_what_gymnasium_asks():
    parallel_seed_test(lambda: multiwalker_v9.parallel_env(n_walkers=2))
    env = gymnasium.make(
        "samepanel/Parallel-v0", make="pettingzoo.sisl.multiwalker_v9:parallel_env", arguments={"n_walkers": 2}
    )
    check_env(env.unwrapped, skip_render_check=True)
