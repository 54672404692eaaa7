"""Contracts read off spaces."""

import gymnasium
import numpy as np
import pytest
from gymnasium.spaces import Box, Dict, Discrete

from harness.errors import ContractError
from tasks.engines.gymnasium_spaces import contract_from_spaces
from tasks.engines.gymnasium_task import Environment, GymnasiumTask

TERMS = {"control_period_s": 0.1, "horizon": 5, "success": "solved", "demonstrations": 3}


class Still(gymnasium.Env):
    action_space = Box(np.array([-1, 0]), np.array([1, 2]), dtype=np.float64)

    def __init__(self, space):
        self.observation_space = space

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.observation_space.seed(seed)
        return self.observation_space.sample(), {}

    def step(self, action):
        return self.observation_space.sample(), 0.0, False, False, {"solved": 0.0}


def environment(space, name="spaces/Still-v0"):
    gymnasium.registry.pop(name, None)
    gymnasium.register(name, lambda: Still(space), disable_env_checker=True)
    return Environment(name, module="", arguments={}, info={"solved": 1})


def test_a_dict_gives_a_field_for_each_entry_in_the_order_of_the_flat_vector():
    space = Dict({"b": Box(-2, 2, (2, 2)), "a": Box(0, 1, (3,))})
    contract = contract_from_spaces("still-v1", environment(space), **TERMS, proprioceptive=["b"])
    fields = {field.name: field for field in contract.observation}
    assert list(fields) == list(space.spaces)
    assert [fields[name].size for name in ("a", "b")] == [3, 4]
    assert fields["b"].proprioceptive and not fields["a"].proprioceptive
    assert contract.observation_width == gymnasium.spaces.utils.flatdim(space)
    assert contract.action[0].high == (1, 2)


def test_a_space_without_bounds_asks_for_limits():
    space = Box(-np.inf, np.inf, (2,))
    with pytest.raises(ContractError, match=r"'observation'.*limits"):
        contract_from_spaces("still-v1", environment(space), **TERMS)
    contract = contract_from_spaces("still-v1", environment(space), **TERMS, limits={"observation": (-3, 3)})
    assert contract.observation[0].low == (-3, -3)


def test_what_is_no_box_is_refused():
    with pytest.raises(ContractError, match="expected a Box"):
        contract_from_spaces("still-v1", environment(Discrete(3)), **TERMS)


def test_a_signal_that_nothing_measures_is_refused(tmp_path):
    made = environment(Box(-1, 1, (2,)))
    contract = contract_from_spaces("still-v1", made, **TERMS)
    nothing = Environment(made.id, module="", arguments={}, info={})
    with pytest.raises(ContractError, match="measure each of them"):
        GymnasiumTask(contract, nothing, demonstrations=tmp_path).engine(1)
