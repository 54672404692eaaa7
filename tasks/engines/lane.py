"""One lane of a task's engine, stepped one control step at a time: what every environment interface wraps.

The harness itself never steps this way (it advances many lanes by whole chunks); a step being a pure function (law 4),
both ways give the same bits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float32, Float64, UInt8

from harness.contract.fields import Array, bounds
from harness.contract.scenes import draw_scene
from harness.contract.task import Advance, Advanced, Dynamics, Scene, Split, Task
from harness.errors import ContractError

__all__ = ["Lane", "Moment"]

_SCENES = 2**31


@dataclass(frozen=True)
class Moment:
    """What one control step led to.

    Attributes:
        observation: inside the contract's bounds.
        reward: gain in the progress signal, which counts as 0 at the start; rewards sum to the progress reached.
        terminated: the contract's rule ended the episode, or the simulation broke down.
        truncated: the horizon is reached without that.
        info: `signals` by name, `success` so far in the episode, `diverged`, and what `Lane.reset` returns.
    """

    observation: Float32[Array, " observation"]
    reward: float
    terminated: bool
    truncated: bool
    info: dict[str, Any]


class Lane:
    """An episode of a task.

    Args:
        task: what is simulated.
        split: whose reset distribution scenes are drawn from.
        seed: of the panel; with the scene's index it decides a scene, as in the harness.
    """

    def __init__(self, task: Task, split: Split, seed: int) -> None:
        self.contract = task.contract
        self._task, self._split, self._seed = task, split, seed
        self._engine = task.engine(threads=1)
        self._names = [signal.name for signal in self.contract.signals]
        self._progress = next(signal.name for signal in self.contract.signals if signal.role == "progress")
        self._action_bounds, self._observation_bounds = bounds(self.contract.action), bounds(self.contract.observation)
        self._scene: Scene | None = None

    @property
    def state(self) -> Float64[Array, " state"]:
        """A copy of the engine's state row. Raises ContractError before the first reset."""
        self._started()
        return np.array(self._states[0])

    def reset(
        self, rng: np.random.Generator, options: Mapping[str, Any] | None
    ) -> tuple[Float32[Array, " observation"], dict[str, Any]]:
        """Start the scene `options["scene"]`, or one whose index is drawn; other options are ignored.

        Raises:
            ContractError: the index is no non-negative integer.
        """
        index = (options or {}).get("scene")
        index = int(rng.integers(_SCENES)) if index is None else _checked(index, self.contract.id)
        self._scene = draw_scene(self.contract, self._seed, self._split, index)
        self._states = self._engine.reset([self._scene])
        self._signals = dict.fromkeys(self._names, 0.0)
        self._steps, self._settled, self._success = 0, 0, False
        return self._clipped(self._engine.observe(self._states)[0]), self._about()

    def step(self, action: Float32[Array, " action"]) -> Moment:
        """Advance one control step under an action in contract units, clipped to the actuator bounds as in the harness.

        Raises:
            ContractError: there was no reset, or the action has another shape or is not finite.
        """
        self._started()
        moved = self._engine.advance(
            Advance(states=self._states, actions=self._applied(action), pushes=None, dynamics=[Dynamics()])
        )
        self._steps += 1
        before, diverged = self._signals[self._progress], bool(moved.diverged[0, 0])
        if not diverged:
            self._read(moved)
        terminated = diverged or self._ended()
        info = {**self._about(), "signals": dict(self._signals), "success": self._success, "diverged": diverged}
        return Moment(
            observation=self._clipped(self._engine.observe(self._states)[0]),
            reward=self._signals[self._progress] - before,
            terminated=terminated,
            truncated=not terminated and self._steps >= self.contract.horizon,
            info=info,
        )

    def render(self) -> UInt8[Array, "height width 3"]:
        """A picture from the contract's first camera. Raises ContractError if it has none."""
        self._started()
        if not self.contract.cameras:
            raise ContractError(
                f"task {self.contract.id!r}", expected="a camera", got="none", fix="use it without render_mode"
            )
        camera = self.contract.cameras[0]
        picture: Array = self._task.render(self._states, camera.name, camera.width, camera.height)[0]
        return picture

    def _read(self, moved: Advanced) -> None:
        self._states = np.ascontiguousarray(moved.states[:, 0])
        self._signals = dict(zip(self._names, moved.signals[0, 0].astype(float).tolist(), strict=True))
        self._settled += self._success
        self._success |= bool(moved.success[0, 0])

    def _ended(self) -> bool:
        """The contract's rule: at the termination threshold, or `settle_steps` after the first success."""
        contract = self.contract
        level = contract.termination_threshold
        level = contract.success_threshold if level is None else level
        reached = np.float32(self._signals[contract.success_signal]) >= np.float32(level)
        return bool(reached) or (self._success and self._settled >= contract.settle_steps)

    def _applied(self, action: Float32[Array, " action"]) -> Float32[Array, "1 1 action"]:
        given = np.asarray(action, np.float32)
        if given.shape != (self.contract.action_width,) or not np.isfinite(given).all():
            raise ContractError(
                f"action for {self.contract.id!r}",
                expected=f"{self.contract.action_width} finite numbers",
                got=f"shape {given.shape}" if given.ndim != 1 or np.isfinite(given).all() else "NaN or infinity",
                fix="see the action fields of the task's contract",
            )
        low, high = self._action_bounds
        limited: Array = np.clip(given, low, high)
        return limited[None, None]

    def _clipped(self, observation: Float32[Array, " observation"]) -> Float32[Array, " observation"]:
        low, high = self._observation_bounds
        limited: Array = np.clip(observation, low, high)
        return limited

    def _about(self) -> dict[str, Any]:
        scene = self._started()
        return {"scene": scene.index, "split": scene.split, "variables": dict(scene.variables)}

    def _started(self) -> Scene:
        if self._scene is None:
            raise ContractError(f"environment of {self.contract.id!r}", expected="a reset first", fix="call reset()")
        return self._scene


def _checked(index: Any, task: str) -> int:
    if isinstance(index, bool) or not isinstance(index, int | np.integer) or index < 0:
        raise ContractError(
            f'options["scene"] of {task!r}',
            expected="a non-negative integer",
            got=repr(index),
            fix="give the index of a scene, or leave it out to draw one",
        )
    return int(index)
