"""What a policy and a method promise. No implementation lives here.

The harness owns time, execution, memory and noise (laws 5 and 6): a policy is a pure function from `Query` to `Plan`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, Self

from jaxtyping import Bool, Float32, Float64, Int64, UInt8
from pydantic import BaseModel, Field, model_validator

from harness.contract.fields import Array, ContractModel
from harness.contract.task import Scene, TaskContract

__all__ = [
    "Execution",
    "Method",
    "NoiseSpec",
    "Pictures",
    "Plan",
    "Policy",
    "PolicyContract",
    "Progress",
    "Query",
    "Runtime",
    "TrainingJob",
]


class NoiseSpec(ContractModel):
    """Noise that the policy needs per lane and inference; drawn by the harness, float32."""

    shape: tuple[int, ...]
    kind: Literal["normal", "uniform"]


class PolicyContract(ContractModel):
    """What a policy promises.

    Attributes:
        method: name of the method, e.g. "act".
        task: id of the task it acts on.
        n_obs: delivered frames it reads, newest last. Before the start of the episode the first frame is repeated.
        chunk: actions it returns per query.
        width: lanes per forward pass; the harness pads to it (law 5).
        noise: what it draws, or None.
        privileged: reads `Query.states` (experts and controls); such a policy is never ranked.
        memory: floats of memory per lane that the harness carries from one query to the next, zero at the start.
        batch_invariant: promises law 5. A policy that cannot is audited statistically.
        offloaded: its forward pass leaves the processor free (an accelerator's), so physics may run beside it.
        diagnostics: names of the per-lane arrays that its plans carry, with their length.
        cameras: cameras of the task whose pictures it reads, in this order.
        reads: names of the observation fields that it sees, None for all. The harness delivers zeros in the columns of
            the others, so that a policy of pictures cannot peek at what they should show it.
    """

    method: str
    task: str
    n_obs: int = Field(gt=0)
    chunk: int = Field(gt=0)
    width: int = Field(gt=0)
    noise: NoiseSpec | None = None
    privileged: bool = False
    memory: int = Field(default=0, ge=0)
    batch_invariant: bool = True
    offloaded: bool = False
    diagnostics: dict[str, int] = Field(default_factory=dict)
    cameras: tuple[str, ...] = ()
    reads: tuple[str, ...] | None = None

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        for names in (self.cameras, self.reads or ()):
            if len(set(names)) < len(names):
                raise ValueError(f"policy {self.method!r} of {self.task}: a name twice in {names}")
        return self


class Execution(ContractModel):
    """How the harness executes chunks, the same way for every policy.

    Attributes:
        execute: steps from the start of a plan until the next query.
        ensemble: None runs the newest plan. A number m >= 0 averages all plans that cover a step with weights
            exp(-m * i), i = 0 for the oldest plan (temporal ensembling; Zhao et al. 2023, ACT, algorithm 2).
    """

    execute: int = Field(gt=0)
    ensemble: float | None = Field(default=None, ge=0)


@dataclass(frozen=True)
class Query:
    """One padded batch; W is the policy's `width`. Rows where `valid` is false are padding: their plans are ignored.

    Attributes:
        observations: the last `n_obs` delivered frames, newest last.
        noise: draws of the policy's `NoiseSpec`, or None.
        states: engine states, only for privileged policies, else None.
        scenes: the scene of each row (None for padding), only for privileged policies, else empty.
        hold: the action held now: the last command, or the engine's rest action before the first.
        steps: control step at which the query is made.
        memory: what the policy returned at the lane's last query; zeros at the first.
        images: by name of the policy's cameras, the pictures that belong to the frames, oldest first, RGB, in the size
            of the camera's contract; empty for a policy without cameras.
    """

    observations: Float32[Array, "W n_obs observation"]
    noise: Float32[Array, "W ..."] | None
    states: Float64[Array, "W state"] | None
    scenes: tuple[Scene | None, ...]
    hold: Float32[Array, "W action"]
    steps: Int64[Array, " W"]
    memory: Float64[Array, "W memory"]
    valid: Bool[Array, " W"]
    images: Mapping[str, UInt8[Array, "W n_obs height width 3"]] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """What a query led to.

    Attributes:
        actions: in action units (not normalised), float32, finite; the harness clips them to the actuator bounds.
        memory: carried to the lane's next query.
        diagnostics: per name of `PolicyContract.diagnostics`, an array of shape (W, length).
    """

    actions: Float32[Array, "W chunk action"]
    memory: Float64[Array, "W memory"]
    diagnostics: Mapping[str, Float32[Array, "W length"]] = field(default_factory=dict)


class Policy(Protocol):
    """A pure function from `Query` to `Plan`, with its contract and its card."""

    @property
    def contract(self) -> PolicyContract:
        """The contract."""

    @property
    def card(self) -> Mapping[str, Any]:
        """What an auditor needs: recipe, data hash, weights hash, parameters, training curve. JSON."""

    def plan(self, query: Query) -> Plan:
        """Actions for every row."""


@dataclass(frozen=True)
class Runtime:
    """Where a policy runs: number of CPU threads, and "cpu", "cuda" or "auto" (CUDA when there is one)."""

    threads: int = 2
    device: str = "auto"


Progress = Callable[[int, int, float], None]
"""Called as progress(step, total_steps, loss)."""

Pictures = Callable[[tuple[str, ...]], Mapping[str, UInt8[Array, "frames height width 3"]]]
"""Called with names of cameras: by name, the pictures of all frames of a data set in its order, read-only."""


@dataclass(frozen=True)
class TrainingJob:
    """One checkpoint to make.

    Attributes:
        task: contract of the task.
        dataset: folder of the LeRobotDataset v3.0.
        dataset_hash: its content hash, recorded in the card.
        recipe: validated settings of the method.
        execution: how the harness will execute the chunks; recorded in the card.
        seed: training seed.
        directory: where the checkpoint goes, and where an interrupted training resumes from.
        runtime: threads and device.
        pictures: asked by a method that trains on images; drawn when asked for. None where there is no one to draw.
    """

    task: TaskContract
    dataset: Path
    dataset_hash: str
    recipe: BaseModel
    execution: Execution
    seed: int
    directory: Path
    runtime: Runtime
    pictures: Pictures | None = None


class Method(Protocol):
    """What a method plug-in is: importable without torch; training and loading import it on demand."""

    @property
    def name(self) -> str:
        """Name in manifests."""

    @property
    def version(self) -> int:
        """Bumped with every change of behaviour; enters the checkpoint's hash."""

    @property
    def recipe(self) -> type[BaseModel]:
        """The settings that a manifest may give, with defaults."""

    def train(self, job: TrainingJob, progress: Progress) -> None:
        """Write `weights.safetensors` and `card.json` to the job's directory, atomically, card last."""

    def load(self, directory: Path, task: TaskContract, runtime: Runtime) -> Policy:
        """The policy of a checkpoint. Raises CheckpointError if it is damaged or of another task."""
