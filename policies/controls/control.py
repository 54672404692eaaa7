"""What a control is. No implementation lives here, but for how most controls are executed."""

from __future__ import annotations

import abc
from collections.abc import Callable

from harness.contract.policy import Execution, Policy, Runtime
from harness.contract.task import Task
from harness.demonstrations import Demonstrations
from harness.errors import ContractError

__all__ = ["WIDTH", "Control", "wrapped"]

WIDTH = 32
"""Lanes per query of a control; they are independent, so any number gives the same bits."""


class Control(abc.ABC):
    """A way to make a policy for any task.

    Attributes:
        name: in manifests.
        needs_inner: wraps a trained policy.
    """

    name: str
    needs_inner: bool = False

    @abc.abstractmethod
    def build(
        self, task: Task, demonstrations: Callable[[], Demonstrations], runtime: Runtime, inner: Policy | None
    ) -> Policy:
        """The control for a task.

        Args:
            task: on which it acts.
            demonstrations: reads the task's demonstrations, when they are needed.
            runtime: threads and device.
            inner: the trained policy that it wraps, if `needs_inner`.

        Raises:
            ContractError: `inner` is missing, or of another task.
        """

    def execution(self, policy: Policy) -> Execution:
        """How the harness executes the policy that `build` made: whole chunks, open loop."""
        return Execution(execute=policy.contract.chunk)


def wrapped(control: Control, task: Task, inner: Policy | None) -> Policy:
    """The policy that a control wraps. Raises ContractError if there is none, or it is of another task."""
    if inner is None or inner.contract.task != task.contract.id:
        raise ContractError(
            f"control {control.name!r} of task {task.contract.id!r}",
            expected="a trained policy of this task to wrap",
            got="none" if inner is None else f"one of {inner.contract.task!r}",
            fix=f"name the policy that `{control.name}` wraps in the manifest",
        )
    return inner
