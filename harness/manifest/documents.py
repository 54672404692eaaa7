"""What a manifest file may say, key by key. Names are not looked up here, and nothing is resolved."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, StrictInt, WithJsonSchema, field_validator, model_validator
from pydantic_core import PydanticCustomError

from harness.contract.failure import Blame
from harness.contract.fields import ContractModel
from harness.contract.task import TASK_ID, Split
from harness.demonstrations import Selection
from harness.faults.catalogue import AnyFault
from harness.manifest.ladders import Family
from harness.quantities import Duration

__all__ = [
    "ALL",
    "NOMINAL",
    "SCHEMA",
    "CalibrationEntry",
    "ControlEntry",
    "DefectEntry",
    "DefinitionsFile",
    "ExecutionEntry",
    "ExplainEntry",
    "GymnasiumEntry",
    "ManifestFile",
    "PanelEntry",
    "PolicyDefinition",
    "PolicyEntry",
    "RunEntry",
    "TaskEntry",
    "TaskOverride",
    "TeamEntry",
]

SCHEMA = "samepanel/manifest/v1"
NOMINAL = "nominal"
ALL = "all"


def _ordered(band: tuple[float, float]) -> tuple[float, float]:
    if not 0 <= band[0] <= band[1] <= 1:
        raise PydanticCustomError(
            "band", "", {"expected": "[low, high] with 0 <= low <= high <= 1", "got": str(list(band))}
        )
    return band


def _listed(value: object) -> object:
    return (ALL,) if value == ALL else value


Count = Annotated[StrictInt, Field(gt=0)]
Seed = Annotated[StrictInt, Field(ge=0)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9]+([-_.][a-z0-9]+)*$")]
Band = Annotated[tuple[float, float], AfterValidator(_ordered)]
Conditions = Annotated[
    tuple[str, ...],
    BeforeValidator(_listed),
    Field(min_length=1),
    WithJsonSchema({"anyOf": [{"const": ALL}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}),
]


class GymnasiumEntry(ContractModel):
    """A Gymnasium environment that is made a task on the spot; its contract is read off its spaces."""

    id: str = Field(description="Gymnasium's id, versioned", examples=["gym_pusht/PushT-v0"])
    module: str = Field(default="", description="imported first, so that the id is registered", examples=["gym_pusht"])
    arguments: dict[str, Any] = Field(default_factory=dict, description="for `gymnasium.make`")
    control_period: Duration = Field(description="time between two actions")
    horizon: Count = Field(description="control steps of an episode")
    success: str = Field(
        description="the entry of info that is 1 at success, or `terminated`", examples=["is_success", "terminated"]
    )
    proprioceptive: tuple[str, ...] = Field(default=(), description="fields that are measured on the robot")
    limits: dict[str, tuple[float, float]] = Field(
        default_factory=dict, description="least and greatest value of fields whose space has none"
    )
    packages: tuple[str, ...] = Field(
        default=(),
        description="what decides the bits, with versions; others are refused",
        examples=[["gym-pusht 0.1.8"]],
    )
    demonstrations: str | None = Field(
        default=None, description="folder of the LeRobotDataset that policies learn from; none if left out"
    )

    @field_validator("control_period")
    @classmethod
    def _in_seconds(cls, period: Duration) -> Duration:
        if period.unit != "s" or period.value == 0:
            raise PydanticCustomError("period", "", {"expected": "a time such as '100 ms'", "got": str(period)})
        return period


class TaskEntry(ContractModel):
    """One task of the panel."""

    task: str = Field(
        description="id of a registered task; with `gymnasium`, a new one, name-vN", examples=["pusht-v1"]
    )
    gymnasium: GymnasiumEntry | None = Field(default=None, description="make the task of this environment")
    split: Split = Field(default="heldout", description="which reset distribution the scenes are drawn from")
    scenes: Count = Field(description="number of scenes; their indexes are 0 to n-1")

    @model_validator(mode="after")
    def _versioned(self) -> Self:
        if self.gymnasium is not None and not re.fullmatch(TASK_ID, self.task):
            raise PydanticCustomError(
                "task id", "", {"expected": "a versioned id for it, e.g. my-task-v1", "got": self.task}
            )
        return self


class PanelEntry(ContractModel):
    """What is evaluated: tasks x conditions x scenes x replicates."""

    tasks: tuple[TaskEntry, ...] = Field(min_length=1)
    conditions: tuple[str, ...] = Field(
        min_length=1, description="names of conditions or of ladders; `nominal` is the empty one"
    )
    replicates: Count = Field(default=1, description="repetitions of every scene with fresh policy noise")


class PolicyEntry(ContractModel):
    """Which policies run: one checkpoint per training seed and task."""

    policy: str = Field(description="name under `policies` in an included file")
    seeds: tuple[Seed, ...] = Field(default=(0,), min_length=1, description="training seeds")


class ExecutionEntry(ContractModel):
    """How chunks are executed; see `harness.contract.policy.Execution`."""

    execute: Count | None = Field(default=None, description="steps from the start of a plan to the next query")
    ensemble: float | None = Field(default=None, ge=0, description="temporal ensembling weight; null for none")


class TeamEntry(ContractModel):
    """One policy an agent, each trained to act for its own: one team per training seed and task."""

    team: Name = Field(description="what the team is called", examples=["act-and-bc"])
    agents: dict[str, str] = Field(
        min_length=1,
        description="for every agent of the tasks, the name of a policy",
        examples=[{"left arm": "act", "right arm": "bc"}],
    )
    seeds: tuple[Seed, ...] = Field(default=(0,), min_length=1, description="training seeds of all members")
    execution: ExecutionEntry | None = Field(
        default=None, description="how the plans of all are executed; that of the members if left out"
    )


class ControlEntry(ContractModel):
    """A policy that is no method, and where it runs."""

    control: str = Field(description="id of a registered control", examples=["zero"])
    conditions: Conditions = Field(default=(NOMINAL,), description="`all`, or names of conditions of the panel")
    of: str | None = Field(default=None, description="the policy that a control such as `shuffled` wraps")


class RunEntry(ContractModel):
    """How the machine is used. Nothing here may change an outcome, so nothing here is hashed."""

    lanes: Count = Field(default=128, description="episodes in flight")
    threads: Count | None = Field(default=None, description="CPU threads; all cores if left out")
    device: Literal["auto", "cpu", "cuda"] = Field(default="auto", description="where policies run")


class ExplainEntry(ContractModel):
    """What `samepanel explain` may spend. It changes no episode of the panel, so it is not hashed."""

    episodes: Count = Field(default=40, description="failed episodes to explain, a seeded draw")
    replicates: Count = Field(default=4, description="redraws of the policy noise a set of faults")


class DefectEntry(ContractModel):
    """A policy or control that is known to be defective."""

    category: Blame = Field(description="what its failures are", examples=["planning"])
    healthy: str = Field(description="label of the same without the defect", examples=["act-s0"])


class CalibrationEntry(ContractModel):
    """What is known of the episodes of a manifest, for `samepanel calibrate`. It changes none, so it is not hashed.

    A condition that is not named here has the category of its faults.
    """

    defects: dict[str, DefectEntry] = Field(default_factory=dict, description="by label; they count on nominal only")
    conditions: dict[str, Blame] = Field(default_factory=dict, description="category of the failures under a condition")
    causes: Count = Field(default=20, description="failures of a task and category whose causes are looked for")


class TaskOverride(ContractModel):
    """What differs on one task; merged over the shared settings, key by key."""

    recipe: dict[str, Any] = Field(default_factory=dict)
    execution: ExecutionEntry = ExecutionEntry()
    demonstrations: Selection | None = Field(default=None, description="replaces the shared selection")


class PolicyDefinition(ContractModel):
    """A method with its training recipe and execution."""

    method: str = Field(description="id of a registered method", examples=["act"])
    recipe: dict[str, Any] = Field(default_factory=dict, description="settings of the method; see its recipe")
    execution: ExecutionEntry = ExecutionEntry()
    demonstrations: Selection = Field(default=Selection(), description="what it is trained on; all if left out")
    tasks: dict[str, TaskOverride] = Field(default_factory=dict, description="what differs, by task id")


class DefinitionsFile(ContractModel):
    """An included file: conditions, families of conditions and policies that manifests share."""

    conditions: dict[Name, tuple[AnyFault, ...]] = Field(default_factory=dict)
    ladders: dict[Name, Family] = Field(default_factory=dict, description="families of conditions that sweep severity")
    policies: dict[Name, PolicyDefinition] = Field(default_factory=dict)


class ManifestFile(ContractModel):
    """A manifest: what is evaluated, which policies and controls run, and how."""

    schema_: Literal["samepanel/manifest/v1"] = Field(alias="schema")
    name: Name
    seed: Seed = Field(description="panel seed: scenes, faults and policy noise follow from it")
    include: tuple[str, ...] = Field(
        default=(), description="files with conditions and policies: beside this one, or of the package"
    )
    panel: PanelEntry
    policies: tuple[PolicyEntry, ...] = ()
    teams: tuple[TeamEntry, ...] = ()
    controls: tuple[ControlEntry, ...] = ()
    bands: dict[str, Band] = Field(
        default_factory=dict, description="success rate that a control must have on nominal for the run to be valid"
    )
    run: RunEntry = RunEntry()
    explain: ExplainEntry = ExplainEntry()
    calibration: CalibrationEntry | None = None
    anchor: str | None = Field(
        default=None, description="label of a policy that `samepanel weekly` expects to be the same every week"
    )
