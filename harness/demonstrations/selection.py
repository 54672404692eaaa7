"""A part of a task's demonstrations: what a policy is trained on, when it is not all of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from harness.contract.agents import columns_of
from harness.contract.fields import ContractModel
from harness.contract.scenes import draw_scene
from harness.contract.task import TaskContract
from harness.demonstrations.dataset import Demonstrations
from harness.errors import DatasetError

__all__ = ["Selection", "Within", "acted_by", "select"]


class Within(ContractModel):
    """A range of one reset variable, in the contract's unit; an end that is left out is open."""

    low: float | None = None
    high: float | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise PydanticCustomError("range", "", {"expected": "low < high", "got": f"{self.low} and {self.high}"})
        return self

    def holds(self, value: float) -> bool:
        """Whether a value lies in the range."""
        return (self.low is None or value >= self.low) and (self.high is None or value < self.high)


class Selection(ContractModel):
    """Which demonstrations of a task a policy is trained on; the first so many of those whose scenes lie in ranges."""

    first: int | None = Field(default=None, gt=0, description="how many, in the order of the data set; all if left out")
    within: dict[str, Within] = Field(
        default_factory=dict,
        description="ranges of reset variables of their scenes",
        examples=[{"cube_y": {"high": 0.5}}],
    )


def select(demonstrations: Demonstrations, selection: Selection, contract: TaskContract) -> Demonstrations:
    """The selected demonstrations, in the same order; their info names the selection.

    Raises:
        DatasetError: a reset variable has no such name, or nothing is left.
    """
    known = contract.resets["train"]
    for name in selection.within:
        if name not in known:
            raise DatasetError(
                f"demonstrations of {contract.id}", expected=f"a reset variable ({', '.join(known)})", got=repr(name)
            )
    seed = int(demonstrations.info["seed"])
    scenes = [draw_scene(contract, seed, "train", index).variables for index in demonstrations.scenes]
    kept = [
        number
        for number, variables in enumerate(scenes)
        if all(span.holds(variables[name]) for name, span in selection.within.items())
    ][: selection.first]
    if not kept:
        raise DatasetError(
            f"demonstrations of {contract.id}", expected="some within the selection", got="none", fix="widen its ranges"
        )
    return replace(
        demonstrations,
        observations=tuple(demonstrations.observations[number] for number in kept),
        actions=tuple(demonstrations.actions[number] for number in kept),
        scenes=tuple(demonstrations.scenes[number] for number in kept),
        info={**demonstrations.info, "selection": selection.model_dump(mode="json", exclude_defaults=True)},
    )


def acted_by(demonstrations: Demonstrations, contract: TaskContract, agent: str) -> Demonstrations:
    """The same demonstrations with the actions of one agent only; they are those of the view of the contract."""
    own = columns_of(contract.action, agent)
    return replace(
        demonstrations,
        actions=tuple(actions[:, own] for actions in demonstrations.actions),
        info={**demonstrations.info, "agent": agent},
    )
