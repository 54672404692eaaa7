"""What a task promises: its contract as data, and the engine and renderer that keep it as protocols."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, Self

from jaxtyping import Bool, Float, Float32, Float64, UInt8
from pydantic import Field, model_validator

from harness.contract.fields import ActionField, Array, ContractModel, ObservationField, width
from harness.contract.staging import Staging

if TYPE_CHECKING:
    from harness.contract.policy import Policy

__all__ = [
    "SPLITS",
    "TASK_ID",
    "Advance",
    "Advanced",
    "Camera",
    "DatasetPromise",
    "Dynamics",
    "Engine",
    "Intrinsics",
    "Range",
    "Scene",
    "Signal",
    "Split",
    "Task",
    "TaskContract",
]

TASK_ID = r"^[a-z0-9]+(-[a-z0-9]+)*-v[0-9]+$"
Split = Literal["train", "heldout", "stress"]
SPLITS: tuple[Split, ...] = ("train", "heldout", "stress")


class Range(ContractModel):
    """Uniform distribution of one reset variable over [low, high], in `unit`, seen from `frame`."""

    low: float
    high: float
    unit: str
    frame: str = "world"

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low > self.high:
            raise ValueError(f"range: low {self.low} is above high {self.high}")
        return self


class Signal(ContractModel):
    """A quantity measured for labels and plots, never shown to a policy.

    Attributes:
        role: what labels may read it as. `progress` is in [0, 1] and reaches 1 at success; exactly one per task.
            `contact` is 0 or 1: the robot touches the object it manipulates. `tracking_error` is the distance
            between commanded and achieved motion. `distance` is from the object to where it must go. `other` is
            for plots only.
    """

    name: str
    unit: str
    role: Literal["progress", "contact", "tracking_error", "distance", "other"]
    description: str


class Intrinsics(NamedTuple):
    """Of a pinhole camera, pixel: a point (x, y, z), z along the view, lies at (fx x / z + cx, fy y / z + cy)."""

    fx: float
    fy: float
    cx: float
    cy: float


class Camera(ContractModel):
    """A pinhole camera with square pixels and no distortion; it looks along its own -z, x to the right and y up.

    Attributes:
        name: of the camera in the scene.
        width, height: of the picture that a policy sees, pixel.
        fov: vertical field of view, radian.
        mount: the body that carries it; "world" for a fixed camera, a link of the robot for a wrist camera.
        position: of its centre in the frame of the mount, metre.
        orientation: of its axes in the frame of the mount, unit quaternion w, x, y, z.
    """

    name: str
    width: int = Field(gt=0)
    height: int = Field(gt=0)
    fov: float = Field(gt=0, lt=math.pi)
    mount: str
    position: tuple[float, float, float]
    orientation: tuple[float, float, float, float]

    @model_validator(mode="after")
    def _turned(self) -> Self:
        if abs(math.hypot(*self.orientation) - 1) > 1e-3:
            raise ValueError(f"camera {self.name!r}: its orientation is no unit quaternion")
        return self

    @property
    def intrinsics(self) -> Intrinsics:
        """Focal lengths and principal point of the pinhole model (Hartley and Zisserman 2004, section 6.1)."""
        focal = self.height / (2 * math.tan(self.fov / 2))
        return Intrinsics(focal, focal, self.width / 2, self.height / 2)


class DatasetPromise(ContractModel):
    """What the committed demonstrations of a task are.

    Attributes:
        operator: who or what produced them.
        episodes: how many there are; 0 if there are none.
        license: SPDX id.
        action_noise: standard deviation of the noise added to the applied action while recording (the recorded
            action is the clean command; DART, Laskey et al. 2017), one per action component, in its unit.
        shifted: share of the episodes in which the object is moved once while recording, so that the demonstrations
            show how to come back from states that an imperfect policy gets into.
        shift: largest distance of such a move, metre.
        shift_before: share of the horizon within which it happens.
    """

    operator: str
    episodes: int = Field(ge=0)
    license: str
    action_noise: tuple[float, ...]
    shifted: float = Field(default=0.0, ge=0, le=1)
    shift: float = Field(default=0.0, ge=0)
    shift_before: float = Field(default=0.15, gt=0, lt=1)


class TaskContract(ContractModel):
    """The contract of a task. Changing any field makes another evaluation.

    Attributes:
        id: versioned, `name-vN`; a change of behaviour bumps N.
        robot: the robot that acts.
        simulator: name and exact version; other versions give other bits.
        observation, action: flat vectors are the fields in this order.
        control_period_s: time between two actions.
        physics_step_s: integration step; divides the control period.
        horizon: control steps until an episode that has not succeeded ends as a failure.
        timing_budget_s: wall-clock time that one inference may take on the robot.
        success: the rule, in words; it counts if it holds at the end of any control step ("ever").
        success_signal, success_threshold: the rule in numbers: the signal reaches at least the threshold.
        termination_threshold: the same signal at this value ends the episode at once; the success threshold if None.
        settle_steps: steps that an episode goes on after its first success, so that stricter levels can be read off.
        object: the body that pushes and shifts act on; both act in the world's x-y plane. None if the simulator has no
            interface for them.
        dynamics: names of the scale factors that the simulator can apply for an episode.
        resets: per split, the distribution of every reset variable.
        stages: names of the stages of progress, in order.
    """

    id: str = Field(pattern=TASK_ID)
    description: str
    robot: str
    simulator: str
    observation: tuple[ObservationField, ...] = Field(min_length=1)
    action: tuple[ActionField, ...] = Field(min_length=1)
    control_period_s: float = Field(gt=0)
    physics_step_s: float = Field(gt=0)
    horizon: int = Field(gt=0)
    timing_budget_s: float = Field(gt=0)
    success: str
    success_signal: str
    success_threshold: float
    termination_threshold: float | None = None
    settle_steps: int = Field(default=0, ge=0)
    object: str | None
    dynamics: tuple[str, ...]
    resets: dict[Split, dict[str, Range]]
    signals: tuple[Signal, ...]
    stages: tuple[str, ...]
    cameras: tuple[Camera, ...]
    dataset: DatasetPromise
    license: str

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        substeps = self.control_period_s / self.physics_step_s
        if abs(substeps - round(substeps)) > 1e-9:
            raise ValueError(f"{self.id}: the physics step does not divide the control period")
        if [signal.role for signal in self.signals].count("progress") != 1:
            raise ValueError(f"{self.id}: exactly one signal has the role 'progress'")
        if self.success_signal not in {signal.name for signal in self.signals}:
            raise ValueError(f"{self.id}: success_signal {self.success_signal!r} is not a signal")
        if set(self.resets) != set(SPLITS):
            raise ValueError(f"{self.id}: resets must cover {SPLITS}")
        agents = {field.agent for field in self.action}
        if strangers := {field.agent for field in self.observation} - agents - {None}:
            raise ValueError(f"{self.id}: observation fields name agents that no action field names: {strangers}")
        if len(self.dataset.action_noise) != width(self.action):
            raise ValueError(f"{self.id}: dataset.action_noise needs one value per action component")
        return self

    @property
    def observation_width(self) -> int:
        """Components of the flat observation."""
        return width(self.observation)

    @property
    def action_width(self) -> int:
        """Components of the flat action."""
        return width(self.action)

    @property
    def substeps(self) -> int:
        """Physics steps in a control period."""
        return round(self.control_period_s / self.physics_step_s)


@dataclass(frozen=True)
class Scene:
    """One reset draw of a task; `variables` holds a number per reset variable of the split, in its unit."""

    task: str
    split: Split
    index: int
    variables: Mapping[str, float]


@dataclass(frozen=True)
class Dynamics:
    """The model of an episode; without values it is the nominal one.

    Attributes:
        scales: factors on parameters, constant over the episode; sorted pairs (name, factor).
        windowed: factors that hold for a part of it only: (name, factor, first control step, step after the last).
        payload: mass carried by every arm where its gripper begins, kilogram.
        tilt: rotation of gravity about the world's x and y, as a vector in radian; (0, 0) or empty for none.
    """

    scales: tuple[tuple[str, float], ...] = ()
    windowed: tuple[tuple[str, float, int, int], ...] = ()
    payload: float = 0.0
    tilt: tuple[float, ...] = ()


@dataclass(frozen=True)
class Advance:
    """A request to simulate B lanes for n control steps. Lanes are independent of each other.

    Attributes:
        states: opaque engine states, one row a lane.
        actions: applied actions, already inside the actuator bounds.
        pushes: external force on the object, newton, world x and y; None when no lane is pushed.
        dynamics: the model of each lane.
    """

    states: Float64[Array, "lanes state"]
    actions: Float32[Array, "lanes n action"]
    pushes: Float64[Array, "lanes n 2"] | None
    dynamics: Sequence[Dynamics]


@dataclass(frozen=True)
class Advanced:
    """What `Advance` led to; entry k of the second axis is the moment after the k-th control step.

    Attributes:
        success: whether the task's predicate holds at that moment (not "so far").
        diverged: whether the simulation has broken down by that moment; later entries of that lane mean nothing.
    """

    states: Float64[Array, "lanes n state"]
    observations: Float32[Array, "lanes n observation"]
    signals: Float32[Array, "lanes n signal"]
    success: Bool[Array, "lanes n"]
    diverged: Bool[Array, "lanes n"]


class Engine(Protocol):
    """A batched simulator of one task. A step is a pure function of (state, action, push, dynamics): law 4.

    An engine keeps nothing between calls that could change a result; all memory is in the state rows.
    """

    @property
    def contract(self) -> TaskContract:
        """The contract that this engine keeps."""

    def reset(self, scenes: Sequence[Scene]) -> Float64[Array, "lanes state"]:
        """States at the start of the scenes."""

    def observe(self, states: Float64[Array, "lanes state"]) -> Float32[Array, "lanes observation"]:
        """Measured observations of the states."""

    def rest(self, states: Float64[Array, "lanes state"]) -> Float32[Array, "lanes action"]:
        """The action that asks the robot to stay where it is; held before the first plan starts."""

    def shift(
        self, states: Float64[Array, "lanes state"], offsets: Float[Array, "lanes 2"]
    ) -> Float64[Array, "lanes state"]:
        """States with the object moved by `offsets` metres in the world's x-y plane, velocities kept."""

    def advance(self, request: Advance) -> Advanced:
        """Simulate."""

    @property
    def physics_seconds(self) -> float:
        """Wall time spent inside the native simulator so far, for `bench`."""


class Task(Protocol):
    """What a task plug-in is: importable without a simulator; the rest is built on demand."""

    @property
    def contract(self) -> TaskContract:
        """The contract."""

    @property
    def demonstrations(self) -> Path:
        """Folder of the committed LeRobotDataset v3.0."""

    def engine(self, threads: int) -> Engine:
        """A batched simulator that uses `threads` native threads."""

    def expert(self, threads: int) -> Policy:
        """The scripted expert: a privileged policy (it sees states, not observations)."""

    def render(
        self,
        states: Float64[Array, "frames state"],
        camera: str,
        width: int,
        height: int,
        staging: Staging | None = None,
    ) -> UInt8[Array, "frames height width 3"]:
        """Pictures of the states, with the camera out of its place and things in the scene as `staging` says."""

    def posed(self, observations: Float32[Array, "frames observation"]) -> Float64[Array, "frames state"]:
        """States that look like what was observed: good for `render`, not for simulating.

        Raises:
            ContractError: the task has no camera.
        """
