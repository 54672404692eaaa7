"""Faults of the evaluator: the robot does its task, and nobody notices."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from harness.contract.task import TaskContract
from harness.faults.base import Applied, WindowedFault
from harness.faults.effects import Effects
from harness.faults.ladder import Ladder
from harness.quantities import Ratio

__all__ = ["MissedSuccess"]


class MissedSuccess(WindowedFault):
    """The predicate of success reads false on some steps, drawn one by one, whatever the state is."""

    meaning: ClassVar[str] = "the success detector is deaf: what was achieved is not counted"
    category: ClassVar[str] = "evaluation"
    ladder: ClassVar[Ladder] = Ladder("probability", "%", 0, 100, "0 %", ("50 %", "80 %", "90 %", "95 %", "100 %"))

    fault: Literal["evaluation.missed_success"] = "evaluation.missed_success"
    probability: Ratio = Field(description="share of the steps on which success goes unseen")

    def apply(self, effects: Effects, contract: TaskContract, rng: np.random.Generator) -> Applied:
        """Add the steps to those that are missed already."""
        active = self.window.place(contract, rng)
        drawn = rng.random(contract.horizon) < self.probability
        missed = np.zeros(contract.horizon, bool) if effects.missed is None else effects.missed.copy()
        missed[active] |= drawn[active]
        summary = {"start": active.start, "stop": active.stop, "missed": int(missed.sum())}
        return Applied(replace(effects, missed=missed if missed.any() else None), summary)
