"""One policy an agent, as one policy of the task: asked together, each for its own actions.

Members see what a policy of the whole task would see. Each is asked at its own width, so that its bits are those that
it has alone (law 5), and gets the first draws, the memory and the held action that are its own.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

import numpy as np
from jaxtyping import Float32

from harness.contract.agents import columns_of
from harness.contract.fields import Array
from harness.contract.policy import Execution, NoiseSpec, Plan, Policy, PolicyContract, Query
from harness.contract.task import TaskContract
from harness.hashing import content_hash

__all__ = ["JoinedPolicy"]


class JoinedPolicy:
    """Keeps `harness.contract.policy.Policy`.

    Args:
        name: of the team.
        task: what the team acts on.
        members: the policy of every agent, in contract order; each is a policy of the view of its agent.
        execution: how the plans of the team are executed.
    """

    def __init__(self, name: str, task: TaskContract, members: Mapping[str, Policy], execution: Execution) -> None:
        self._members, self._width, self._observed = members, task.action_width, task.observation
        self._columns = {agent: columns_of(task.action, agent) for agent in members}
        specs = [member.contract.noise for member in members.values()]
        self._draws = _cuts([math.prod(spec.shape) if spec else 0 for spec in specs])
        self._kept = _cuts([member.contract.memory for member in members.values()])
        self.contract = _contract(name, task.id, members)
        self.card: Mapping[str, Any] = _card(name, task.id, members, execution)

    def plan(self, query: Query) -> Plan:
        """The members' plans side by side, as long as the shortest."""
        width, chunk = len(query.steps), self.contract.chunk
        actions = np.zeros((width, chunk, self._width), np.float32)
        memory = query.memory.copy()
        diagnostics = {name: np.zeros((width, size), np.float32) for name, size in self.contract.diagnostics.items()}
        for number, (agent, member) in enumerate(self._members.items()):
            for first in range(0, width, member.contract.width):
                rows = slice(first, min(first + member.contract.width, width))
                if not query.valid[rows].any():
                    continue
                count = rows.stop - rows.start
                plan = member.plan(self._share(query, number, first))
                actions[rows, :, self._columns[agent]] = plan.actions[:count, :chunk]
                memory[rows, self._kept[number]] = plan.memory[:count]
                for name in member.contract.diagnostics:
                    diagnostics[f"{agent}/{name}"][rows] = plan.diagnostics[name][:count]
        return Plan(actions, memory, diagnostics)

    def _share(self, query: Query, number: int, first: int) -> Query:
        """What a member is asked for the rows from `first` on; where they are too few, the first of them fills up."""
        agent, member = list(self._members.items())[number]
        wanted = np.arange(first, first + member.contract.width)
        inside = wanted < len(query.steps)
        rows = np.where(inside, wanted, first)
        return Query(
            observations=self._seen(query.observations[rows], number),
            noise=self._noise(query, number, rows),
            states=None if query.states is None else query.states[rows],
            scenes=tuple(query.scenes[row] for row in rows) if query.scenes else (),
            hold=query.hold[rows][:, self._columns[agent]],
            steps=query.steps[rows],
            memory=query.memory[rows][:, self._kept[number]],
            valid=query.valid[rows] & inside,
            images={name: query.images[name][rows][:, -member.contract.n_obs :] for name in member.contract.cameras},
        )

    def _seen(
        self, frames: Float32[Array, "W n_obs observation"], number: int
    ) -> Float32[Array, "W n_obs observation"]:
        """As long as the member asks for, with zeros in the fields that it does not read but others do."""
        contract = list(self._members.values())[number].contract
        own = frames[:, -contract.n_obs :]
        if contract.reads is None:
            return own
        read = np.concatenate([np.full(field.size, field.name in contract.reads) for field in self._observed])
        return np.where(read, own, np.float32(0))

    def _noise(self, query: Query, number: int, rows: Array) -> Float32[Array, "W ..."] | None:
        """A member's own draws; where members want several kinds, normal ones are drawn and made uniform for some."""
        spec = list(self._members.values())[number].contract.noise
        if spec is None or query.noise is None or self.contract.noise is None:
            return None
        draws = query.noise[rows][:, self._draws[number]]
        if spec.kind != self.contract.noise.kind:
            draws = _uniform(draws)
        return draws.reshape(len(rows), *spec.shape)


def _cuts(sizes: list[int]) -> list[slice]:
    ends = np.cumsum([0, *sizes])
    return [slice(int(start), int(stop)) for start, stop in pairwise(ends)]


def _uniform(draws: Float32[Array, "rows n"]) -> Float32[Array, "rows n"]:
    """The normal distribution function of each, below 1."""
    shares = np.reshape([0.5 * math.erfc(-float(value) / math.sqrt(2)) for value in draws.ravel()], draws.shape)
    below: Array = np.minimum(shares.astype(np.float32), np.nextafter(np.float32(1), np.float32(0)))
    return below


def _contract(name: str, task: str, members: Mapping[str, Policy]) -> PolicyContract:
    parts = {agent: member.contract for agent, member in members.items()}
    specs = [part.noise for part in parts.values() if part.noise]
    kinds = {spec.kind for spec in specs}
    draws = NoiseSpec(
        shape=(sum(math.prod(spec.shape) for spec in specs),), kind=kinds.pop() if len(kinds) == 1 else "normal"
    )
    return PolicyContract(
        method=name,
        task=task,
        n_obs=max(part.n_obs for part in parts.values()),
        chunk=min(part.chunk for part in parts.values()),
        width=max(part.width for part in parts.values()),
        noise=draws if specs else None,
        privileged=any(part.privileged for part in parts.values()),
        memory=sum(part.memory for part in parts.values()),
        batch_invariant=all(part.batch_invariant for part in parts.values()),
        offloaded=all(part.offloaded for part in parts.values()),
        cameras=tuple(dict.fromkeys(name for part in parts.values() for name in part.cameras)),
        reads=_reads(parts.values()),
        diagnostics={f"{agent}/{key}": size for agent, part in parts.items() for key, size in part.diagnostics.items()},
    )


def _reads(parts: Iterable[PolicyContract]) -> tuple[str, ...] | None:
    """What any member reads."""
    read: list[str] = []
    for part in parts:
        if part.reads is None:
            return None
        read += part.reads
    return tuple(dict.fromkeys(read))


def _card(name: str, task: str, members: Mapping[str, Policy], execution: Execution) -> dict[str, Any]:
    """The members' cards, and what stands for the whole team: its weights are theirs, in order."""
    cards = {agent: dict(member.card) for agent, member in members.items()}
    sizes = [card.get("parameters") for card in cards.values()]
    return {
        "method": name,
        "task": task,
        "weights": content_hash([[agent, card["weights"]] for agent, card in cards.items()]),
        "parameters": sum(sizes) if all(isinstance(size, int) for size in sizes) else None,
        "recipe": {agent: card.get("method") for agent, card in cards.items()},
        "execution": execution.model_dump(mode="json"),
        "members": cards,
    }
