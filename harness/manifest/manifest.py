"""A manifest after all names have been looked up: the panel, the policies and controls that meet it, and how to run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from pydantic import BaseModel

from harness.contract.policy import Execution
from harness.demonstrations import Selection
from harness.manifest.documents import SCHEMA, CalibrationEntry, ExplainEntry, RunEntry
from harness.manifest.panel import Panel

__all__ = ["DEFAULT_BANDS", "AnySpec", "ControlSpec", "Declaration", "Manifest", "PolicySpec", "TeamSpec"]

DEFAULT_BANDS = {"expert": (0.95, 1.0), "zero": (0.0, 0.05), "random": (0.0, 0.05)}


@dataclass(frozen=True)
class PolicySpec:
    """One checkpoint: a method, trained on one task with one seed.

    Attributes:
        name: of the policy in the manifest.
        method: id of the method.
        version: of the method.
        task: id of the task.
        seed: training seed.
        recipe: validated by the method.
        execution: how its chunks are executed.
        demonstrations: what it is trained on.
        agent: the only one that it acts for, as a member of a team; None for all.
    """

    name: str
    method: str
    version: int
    task: str
    seed: int
    recipe: BaseModel
    execution: Execution
    demonstrations: Selection = field(default_factory=Selection)
    agent: str | None = None

    @property
    def label(self) -> str:
        """Names the policy in episodes: the same on every task."""
        return f"{self.name}-s{self.seed}"

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "label": self.label,
            "name": self.name,
            "method": self.method,
            "version": self.version,
            "task": self.task,
            "seed": self.seed,
            "recipe": self.recipe.model_dump(mode="json"),
            "execution": self.execution.model_dump(mode="json"),
            "demonstrations": self.demonstrations.model_dump(mode="json", exclude_defaults=True),
            **({"agent": self.agent} if self.agent else {}),
        }


@dataclass(frozen=True)
class TeamSpec:
    """One policy an agent, trained on one task with one seed, acting together.

    Attributes:
        name: of the team in the manifest; its method, too.
        task: id of the task.
        seed: training seed of every member.
        members: agents in contract order, each with its policy.
        execution: how the plans of all are executed.
    """

    name: str
    task: str
    seed: int
    members: tuple[tuple[str, PolicySpec], ...]
    execution: Execution

    @property
    def label(self) -> str:
        """Names the team in episodes: the same on every task."""
        return f"{self.name}-s{self.seed}"

    @property
    def demonstrations(self) -> Selection:
        """What all members are trained on; everything where they differ in it."""
        (_, first), *_ = self.members
        alike = all(member.demonstrations == first.demonstrations for _, member in self.members)
        return first.demonstrations if alike else Selection()

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "label": self.label,
            "name": self.name,
            "method": self.name,
            "task": self.task,
            "seed": self.seed,
            "execution": self.execution.model_dump(mode="json"),
            "team": {agent: member.document() for agent, member in self.members},
        }


type AnySpec = PolicySpec | TeamSpec


@dataclass(frozen=True)
class ControlSpec:
    """One control and the conditions it runs in; `of` is the label of the policy it derives from, if any."""

    control: str
    conditions: tuple[str, ...]
    of: str | None = None

    @property
    def label(self) -> str:
        """Names the control in episodes."""
        return self.control if self.of is None else f"{self.control}-{self.of}"


@dataclass(frozen=True)
class Declaration:
    """A task that the manifest describes itself: the adapter that makes it, and what it is told."""

    adapter: str
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class Manifest:
    """What one run does.

    Attributes:
        name: of the manifest; never hashed.
        panel: what every policy meets.
        policies: one per policy or team, training seed and task.
        controls: in manifest order.
        bands: per control, the nominal success rate it must have for the run to be valid.
        run: how the machine is used; never hashed.
        explain: what finding causes may spend; never hashed.
        calibration: what is known of its episodes, if it is one to calibrate with; never hashed.
        anchor: label of a policy that is expected to be the same every week; never hashed.
        declarations: tasks that no package registers, by id. What they are is in their contracts, which are hashed.
    """

    name: str
    panel: Panel
    policies: tuple[AnySpec, ...]
    controls: tuple[ControlSpec, ...]
    bands: dict[str, tuple[float, float]]
    run: RunEntry
    explain: ExplainEntry = field(default_factory=ExplainEntry)
    calibration: CalibrationEntry | None = None
    anchor: str | None = None
    declarations: Mapping[str, Declaration] = field(default_factory=dict)

    def behind(self, label: str) -> str:
        """Label of the policy that a control wraps; of any other policy or control, its own."""
        return next((control.of for control in self.controls if control.label == label and control.of), label)

    def document(self) -> dict[str, Any]:
        """The resolved manifest as JSON, for the artifact's metadata."""
        return {
            "schema": SCHEMA,
            "name": self.name,
            "panel_id": self.panel.panel_id,
            "panel": self.panel.document,
            "policies": [policy.document() for policy in self.policies],
            "controls": [
                {"label": item.label, "control": item.control, "conditions": list(item.conditions), "of": item.of}
                for item in self.controls
            ],
            "bands": {name: list(band) for name, band in self.bands.items()},
            "run": self.run.model_dump(mode="json"),
            "explain": self.explain.model_dump(mode="json"),
            "anchor": self.anchor,
            "declarations": {task: asdict(item) for task, item in self.declarations.items()},
            "calibration": None if self.calibration is None else self.calibration.model_dump(mode="json"),
        }
