"""A task on the native engine as the registry sees it: a contract, and where to find what simulates and draws it.

MuJoCo is imported by the methods that simulate or render, and by nothing before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jaxtyping import Float32, Float64, UInt8

    from harness.contract.fields import Array
    from harness.contract.policy import Policy
    from harness.contract.staging import Staging
    from harness.contract.task import Engine, TaskContract
    from tasks.engines.painter import Painter

__all__ = ["NativeTask"]


@dataclass(frozen=True)
class NativeTask:
    """Keeps `harness.contract.task.Task`. What needs a simulator is named by an import string, "module:name".

    Attributes:
        contract: of the task.
        demonstrations: folder of the committed LeRobotDataset v3.0.
        engine_of: makes the batched simulator for a number of threads.
        expert_of: makes the scripted expert.
        model_of: makes the model of the scene, for pictures.
        positions_of: generalised positions that look like observations.
        finished: what rows of a state need beside positions, given the rows of the physics; "" for nothing.
        expert_threads: whether the expert is told how many threads it may plan with; else it needs one.
    """

    contract: TaskContract
    demonstrations: Path
    engine_of: str
    expert_of: str
    model_of: str
    positions_of: str
    finished: str = ""
    expert_threads: bool = False

    def engine(self, threads: int) -> Engine:
        """A batched simulator that uses `threads` native threads."""
        engine: Engine = _found(self.engine_of)(threads)
        return engine

    def expert(self, threads: int) -> Policy:
        """The scripted expert, planning with at most `threads` native threads."""
        expert: Policy = _found(self.expert_of)(*([threads] if self.expert_threads else []))
        return expert

    def render(
        self,
        states: Float64[Array, "frames state"],
        camera: str,
        width: int,
        height: int,
        staging: Staging | None = None,
    ) -> UInt8[Array, "frames height width 3"]:
        """Pictures of the states."""
        return self._painter.paint(states, camera, width, height, staging)

    def posed(self, observations: Float32[Array, "frames observation"]) -> Float64[Array, "frames state"]:
        """States that look like what was observed; nothing in them moves."""
        rows = self._painter.rows(_found(self.positions_of)(observations))
        return _found(self.finished)(rows) if self.finished else rows

    @cached_property
    def _painter(self) -> Painter:
        """One for all pictures: opening a graphics context takes long."""
        from tasks.engines.painter import Painter  # noqa: PLC0415 (imports mujoco)

        return Painter(_found(self.model_of)())


def _found(name: str) -> Callable[..., Any]:
    module, _, attribute = name.partition(":")
    found: Callable[..., Any] = getattr(import_module(module), attribute)
    return found
