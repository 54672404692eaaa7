"""Any task of the harness as a `gymnasium.Env`, with the same physics, scenes and success rule.

    import gymnasium, tasks.engines.gymnasium_env as samepanel
    samepanel.register()
    env = gymnasium.make("samepanel/pusht-v1", split="heldout", render_mode="rgb_array")
    observation, info = env.reset(seed=3)                    # a scene drawn from the environment's generator
    observation, info = env.reset(options={"scene": 17})     # the harness's scene 17 of this split

| | |
| --- | --- |
| observation | float32, the contract's fields in order; `Box` with the contract's inclusive bounds. What a measurement
|             | shows beyond them (an object knocked out of the workspace) is clipped; the harness delivers it raw |
| action      | float32, the contract's fields in order and units; clipped to the actuator bounds |
| reward      | gain in the task's progress signal; the sum over an episode is the progress at its end, at most 1 |
| terminated  | the contract's success rule ended the episode (or the simulation broke down: `info["diverged"]`) |
| truncated   | the contract's horizon |
| info        | `scene`, `split`, `variables`; after a step also `signals`, `success` (so far) and `diverged` |

Faults, latency, chunking and labels are the harness's; an environment has none of them.
"""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Box
from jaxtyping import Float32, Float64, UInt8

from harness.contract.fields import Array, BoundedField, bounds
from harness.contract.task import Split, Task
from harness.errors import UnknownIdError
from tasks.engines.lane import Lane

__all__ = ["NAMESPACE", "TaskEnv", "box", "make", "register"]

NAMESPACE = "samepanel"
_GROUP = "samepanel.tasks"


def box(fields: tuple[BoundedField, ...]) -> Box:
    """The space of the flat vector of some fields: float32, the contract's bounds, inclusive."""
    low, high = bounds(fields)
    return Box(low, high, dtype=np.float32)


class TaskEnv(gymnasium.Env[Float32[Array, " observation"], Float32[Array, " action"]]):
    """One task as an environment; see the module for what it returns.

    Args:
        task: what is simulated.
        split: whose reset distribution scenes are drawn from.
        seed: panel seed; equal seeds and scene indexes are equal scenes, here and in the harness.
        render_mode: "rgb_array" or None.
    """

    metadata: dict[str, Any] = {"render_modes": ["rgb_array"]}  # noqa: RUF012 (Gymnasium's class attribute)

    def __init__(self, task: Task, *, split: Split = "heldout", seed: int = 0, render_mode: str | None = None) -> None:
        self._lane = Lane(task, split, seed)
        contract = task.contract
        self.observation_space, self.action_space = box(contract.observation), box(contract.action)
        self.metadata = {**TaskEnv.metadata, "render_fps": round(1 / contract.control_period_s)}
        self.render_mode = render_mode

    @property
    def state(self) -> Float64[Array, " state"]:
        """The engine's state row, to compare with the harness's."""
        return self._lane.state

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Float32[Array, " observation"], dict[str, Any]]:
        """Start `options["scene"]`, else a scene drawn from the generator that `seed` restarts."""
        super().reset(seed=seed)
        return self._lane.reset(self.np_random, options)

    def step(
        self, action: Float32[Array, " action"]
    ) -> tuple[Float32[Array, " observation"], float, bool, bool, dict[str, Any]]:
        """Advance one control period: observation, reward, terminated, truncated, info."""
        moment = self._lane.step(action)
        return moment.observation, moment.reward, moment.terminated, moment.truncated, moment.info

    def render(self) -> UInt8[Array, "height width 3"] | None:
        """A picture from the contract's first camera, or None without a render mode."""
        return self._lane.render() if self.render_mode == "rgb_array" else None


def make(task: str, **settings: Any) -> TaskEnv:
    """The environment of a registered task. Raises UnknownIdError with the nearest id."""
    points = {point.name: point for point in entry_points(group=_GROUP)}
    if task not in points:
        raise UnknownIdError.of("task", task, points)
    return TaskEnv(points[task].load(), **settings)


def register() -> None:
    """Make every registered task known to `gymnasium.make` as "samepanel/<task id>"; imports no task yet."""
    for point in entry_points(group=_GROUP):
        name = f"{NAMESPACE}/{point.name}"
        if name not in gymnasium.registry:
            gymnasium.register(name, entry_point=f"{__name__}:make", kwargs={"task": point.name})
