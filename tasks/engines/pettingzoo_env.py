"""Any task of the harness as a PettingZoo `ParallelEnv`: every agent that its action fields name acts at once.

Agents are the values of `ActionField.agent`, in contract order ("left arm", "right arm"). An agent's action is its own
fields, in order. Every agent sees the whole observation (one policy could drive them all: nothing is hidden), and all
share one reward, one end and one info, as in `tasks.engines.gymnasium_env`, which says what those are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from gymnasium.spaces import Box
from gymnasium.utils import seeding
from jaxtyping import Float32, Float64, UInt8
from pettingzoo import ParallelEnv

from harness.contract.fields import Array, slices
from harness.contract.task import Split, Task
from harness.errors import ContractError
from tasks.engines.gymnasium_env import box
from tasks.engines.lane import Lane

__all__ = ["TaskParallelEnv"]


class TaskParallelEnv(ParallelEnv):  # type: ignore[misc] # PettingZoo has no types
    """One task as a cooperative multi-agent environment.

    Args:
        task: what is simulated.
        split: whose reset distribution scenes are drawn from.
        seed: panel seed; equal seeds and scene indexes are equal scenes, here and in the harness.
        render_mode: "rgb_array" or None.
    """

    def __init__(self, task: Task, *, split: Split = "heldout", seed: int = 0, render_mode: str | None = None) -> None:
        self._lane = Lane(task, split, seed)
        contract = task.contract
        self.possible_agents = list(dict.fromkeys(field.agent for field in contract.action))
        self.agents: list[str] = []
        self.render_mode = render_mode
        self.metadata = {
            "name": contract.id,
            "render_modes": ["rgb_array"],
            "render_fps": round(1 / contract.control_period_s),
        }
        fields = {agent: tuple(f for f in contract.action if f.agent == agent) for agent in self.possible_agents}
        where = slices(contract.action)
        self._columns = {agent: np.r_[tuple(where[f.name] for f in own)] for agent, own in fields.items()}
        self._action_spaces = {agent: box(own) for agent, own in fields.items()}
        self._observation_spaces = {agent: box(contract.observation) for agent in self.possible_agents}
        self._rng, _ = seeding.np_random()

    def observation_space(self, agent: str) -> Box:
        """The whole observation, the same for every agent."""
        return self._observation_spaces[agent]

    def action_space(self, agent: str) -> Box:
        """The agent's own fields."""
        return self._action_spaces[agent]

    def reset(
        self, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Float32[Array, " observation"]], dict[str, dict[str, Any]]]:
        """Start `options["scene"]`, else a scene drawn from the generator that `seed` restarts."""
        if seed is not None:
            self._rng, _ = seeding.np_random(seed)
        observation, info = self._lane.reset(self._rng, options)
        self.agents = list(self.possible_agents)
        return self._each(observation.copy), self._each(lambda: dict(info))

    def step(
        self, actions: dict[str, Float32[Array, " own"]]
    ) -> tuple[
        dict[str, Float32[Array, " observation"]],
        dict[str, float],
        dict[str, bool],
        dict[str, bool],
        dict[str, dict[str, Any]],
    ]:
        """Advance one control period: observations, rewards, terminations, truncations, infos by agent.

        Raises:
            ContractError: an agent's action is missing, or has another shape.
        """
        moment = self._lane.step(self._joined(actions))
        results = (
            self._each(moment.observation.copy),
            self._each(lambda: moment.reward),
            self._each(lambda: moment.terminated),
            self._each(lambda: moment.truncated),
            self._each(lambda: dict(moment.info)),
        )
        if moment.terminated or moment.truncated:
            self.agents = []
        return results

    def render(self) -> UInt8[Array, "height width 3"] | None:
        """A picture from the contract's first camera, or None without a render mode."""
        return self._lane.render() if self.render_mode == "rgb_array" else None

    def state(self) -> Float64[Array, " state"]:
        """The global view of centralised training: the engine's state row."""
        return self._lane.state

    def _each[T](self, value: Callable[[], T]) -> dict[str, T]:
        return {agent: value() for agent in self.agents}

    def _joined(self, actions: dict[str, Float32[Array, " own"]]) -> Float32[Array, " action"]:
        joined = np.empty(self._lane.contract.action_width, np.float32)
        for agent, columns in self._columns.items():
            given = np.asarray(actions.get(agent, ()), np.float32)
            if given.shape != (len(columns),):
                raise ContractError(
                    f"action of agent {agent!r} in {self._lane.contract.id!r}",
                    expected=f"{len(columns)} numbers",
                    got=f"shape {given.shape}" if agent in actions else "none",
                    fix=f"give every agent of {self.possible_agents} an action",
                )
            joined[columns] = given
        return joined
