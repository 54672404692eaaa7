"""A policy that keeps its promises passes; each broken promise is found by the check that is about it."""

from dataclasses import replace
from itertools import count

import numpy as np
import pytest

from harness.conformance import POLICY_CHECKS, PolicyBench, check_policy
from harness.contract.policy import NoiseSpec, Plan, PolicyContract
from harness.errors import ContractError

CONTRACT = PolicyContract(
    method="toy",
    task="carry-v1",
    n_obs=2,
    chunk=3,
    width=8,
    noise=NoiseSpec(shape=(3, 2), kind="normal"),
    memory=1,
    diagnostics={"doubt": 2},
)
CALLS = count()


class Toy:
    """Goes where it looks, with noise; remembers how often it was asked."""

    def __init__(self, change=lambda plan, query: plan, card=None, **promise):
        self.contract = CONTRACT.model_copy(update=promise)
        self.card, self.change = card or {"method": "toy"}, change

    def plan(self, query):
        draws = np.zeros((8, 3, 2)) if query.noise is None else query.noise
        actions = query.observations[:, -1:, 2:4] + 0.1 * draws
        plan = Plan(actions.astype(np.float32), query.memory + 1, {"doubt": query.observations[:, 0, :2]})
        return self.change(plan, query)


def moved(by):
    return lambda plan, query: replace(plan, actions=plan.actions + np.float32(by(plan, query)))


def painted(plan, query):
    query.images["top"][:] = 0
    return plan


def overwritten(plan, query):
    query.observations[:] = 0
    return plan


BROKEN = {
    "contract_fits": [
        {"task": "another-v1"},
        {"cameras": ("front",)},
        {"reads": ("hand", "foot")},
        {"card": {"loss": float("nan")}},
        {"card": {"weights": np.zeros(2)}},
    ],
    "plans_have_their_shapes": [
        {"change": lambda plan, query: replace(plan, actions=plan.actions.astype(np.float64))},
        {"change": lambda plan, query: replace(plan, actions=plan.actions[:, :2])},
        {"change": lambda plan, query: replace(plan, actions=plan.actions * np.nan)},
        {"change": lambda plan, query: replace(plan, memory=np.zeros((8, 2)))},
        {"change": lambda plan, query: replace(plan, diagnostics={})},
        {"change": lambda plan, query: replace(plan, diagnostics={"doubt": np.zeros((8, 3), np.float32)})},
    ],
    "plans_repeat": [{"change": moved(lambda plan, query: next(CALLS))}],
    "queries_are_left_alone": [{"change": overwritten}, {"change": painted, "cameras": ("top",)}],
    "slots_do_not_matter": [{"change": moved(lambda plan, query: np.arange(8)[:, None, None])}],
    "neighbours_do_not_matter": [
        {"change": moved(lambda plan, query: plan.actions.mean())},
        {"change": moved(lambda plan, query: query.images["top"].mean()), "cameras": ("top",)},
    ],
    "padding_does_not_matter": [{"change": moved(lambda plan, query: query.valid.sum())}],
}
CASES = [(check, k) for check, broken in BROKEN.items() for k in range(len(broken))]


@pytest.fixture
def engine(carry):
    return carry.engine(1)


def test_a_policy_that_keeps_its_promises_passes(engine):
    check_policy(Toy(), engine)


def test_the_expert_of_a_task_passes(carry, engine):
    check_policy(carry.expert(1), engine)


@pytest.mark.parametrize(("check", "case"), CASES)
def test_a_broken_policy_is_found(check, case, engine):
    with pytest.raises(ContractError, match="policy 'toy'"):
        POLICY_CHECKS[check](PolicyBench(Toy(**BROKEN[check][case]), engine))


def test_every_check_has_a_case_that_fails():
    assert set(BROKEN) == set(POLICY_CHECKS)


def test_noise_is_given_only_if_it_is_declared(engine):
    seen = []
    check_policy(Toy(lambda plan, query: seen.append(query.noise) or plan, noise=None), engine)
    assert seen and all(noise is None for noise in seen)


def test_states_are_given_only_to_privileged_policies(engine):
    seen = []
    check_policy(Toy(lambda plan, query: seen.append((query.states, query.scenes)) or plan), engine)
    assert set(seen) == {(None, ())}


def test_a_policy_that_does_not_promise_batch_invariance_is_not_asked_for_it(engine):
    mean = moved(lambda plan, query: plan.actions.mean())
    check_policy(Toy(mean, batch_invariant=False), engine)
    with pytest.raises(ContractError, match=r"among other rows|any slot"):
        check_policy(Toy(mean), engine)


def test_pictures_are_given_of_the_cameras_that_it_reads(engine):
    seen = []
    check_policy(Toy(lambda plan, query: seen.append(query.images) or plan, cameras=("top",)), engine)
    assert {name: (shown.shape, shown.dtype) for name, shown in seen[0].items()} == {
        "top": ((8, 2, 32, 32, 3), np.dtype("uint8"))
    }
    check_policy(Toy(lambda plan, query: seen.append(query.images) or plan), engine)
    assert seen[-1] == {}


def test_fields_that_it_does_not_read_are_zero(engine):
    seen = []
    check_policy(Toy(lambda plan, query: seen.append(query.observations) or plan, reads=("block",)), engine)
    assert seen[0][..., 2:].any()
    assert not seen[0][..., :2].any()


def test_a_name_twice_is_refused():
    with pytest.raises(ValueError, match="a name twice"):
        PolicyContract(**(CONTRACT.model_dump() | {"cameras": ("top", "top")}))
