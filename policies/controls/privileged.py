"""`expert`: the task's own scripted expert, which sees states. What it cannot solve, nobody needs to."""

from __future__ import annotations

from collections.abc import Callable

from harness.contract.policy import Policy, Runtime
from harness.contract.task import Task
from harness.demonstrations import Demonstrations
from policies.controls.control import Control

__all__ = ["ExpertControl"]


class ExpertControl(Control):
    """Hands out the expert as it is."""

    name = "expert"

    def build(
        self, task: Task, demonstrations: Callable[[], Demonstrations], runtime: Runtime, inner: Policy | None
    ) -> Policy:
        """The task's expert, on the CPU threads of `runtime`."""
        return task.expert(runtime.threads)
