"""The agents of a task, and the task as one of them has it: all that is seen, and only its own actions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Int64

from harness.contract.fields import ActionField, Array, ObservationField
from harness.contract.task import TaskContract

__all__ = ["agents_of", "columns_of", "view_of"]


def agents_of(contract: TaskContract) -> tuple[str, ...]:
    """Those that the action fields name, in contract order."""
    return tuple(dict.fromkeys(field.agent for field in contract.action))


def columns_of(fields: Sequence[ObservationField] | Sequence[ActionField], agent: str) -> Int64[Array, " width"]:
    """Where the fields of one agent lie in the flat vector."""
    return np.flatnonzero([field.agent == agent for field in fields for _ in range(field.size)])


def view_of(contract: TaskContract, agent: str | None) -> TaskContract:
    """The contract of a task in which nobody but the agent acts, if one is named; None for the task as it is.

    What is measured on others belongs to nobody then.
    """
    if agent is None:
        return contract
    noise = contract.dataset.action_noise
    return TaskContract.model_validate(
        {
            **contract.model_dump(),
            "observation": [
                field if field.agent == agent else field.model_copy(update={"agent": None})
                for field in contract.observation
            ],
            "action": [field for field in contract.action if field.agent == agent],
            "dataset": {
                **contract.dataset.model_dump(),
                "action_noise": [noise[column] for column in columns_of(contract.action, agent)],
            },
        }
    )
