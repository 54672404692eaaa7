"""Any PettingZoo `ParallelEnv` as a task: its agents joined into one Gymnasium environment, which the workers step.

    environment = parallel("pettingzoo.sisl.multiwalker_v9:parallel_env", {"n_walkers": 2}, info={"steps": 1})
    contract = contract_from_agents("walkers-v1", environment, control_period_s=0.02, horizon=100, success="steps", ...)
    task = GymnasiumTask(contract, environment, demonstrations=Path("demonstrations"))

The flat action is what all agents do, in the order of `possible_agents`; the flat observation is what all see. Fields
carry the name of their agent, so that a fault may act on one and a team may have a policy for each. Nothing hides an
agent's observation from the others' policies: who wants that says so by `PolicyContract.reads`.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Box, Dict, Space
from gymnasium.spaces.utils import flatdim, flatten

from harness.contract.fields import ActionField, Array
from harness.contract.task import TaskContract
from harness.errors import ContractError
from tasks.engines.gymnasium_memory import Environment
from tasks.engines.gymnasium_spaces import contract_from_spaces

__all__ = ["JoinedEnv", "contract_from_agents", "parallel"]

_ID = "samepanel/Parallel-v0"


class JoinedEnv(gymnasium.Env[Any, Array]):
    """A parallel environment as a single one. It ends when all agents have ended; what one saw and told last remains.

    The reward is the sum over agents. The info holds `steps` (so far), and by agent `reward of AGENT`, `return of
    AGENT` (the sum so far) and every number of its own info, as `NAME of AGENT`.

    Args:
        make: "module:function" that makes the environment.
        arguments: for the function.
    """

    def __init__(self, make: str, arguments: Mapping[str, Any]) -> None:
        module, function = make.split(":")
        self._env: Any = getattr(importlib.import_module(module), function)(**arguments)
        self.agents: tuple[str, ...] = tuple(self._env.possible_agents)
        self._own = {agent: self._boxed(agent, self._env.action_space(agent)) for agent in self.agents}
        self._ends = np.cumsum(self.widths)[:-1]
        self._spaces: dict[str, Space[Any]] = {agent: self._env.observation_space(agent) for agent in self.agents}
        self.observation_space = Dict([(agent, _flat(space)) for agent, space in self._spaces.items()])
        limits = [np.concatenate([getattr(space, end) for space in self._own.values()]) for end in ("low", "high")]
        self.action_space = Box(*limits, dtype=np.float32)
        self._seen: dict[str, Array] = {}
        self._returns: dict[str, float] = {}
        self._numbers: dict[str, Any] = {}
        self._steps = 0

    def _boxed(self, agent: str, space: Any) -> Box:
        if not isinstance(space, Box):
            raise ContractError(
                f"agent {agent!r}", expected="actions in a Box", got=str(space), fix="wrap the environment"
            )
        return _flat(space)

    @property
    def widths(self) -> list[int]:
        """Components of each agent's action, in order."""
        return [space.shape[0] for space in self._own.values()]

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Array], dict[str, Any]]:
        """Start all agents."""
        super().reset(seed=seed)
        seen, infos = self._env.reset(seed=seed, options=options)
        self._steps, self._returns, self._numbers = 0, dict.fromkeys(self.agents, 0.0), {}
        self._seen = self._flattened(seen)
        return dict(self._seen), self._told({}, infos)

    def step(self, action: Array) -> tuple[dict[str, Array], float, bool, bool, dict[str, Any]]:
        """Advance all agents that have not ended."""
        parts = dict(zip(self.agents, np.split(np.asarray(action, np.float32), self._ends), strict=True))
        wanted = {
            agent: parts[agent].astype(self._env.action_space(agent).dtype).reshape(self._env.action_space(agent).shape)
            for agent in self._env.agents
        }
        seen, rewards, terminations, _, infos = self._env.step(wanted)
        self._steps += 1
        self._seen |= self._flattened(seen)
        for agent, reward in rewards.items():
            self._returns[agent] += float(reward)
        over = not self._env.agents
        terminated = over and any(terminations.values())
        total = float(sum(float(rewards[agent]) for agent in self.agents if agent in rewards))
        return dict(self._seen), total, terminated, over and not terminated, self._told(rewards, infos)

    def close(self) -> None:
        """End the environment."""
        self._env.close()

    def _flattened(self, seen: Mapping[str, Any]) -> dict[str, Array]:
        return {agent: np.asarray(flatten(self._spaces[agent], value), np.float32) for agent, value in seen.items()}

    def _told(self, rewards: Mapping[str, float], infos: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
        for agent, info in infos.items():
            self._numbers |= {f"{name} of {agent}": value for name, value in info.items() if _is_number(value)}
        told = {"steps": self._steps, **self._numbers}
        for agent in self.agents:
            told[f"reward of {agent}"] = float(rewards.get(agent, 0.0))
            told[f"return of {agent}"] = self._returns[agent]
        return told


def _flat(space: Space[Any]) -> Box:
    """A vector space of the same numbers; a space that has no bounds of its own gets infinite ones."""
    if isinstance(space, Box):
        return Box(space.low.ravel().astype(np.float32), space.high.ravel().astype(np.float32), dtype=np.float32)
    return Box(-np.inf, np.inf, (flatdim(space),), np.float32)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | np.number | np.bool_)


def parallel(make: str, arguments: Mapping[str, Any], info: Mapping[str, int], **limits: float) -> Environment:
    """The environment of a task.

    Args:
        make: "module:function" that makes it, e.g. "pettingzoo.sisl.multiwalker_v9:parallel_env".
        arguments: for the function.
        info: entries of `JoinedEnv`'s info that signals need, with their number of components.
        limits: `time_limit_s` and `start_limit_s` of `Environment`.
    """
    return Environment(_ID, __name__, {"make": make, "arguments": dict(arguments)}, info, **limits)


def contract_from_agents(
    id: str, environment: Environment, *, limits: tuple[float, float] | None = None, **rest: Any
) -> TaskContract:
    """The contract of a parallel environment: one observation field and one action field an agent, named after it.

    Args:
        id: of the task, versioned.
        environment: as `parallel` makes it.
        limits: least and greatest value of what is observed, where the spaces have no bounds.
        rest: the other parameters of `contract_from_spaces`.

    Raises:
        ContractError: an agent acts in something else than a `Box`, or a space has no bounds and none are given.
    """
    joined = JoinedEnv(**environment.arguments)
    agents, widths = joined.agents, joined.widths
    joined.close()
    given = None if limits is None else dict.fromkeys(agents, limits)
    whole = contract_from_spaces(id, environment, limits=given, proprioceptive=agents, **rest)
    [action] = whole.action
    ends = np.cumsum(widths)
    fields = [
        _action(action, agent, slice(int(end - width), int(end)))
        for agent, end, width in zip(agents, ends, widths, strict=True)
    ]
    observed = [field.model_copy(update={"agent": field.name}) for field in whole.observation]
    return TaskContract.model_validate({**whole.model_dump(), "observation": observed, "action": fields})


def _action(whole: ActionField, agent: str, part: slice) -> ActionField:
    return whole.model_copy(
        update={
            "name": agent,
            "agent": agent,
            "size": part.stop - part.start,
            "low": whole.low[part],
            "high": whole.high[part],
            "description": f"action of {agent}",
        }
    )


gymnasium.register(_ID, entry_point=f"{__name__}:JoinedEnv")
