"""A Gymnasium environment as a task: what its author writes down, and the task that follows from it.

    from tasks.engines.gymnasium_task import Environment, GymnasiumTask

    task = GymnasiumTask(
        contract=CONTRACT,
        environment=Environment("gym_pusht/PushT-v0", module="gym_pusht", arguments={}, info={"coverage": 1}),
        signals={"progress": lambda m: m.reward, "coverage": lambda m: m.info["coverage"][..., 0]},
        rest=lambda observations: observations[..., :2],
        demonstrations=Path(__file__).parent / "demonstrations",
    )

The contract's success signal may be anything that is measured: an entry of `info`, `terminated`, or a reward that
reaches a threshold. Importing this imports no environment.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from harness.errors import ContractError, PrerequisiteError
from tasks.engines.gymnasium_checks import check_packages
from tasks.engines.gymnasium_engine import GymnasiumEngine, Measure, Rest
from tasks.engines.gymnasium_memory import Environment

if TYPE_CHECKING:
    from jaxtyping import Float32, Float64, UInt8

    from harness.contract.fields import Array
    from harness.contract.policy import Policy
    from harness.contract.staging import Staging
    from harness.contract.task import TaskContract

__all__ = ["Environment", "GymnasiumTask"]


@dataclass(frozen=True)
class GymnasiumTask:
    """Keeps `harness.contract.task.Task`.

    Attributes:
        contract: its `simulator` names the packages and versions that decide the bits, "name version, ...", or "" to
            check none; its only reset variable is `seed`; it has no object, no dynamics and no cameras.
        environment: which environment, and what is recorded of it.
        demonstrations: folder of the LeRobotDataset v3.0.
        signals: how each signal of the contract is measured. One that is left out is `reward`, `terminated`, or the
            entry of info that has its name.
        rest: the action that asks the robot to stay where it is, from the observations; None for zero.
        expert_of: makes the scripted expert for a number of threads; None if there is none.
        extra: the optional dependencies of this project that bring the packages.
    """

    contract: TaskContract
    environment: Environment
    demonstrations: Path
    signals: Mapping[str, Measure] = field(default_factory=dict)
    rest: Rest | None = None
    expert_of: Callable[[int], Policy] | None = None
    extra: str = ""

    def engine(self, threads: int) -> GymnasiumEngine:
        """An engine with `threads` worker processes.

        Raises:
            PrerequisiteError: a package is missing, or of another version.
            ContractError: the environment does not fit the contract, or ignores its seed.
        """
        check_packages(self.contract, self.extra)
        signals = {**self._measured_by_name(), **self.signals}
        return GymnasiumEngine(self.contract, self.environment, signals, self.rest, threads)

    def _measured_by_name(self) -> dict[str, Measure]:
        """Signals of the contract that are called what the environment calls them."""
        known = {"reward", "terminated", *self.environment.info}
        return {signal.name: _measure(signal.name) for signal in self.contract.signals if signal.name in known}

    def expert(self, threads: int) -> Policy:
        """The scripted expert. Raises PrerequisiteError if there is none."""
        if self.expert_of is None:
            raise PrerequisiteError(
                f"task {self.contract.id}",
                expected="a scripted expert",
                got="none",
                fix="leave the controls that need one out of the manifest",
            )
        return self.expert_of(threads)

    def render(
        self,
        states: Float64[Array, "frames state"],
        camera: str,
        width: int,
        height: int,
        staging: Staging | None = None,
    ) -> UInt8[Array, "frames height width 3"]:
        """Raises PrerequisiteError: pictures of a Gymnasium environment are not drawn yet."""
        raise PrerequisiteError(f"task {self.contract.id}", expected="a camera", got="none")

    def posed(self, observations: Float32[Array, "frames observation"]) -> Float64[Array, "frames state"]:
        """Raises ContractError: there is no camera to look through."""
        raise ContractError(f"task {self.contract.id}", expected="a camera", got="none")


def _measure(name: str) -> Measure:
    """The signal that is called so, if its author did not say how it is measured."""
    if name in ("reward", "terminated"):
        return lambda moments: np.asarray(getattr(moments, name))
    return lambda moments: np.asarray(moments.info[name][..., 0])
