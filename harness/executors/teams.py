"""Checkpoints of whoever acts: of a policy its one, of a team one for each of its members."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from harness.contract.policy import Execution
from harness.demonstrations import Demonstrations, Selection, read, select
from harness.executors.training import Ticket, make_ticket
from harness.hashing import content_hash
from harness.manifest.manifest import AnySpec, TeamSpec
from harness.registry import load

__all__ = ["AnyTicket", "TeamTicket", "checkpoints", "ticket_for"]


@dataclass(frozen=True)
class TeamTicket:
    """The checkpoints of a team, by agent in contract order; see `harness.executors.training.Ticket`."""

    label: str
    name: str
    task: str
    execution: Execution
    seed: int
    members: dict[str, Ticket]
    selection: Selection

    @property
    def key(self) -> str:
        """Hash of all that decides the weights of all members."""
        return content_hash([[agent, ticket.key] for agent, ticket in self.members.items()])

    @property
    def trained(self) -> bool:
        """Whether all checkpoints are there."""
        return all(ticket.trained for ticket in self.members.values())

    def demonstrations(self) -> Demonstrations:
        """What the members are trained on; all of the task's where they differ in it."""
        task = load("tasks", self.task)
        return select(read(task.demonstrations, task.contract), self.selection, task.contract)


type AnyTicket = Ticket | TeamTicket


def ticket_for(spec: AnySpec, device: str) -> AnyTicket:
    """What has to be trained for a policy or a team."""
    if not isinstance(spec, TeamSpec):
        return make_ticket(spec, device)
    members = {agent: make_ticket(member, device) for agent, member in spec.members}
    return TeamTicket(spec.label, spec.name, spec.task, spec.execution, spec.seed, members, spec.demonstrations)


def checkpoints(tickets: Iterable[AnyTicket]) -> list[Ticket]:
    """Every checkpoint once, though teams may share some."""
    found: dict[str, Ticket] = {}
    for ticket in tickets:
        for part in ticket.members.values() if isinstance(ticket, TeamTicket) else (ticket,):
            found.setdefault(part.key, part)
    return list(found.values())
