"""Who acts: policies from their checkpoints and controls, loaded and checked before the first rollout (law 12)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from harness.conformance.policies import demand_known_names
from harness.contract.fields import Array
from harness.contract.policy import Execution, Method, Policy, Runtime
from harness.contract.scenes import draw_scene
from harness.contract.task import Advance, Engine, Task, TaskContract
from harness.demonstrations import Demonstrations, read
from harness.errors import ContractError, SamepanelError
from harness.executors.teams import AnyTicket, TeamTicket
from harness.executors.training import Ticket
from harness.faults.effects import nominal
from harness.hashing import content_hash
from harness.manifest.manifest import ControlSpec
from harness.registry import load
from harness.rollout.episode import Assignment
from harness.rollout.inference import Inference
from harness.rollout.joined import JoinedPolicy
from harness.rollout.lanes import Lanes
from harness.rollout.sight import Artist

__all__ = ["Actor", "check_actor", "check_engine", "control_actor", "policy_actor"]


@dataclass(frozen=True)
class Actor:
    """A policy on one task, with how it is executed and how its rows name it."""

    label: str
    method: str
    seed: int | None
    policy: Policy
    execution: Execution
    policy_hash: str


def policy_actor(ticket: AnyTicket, method: str, runtime: Runtime) -> Actor:
    """The policy of a trained checkpoint, or of those of a team; `method` is its name in the manifest."""
    if isinstance(ticket, TeamTicket):
        task: Task = load("tasks", ticket.task)
        members = {agent: _loaded(member, runtime) for agent, member in ticket.members.items()}
        policy: Policy = JoinedPolicy(ticket.name, task.contract, members, ticket.execution)
    else:
        policy = _loaded(ticket, runtime)
    return Actor(ticket.label, method, ticket.seed, policy, ticket.execution, str(policy.card["weights"]))


def _loaded(ticket: Ticket, runtime: Runtime) -> Policy:
    plugin: Method = load("methods", ticket.method)
    return plugin.load(ticket.directory, ticket.contract, runtime)


def control_actor(spec: ControlSpec, task: Task, runtime: Runtime, inner: Actor | None) -> Actor:
    """A control on one task; `inner` is the policy that it derives from, if it derives from one."""
    control = load("controls", spec.control)
    demonstrations: Callable[[], Demonstrations] = lambda: read(task.demonstrations, task.contract)  # noqa: E731
    policy: Policy = control.build(task, demonstrations, runtime, inner.policy if inner else None)
    execution = inner.execution if inner else control.execution(policy)
    identity = [spec.label, task.contract.id, inner.policy_hash if inner else ""]
    return Actor(spec.label, spec.control, None, policy, execution, content_hash(identity))


def check_actor(actor: Actor, engine: Engine, artist: Artist | None = None) -> None:
    """One query on a real scene, before anything is run: task, chunk length, shape, dtype, finiteness.

    Raises:
        ContractError: the policy breaks its contract; the message says whose, expected, got and fix.
    """
    contract, task = actor.policy.contract, engine.contract
    whose = f"policy {actor.label!r} on {task.id}"
    if contract.task != task.id:
        raise ContractError(
            whose, expected=f"a policy of {task.id}", got=f"one of {contract.task}", fix="use a checkpoint of this task"
        )
    if actor.execution.execute > contract.chunk:
        raise ContractError(
            whose,
            expected=f"execute of at most {contract.chunk}, the policy's chunk",
            got=str(actor.execution.execute),
            fix="lower `execution.execute` or raise the recipe's chunk",
        )
    demand_known_names(contract, task, whose)
    lanes = Lanes(1, engine, contract, actor.execution)
    lanes.admit([_trial(task)])
    try:
        inference, alone = Inference(actor.policy, task, artist), np.array([0])
        seen = inference.sight.look(lanes, alone)
        if seen.lost:
            raise ContractError(f"pictures of {task.id}", expected="a picture", got=seen.lost[0])
        inference.ask(lanes, alone, seen.images)
    except SamepanelError:
        raise
    except Exception as error:
        raise ContractError(whose, expected="a plan", got=f"{type(error).__name__}: {error}") from error


def check_engine(engine: Engine) -> None:
    """One step of one scene, before anything is run: shapes and dtypes are what the contract promises.

    Raises:
        ContractError: the simulator breaks the contract; the message says whose, expected, got and fix.
    """
    task = engine.contract
    whose = f"simulator of {task.id}"
    effects = nominal(task)
    try:
        states = engine.reset([_trial(task).scene])
        observation, rest = engine.observe(states), engine.rest(states)
        _demand(f"{whose}: observation", observation, (1, task.observation_width), "float32")
        _demand(f"{whose}: rest action", rest, (1, task.action_width), "float32")
        moved = engine.advance(Advance(states, rest[:, None], effects.push[None, :1], [effects.dynamics]))
    except SamepanelError:
        raise
    except Exception as error:
        raise ContractError(whose, expected="a step", got=f"{type(error).__name__}: {error}") from error
    _demand(f"{whose}: state", states, (1, states.shape[-1]), "float64")
    _demand(f"{whose}: state after a step", moved.states, (1, 1, states.shape[-1]), "float64")
    _demand(f"{whose}: observation after a step", moved.observations, (1, 1, task.observation_width), "float32")
    _demand(f"{whose}: signals", moved.signals, (1, 1, len(task.signals)), "float32")
    _demand(f"{whose}: success", moved.success, (1, 1), "bool")
    _demand(f"{whose}: diverged", moved.diverged, (1, 1), "bool")


def _demand(whose: str, found: Array, shape: tuple[int, ...], dtype: str) -> None:
    if found.shape != shape or found.dtype != np.dtype(dtype):
        raise ContractError(
            whose,
            expected=f"{dtype} of shape {shape}",
            got=f"{found.dtype} of shape {found.shape}",
            fix="return what the task's contract states",
        )


def _trial(task: TaskContract) -> Assignment:
    return Assignment("trial", draw_scene(task, 0, "heldout", 0), nominal(task), (task.id, "trial"))
