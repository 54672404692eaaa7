"""The checks of a policy: that it is a pure function from query to plan, whatever sits beside an episode (law 5)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, replace
from functools import cached_property
from typing import Any

import numpy as np

from harness.conformance.workbench import demand, demand_array, query, same, start
from harness.contract.fields import Array, bounds
from harness.contract.policy import Plan, Policy, PolicyContract, Query
from harness.contract.scenes import draw_scene
from harness.contract.task import Advance, Dynamics, Engine, TaskContract
from harness.seeding import generator

__all__ = ["POLICY_CHECKS", "PolicyBench", "check_policy", "demand_known_names"]

_PICTURE = "images of "
_ALONE = "rows must not see each other: no batch statistics, no draws of its own, one fixed width"


class PolicyBench:
    """A policy on the bench, with the queries of an episode's start and of its second inference.

    Args:
        policy: under test.
        engine: of its task.
    """

    def __init__(self, policy: Policy, engine: Engine) -> None:
        self.policy, self.engine, self.contract = policy, engine, policy.contract
        self.whose = f"policy {self.contract.method!r} on {self.contract.task!r}"

    @cached_property
    def first(self) -> Query:
        """What the policy is asked at the start of as many scenes as it is wide."""
        width = self.contract.width
        scenes = [draw_scene(self.engine.contract, 0, "heldout", index) for index in range(width)]
        states, hold = start(self.engine, scenes)
        memory, steps = np.zeros((width, self.contract.memory)), np.zeros(width, np.int64)
        return query(self.contract, self.engine, scenes, states, hold, memory, steps)

    @cached_property
    def second(self) -> Query:
        """What it is asked after a step of its own, with the memory that it returned."""
        width, task = self.contract.width, self.engine.contract
        scenes = [draw_scene(task, 0, "heldout", index) for index in range(width)]
        states, _ = start(self.engine, scenes)
        plan = self.policy.plan(self.first)
        actions = np.clip(plan.actions[:, :1], *bounds(task.action))
        moved = self.engine.advance(Advance(states, actions, None, [Dynamics()] * width))
        after = np.ascontiguousarray(moved.states[:, -1])
        return query(self.contract, self.engine, scenes, after, actions[:, -1], plan.memory, np.ones(width, np.int64))

    @property
    def queries(self) -> tuple[Query, Query]:
        """Both."""
        return self.first, self.second


def demand_known_names(promise: PolicyContract, task: TaskContract, whose: str) -> None:
    """Raise ContractError unless the task has every camera and every observation field that the policy reads."""
    cameras, fields_of = [item.name for item in task.cameras], [item.name for item in task.observation]
    for kind, read, known in (("camera", promise.cameras, cameras), ("field", promise.reads or (), fields_of)):
        for name in read:
            demand(
                name in known,
                whose,
                expected=f"a {kind} of {task.id}: {', '.join(known) or 'it has none'}",
                got=repr(name),
                fix=f"name another {kind} in the policy's contract",
            )


def contract_fits(bench: PolicyBench) -> None:
    """A PolicyContract of the engine's task, and a card that is JSON."""
    demand(isinstance(bench.contract, PolicyContract), bench.whose, expected="a PolicyContract")
    task = bench.engine.contract.id
    demand(bench.contract.task == task, bench.whose, expected=f"a policy of {task!r}", got=repr(bench.contract.task))
    demand_known_names(bench.contract, bench.engine.contract, bench.whose)
    try:
        json.dumps(dict(bench.policy.card), allow_nan=False)
    except (TypeError, ValueError) as error:
        demand(False, f"{bench.whose}, card", expected="JSON", got=str(error), fix="keep numbers and text only")


def plans_have_their_shapes(bench: PolicyBench) -> None:
    """Actions, memory and diagnostics as the contract states, finite."""
    promise, action = bench.contract, bench.engine.contract.action_width
    for asked in bench.queries:
        plan = bench.policy.plan(asked)
        shape = (promise.width, promise.chunk, action)
        demand_array(plan.actions, f"{bench.whose}, actions", shape=shape, dtype=np.float32)
        memory = (promise.width, promise.memory)
        demand_array(plan.memory, f"{bench.whose}, memory", shape=memory, dtype=np.float64)
        demand(
            set(plan.diagnostics) == set(promise.diagnostics),
            f"{bench.whose}, diagnostics",
            expected=str(sorted(promise.diagnostics)),
            got=str(sorted(plan.diagnostics)),
        )
        for name, length in promise.diagnostics.items():
            shape_of = (promise.width, length)
            demand_array(
                plan.diagnostics[name], f"{bench.whose}, {name}", shape=shape_of, dtype=np.float32, finite=False
            )


def plans_repeat(bench: PolicyBench) -> None:
    """The same query gives the same plan, whatever was asked in between."""
    for asked, other in (bench.queries, bench.queries[::-1]):
        first = _outputs(bench.policy.plan(asked))
        bench.policy.plan(other)
        _demand_equal(bench, first, _outputs(bench.policy.plan(asked)), "the same plan for the same query")


def queries_are_left_alone(bench: PolicyBench) -> None:
    """Planning changes no array of the query."""
    for asked in bench.queries:
        kept = {name: value.copy() for name, value in _arrays(asked).items()}
        bench.policy.plan(asked)
        for name, value in _arrays(asked).items():
            demand(
                same(kept[name], value),
                f"{bench.whose}, query.{name}",
                expected="left as it is",
                got="changed",
                fix="copy before writing",
            )


def slots_do_not_matter(bench: PolicyBench) -> None:
    """Rows in another order give the plans in that order."""
    order = generator("conformance/slots").permutation(bench.contract.width)
    for asked in bench.queries:
        straight = _outputs(bench.policy.plan(asked))
        moved = _outputs(bench.policy.plan(_rows(asked, order)))
        _demand_equal(bench, [values[order] for values in straight], moved, "the same plan in any slot")


def neighbours_do_not_matter(bench: PolicyBench) -> None:
    """Row 0 among other rows gives the same plan."""
    width = bench.contract.width
    order = np.concatenate([[0], generator("conformance/neighbours").integers(0, width, width - 1)])
    for asked in bench.queries:
        among, other = (_outputs(bench.policy.plan(item)) for item in (asked, _rows(asked, order)))
        _demand_equal(bench, [v[:1] for v in among], [v[:1] for v in other], "the same plan among other rows")


def padding_does_not_matter(bench: PolicyBench) -> None:
    """A half-filled batch, padded with its first row as the harness pads, gives its rows the same plans."""
    width = bench.contract.width
    filled = max(1, width // 2)
    order = np.concatenate([np.arange(filled), np.zeros(width - filled, np.int64)])
    for asked in bench.queries:
        padded = replace(_rows(asked, order), valid=np.arange(width) < filled)
        if asked.scenes:
            padded = replace(padded, scenes=(*padded.scenes[:filled], *(None,) * (width - filled)))
        full, part = (_outputs(bench.policy.plan(item)) for item in (asked, padded))
        _demand_equal(bench, [v[:filled] for v in full], [v[:filled] for v in part], "the same plan beside padding")


POLICY_CHECKS: Mapping[str, Callable[[PolicyBench], None]] = {
    check.__name__: check
    for check in (
        contract_fits,
        plans_have_their_shapes,
        plans_repeat,
        queries_are_left_alone,
        slots_do_not_matter,
        neighbours_do_not_matter,
        padding_does_not_matter,
    )
}
"""Every check of a policy by name. The last three are for policies that promise `batch_invariant`."""

_INVARIANCE = {"slots_do_not_matter", "neighbours_do_not_matter", "padding_does_not_matter"}


def check_policy(policy: Policy, engine: Engine) -> None:
    """All checks on a policy, that of batch invariance only if it promises it.

    Raises:
        ContractError: at the first promise that is broken.
    """
    bench = PolicyBench(policy, engine)
    for name, check in POLICY_CHECKS.items():
        if policy.contract.batch_invariant or name not in _INVARIANCE:
            check(bench)


def _arrays(asked: Query) -> dict[str, Array]:
    values = {field.name: getattr(asked, field.name) for field in fields(asked)}
    arrays = {name: value for name, value in values.items() if isinstance(value, np.ndarray)}
    return arrays | {_PICTURE + name: value for name, value in asked.images.items()}


def _rows(asked: Query, order: Array) -> Query:
    taken = {name: np.ascontiguousarray(value[order]) for name, value in _arrays(asked).items()}
    changed: dict[str, Any] = {name: value for name, value in taken.items() if not name.startswith(_PICTURE)}
    images = {name.removeprefix(_PICTURE): value for name, value in taken.items() if name.startswith(_PICTURE)}
    scenes = tuple(asked.scenes[row] for row in order) if asked.scenes else ()
    return replace(asked, **changed, images=images, scenes=scenes)


def _outputs(plan: Plan) -> list[Array]:
    return [plan.actions.copy(), plan.memory.copy(), *(plan.diagnostics[n].copy() for n in sorted(plan.diagnostics))]


def _demand_equal(bench: PolicyBench, first: Iterable[Array], second: Iterable[Array], expected: str) -> None:
    names = ["actions", "memory", *sorted(bench.contract.diagnostics)]
    for name, one, other in zip(names, first, second, strict=True):
        demand(same(one, other), bench.whose, expected=expected, got=f"other {name}", fix=_ALONE)
