"""A team of policies as one: what each member sees, and that it acts as it would alone."""

from dataclasses import replace

import numpy as np
import pytest

from harness.contract.agents import agents_of, columns_of, view_of
from harness.contract.policy import Execution, NoiseSpec, Plan, PolicyContract, Query
from harness.errors import ContractError
from harness.executors.crew import Actor, check_actor
from harness.rollout.joined import JoinedPolicy
from tasks.transfer_cube.contract import CONTRACT

LEFT, RIGHT = agents_of(CONTRACT)
SEEN = CONTRACT.observation_width


class Member:
    """Answers with numbers that tell all that it was asked."""

    def __init__(self, agent, *, n_obs=1, chunk=4, width=4, noise=None, memory=0, diagnostics=(), **more):
        self.task = view_of(CONTRACT, agent)
        self.contract = PolicyContract(
            method="m", task=CONTRACT.id, n_obs=n_obs, chunk=chunk, width=width, noise=noise, memory=memory,
            diagnostics=dict.fromkeys(diagnostics, 1), **more,
        )  # fmt: skip
        self.card = {"weights": f"w-{agent}", "method": "m", "parameters": 3}
        self.asked = []

    def plan(self, query):
        self.asked.append(query)
        assert query.observations.shape == (self.contract.width, self.contract.n_obs, SEEN)
        assert query.hold.shape == (self.contract.width, self.task.action_width)
        told = query.observations.sum(axis=(1, 2)) + query.hold.sum(axis=1)
        told = told if query.noise is None else told + query.noise.reshape(len(told), -1).sum(axis=1)
        steps = np.arange(self.contract.chunk)[None, :, None] + np.arange(self.task.action_width)
        actions = (told[:, None, None] + steps).astype(np.float32)
        name = {key: told[:, None].astype(np.float32) for key in self.contract.diagnostics}
        return Plan(actions, query.memory + 1, name)


def query_of(policy, rows, seed=0, valid=None):
    rng, contract = np.random.default_rng(seed), policy.contract
    noise = None if contract.noise is None else rng.normal(size=(rows, *contract.noise.shape)).astype(np.float32)
    return Query(
        observations=rng.normal(size=(rows, contract.n_obs, SEEN)).astype(np.float32),
        noise=noise,
        states=None,
        scenes=(),
        hold=rng.normal(size=(rows, CONTRACT.action_width)).astype(np.float32),
        steps=np.arange(rows),
        memory=rng.normal(size=(rows, contract.memory)),
        valid=np.ones(rows, bool) if valid is None else valid,
    )


def team(left, right):
    return JoinedPolicy("pair", CONTRACT, {LEFT: left, RIGHT: right}, Execution(execute=2))


def normal(*shape):
    return NoiseSpec(shape=shape, kind="normal")


def test_the_contract_holds_for_both():
    left = Member(LEFT, n_obs=3, chunk=4, width=4, noise=normal(2, 3), memory=1, diagnostics=["tokens"])
    joined = team(left, Member(RIGHT, n_obs=1, chunk=6, width=8, memory=2)).contract
    assert (joined.method, joined.n_obs, joined.chunk, joined.width, joined.memory) == ("pair", 3, 4, 8, 3)
    assert joined.noise == normal(6)
    assert joined.diagnostics == {"left arm/tokens": 1}


def test_each_member_acts_for_its_own_columns_as_it_would_alone():
    left = Member(LEFT, n_obs=2, chunk=4, width=4, noise=normal(5), memory=1, diagnostics=["told"])
    right = Member(RIGHT, n_obs=1, chunk=6, width=8, noise=normal(2, 2), memory=2)
    joined = team(left, right)
    query = query_of(joined, 8)
    plan = joined.plan(query)
    assert plan.actions.shape == (8, 4, 14)
    for member, agent, draws, kept in (
        (left, LEFT, slice(0, 5), slice(0, 1)),
        (right, RIGHT, slice(5, 9), slice(1, 3)),
    ):
        own = columns_of(CONTRACT.action, agent)
        told = query.observations[:, -member.contract.n_obs :].sum(axis=(1, 2)) + query.hold[:, own].sum(axis=1)
        told += query.noise[:, draws].sum(axis=1)
        expected = told[:, None, None] + np.arange(4)[None, :, None] + np.arange(7)
        np.testing.assert_allclose(plan.actions[:, :, own], expected, rtol=1e-4, atol=1e-4)
        np.testing.assert_array_equal(plan.memory[:, kept], query.memory[:, kept] + 1)
    assert plan.diagnostics["left arm/told"].shape == (8, 1)
    assert [len(member.asked) for member in (left, right)] == [2, 1]


def test_a_row_does_not_depend_on_its_neighbours_or_on_padding():
    joined = team(Member(LEFT, width=3, noise=normal(2)), Member(RIGHT, width=7))
    query = query_of(joined, 7)
    whole = joined.plan(query).actions
    one = np.arange(7) == 5
    alone = joined.plan(replace(query, valid=one)).actions
    np.testing.assert_array_equal(alone[5], whole[5])


def test_a_member_sees_the_fields_and_pictures_that_it_reads_and_no_others():
    left = Member(LEFT, n_obs=2, reads=("left_joints",), cameras=("top",))
    right = Member(RIGHT, reads=("cube_position",), cameras=("side", "top"))
    joined = team(left, right)
    assert (joined.contract.reads, joined.contract.cameras) == (("left_joints", "cube_position"), ("top", "side"))
    assert team(left, Member(RIGHT)).contract.reads is None
    images = {name: np.full((4, 2, 3, 3, 3), k, np.uint8) for k, name in enumerate(("top", "side"))}
    query = replace(query_of(joined, 4), images=images)
    joined.plan(query)
    np.testing.assert_array_equal(left.asked[0].observations[:, :, :6], query.observations[:, :, :6])
    assert not left.asked[0].observations[:, :, 6:].any()
    assert np.flatnonzero(right.asked[0].observations.any(axis=(0, 1))).tolist() == [14, 15, 16]
    assert {name: picture.shape for name, picture in left.asked[0].images.items()} == {"top": (4, 2, 3, 3, 3)}
    assert {name: picture.shape for name, picture in right.asked[0].images.items()} == {
        "side": (4, 1, 3, 3, 3),
        "top": (4, 1, 3, 3, 3),
    }


def test_a_member_of_other_noise_gets_uniform_draws_of_its_own():
    left = Member(LEFT, noise=NoiseSpec(shape=(400,), kind="uniform"))
    joined = team(left, Member(RIGHT, noise=normal(3)))
    assert joined.contract.noise == normal(403)
    joined.plan(query_of(joined, 4))
    draws = left.asked[0].noise
    assert draws.dtype == np.float32
    assert ((draws >= 0) & (draws < 1)).all()
    assert abs(draws.mean() - 0.5) < 0.03
    extreme = replace(query_of(joined, 4), noise=np.full((4, 403), 9, np.float32))
    joined.plan(extreme)
    assert (left.asked[1].noise < 1).all()


def test_weights_and_parameters_of_the_team_are_those_of_its_members():
    card = team(Member(LEFT), Member(RIGHT)).card
    assert card["parameters"] == 6
    assert set(card["members"]) == {LEFT, RIGHT}
    other = Member(RIGHT)
    other.card = {**other.card, "weights": "other"}
    assert card["weights"] != team(Member(LEFT), other).card["weights"]


def test_a_view_keeps_all_that_is_seen_and_one_arms_actions():
    view = view_of(CONTRACT, RIGHT)
    assert [field.name for field in view.action] == ["right_joints", "right_gripper"]
    assert [field.name for field in view.observation] == [field.name for field in CONTRACT.observation]
    assert view.dataset.action_noise == CONTRACT.dataset.action_noise[7:]
    assert {field.agent for field in view.observation} == {RIGHT, None}


def test_a_member_that_returns_another_shape_is_refused_before_anything_runs():
    class Short(Member):
        def plan(self, query):
            return replace(super().plan(query), actions=np.zeros((4, 4, 3), np.float32))

    from harness.registry import load  # noqa: PLC0415 -- only this test needs a simulator

    joined = team(Short(LEFT), Member(RIGHT))
    with pytest.raises((ContractError, Exception), match="pair"):
        check_actor(
            Actor("pair-s0", "pair", 0, joined, Execution(execute=2), "x"), load("tasks", CONTRACT.id).engine(1)
        )
