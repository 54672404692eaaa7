"""A team from a manifest: one policy for every agent of a task, and one execution for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pydantic import ValidationError

from harness.contract.agents import agents_of
from harness.contract.policy import Execution
from harness.contract.task import TaskContract
from harness.errors import ManifestError, UnknownIdError
from harness.manifest.complaints import complaint
from harness.manifest.definitions import NamedPolicy
from harness.manifest.documents import TeamEntry
from harness.manifest.manifest import PolicySpec, TeamSpec
from harness.manifest.recipes import specify

__all__ = ["assembled"]


def assembled(
    entry: TeamEntry, policies: Mapping[str, NamedPolicy], contract: TaskContract, seed: int, where: str
) -> TeamSpec:
    """The team on one task with one training seed.

    Args:
        entry: of the manifest.
        policies: the policy of each of its agents.
        contract: of the task.
        seed: training seed.
        where: the entry's place in the manifest.

    Raises:
        ManifestError: the task has other agents, or the members do not go together.
    """
    _check_agents(entry, contract, where)
    members = tuple(
        (agent, replace(specify(policies[agent], contract.id, seed), agent=agent)) for agent in agents_of(contract)
    )
    execution = _execution(entry, members, where)
    for agent, member in members:
        chunk = getattr(member.recipe, "chunk", None)
        if isinstance(chunk, int) and execution.execute > chunk:
            raise ManifestError(
                f"{where}.execution.execute",
                expected=f"at most {chunk}, the chunk of {agent}",
                got=str(execution.execute),
            )
    return TeamSpec(entry.team, contract.id, seed, members, execution)


def _check_agents(entry: TeamEntry, contract: TaskContract, where: str) -> None:
    known = agents_of(contract)
    for agent in entry.agents:
        if agent not in known:
            fix = UnknownIdError.of("agent", agent, known).fix
            raise ManifestError(f"{where}.agents", got=f"unknown agent {agent!r} of {contract.id}", fix=fix)
    for agent in known:
        if agent not in entry.agents:
            raise ManifestError(
                f"{where}.agents",
                expected=f"a policy for {agent!r}, an agent of {contract.id}",
                got="none",
                fix="add one",
            )


def _execution(entry: TeamEntry, members: tuple[tuple[str, PolicySpec], ...], where: str) -> Execution:
    """That of the team over what its members agree on: they share one clock."""
    executions = [member.execution for _, member in members]
    agreed = executions[0].model_dump() if len(set(executions)) == 1 else {}
    given = {} if entry.execution is None else entry.execution.model_dump(exclude_unset=True)
    if not agreed and "execute" not in given:
        told = ", ".join(f"{agent}: {member.execution.model_dump(exclude_none=True)}" for agent, member in members)
        raise ManifestError(
            where,
            expected="one execution for all members",
            got=told,
            fix="give the team an `execution`, such as {execute: 4}",
        )
    try:
        return Execution.model_validate(agreed | given)
    except ValidationError as error:
        raise complaint(error, Execution, f"{where}.execution") from error
