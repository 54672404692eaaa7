"""A trained learner as a policy: numpy at the border, normalisation around the forward pass."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from harness.contract.policy import Plan, PolicyContract, Query
from harness.contract.task import TaskContract
from policies.training.learner import Learner
from policies.vision.crop import middle

__all__ = ["LearnedPolicy"]


class LearnedPolicy:
    """Keeps `harness.contract.policy.Policy`; the first `chunk` actions of every decision are its plan."""

    def __init__(self, learner: Learner, card: Mapping[str, Any], device: torch.device, task: TaskContract) -> None:
        self._learner, self._card, self._device = learner.eval(), card, device
        self._vision = learner.settings.vision
        self._contract = PolicyContract(
            method=card["method"],
            task=card["task"],
            n_obs=learner.settings.n_obs,
            chunk=learner.settings.chunk,
            width=learner.settings.width,
            noise=learner.noise,
            diagnostics=dict(learner.diagnostics),
            offloaded=device.type != "cpu",
            **_sight(learner, task),
        )

    @property
    def contract(self) -> PolicyContract:
        """The contract."""
        return self._contract

    @property
    def card(self) -> Mapping[str, Any]:
        """The checkpoint's card."""
        return self._card

    def plan(self, query: Query) -> Plan:
        """Actions for every row, from one forward pass over all rows."""
        with torch.inference_mode():
            observations = self._learner.layout.visible(torch.from_numpy(query.observations)).to(self._device)
            noise = None if query.noise is None else torch.from_numpy(query.noise).to(self._device)
            pictures = self._pictures(query)
            seen = () if pictures is None else (pictures,)
            decision = self._learner.act(self._learner.observation(observations), noise, *seen)
            actions = self._learner.action.inverse(decision.actions[:, : self._contract.chunk])
            diagnostics = {name: value.float().cpu().numpy() for name, value in decision.diagnostics.items()}
        return Plan(actions.cpu().numpy(), query.memory, diagnostics)

    def _pictures(self, query: Query) -> dict[str, Tensor] | None:
        if self._vision is None:
            return None
        squares = {name: middle(query.images[name], self._vision.crop) for name in self._vision.cameras}
        return {name: torch.from_numpy(square).to(self._device) for name, square in squares.items()}


def _sight(learner: Learner, task: TaskContract) -> dict[str, Any]:
    """What a policy with vision promises to read, and nothing else."""
    if learner.settings.vision is None:
        return {}
    own = tuple(field.name for field in task.observation if field.proprioceptive)
    return {"cameras": learner.settings.vision.cameras, "reads": own}
