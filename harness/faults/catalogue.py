"""Every fault there is, in the order in which faults compose, and what a list of faults in a condition must keep."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from harness.contract.task import TaskContract
from harness.errors import ManifestError, UnknownIdError
from harness.faults import action, actuator, dynamics, evaluation, observation, scene, sensor, timing, visual
from harness.faults.base import Fault
from harness.faults.ladder import SEVERITY

__all__ = ["AnyFault", "FaultRow", "ParameterRow", "acting_on", "canonical", "check", "ids", "lookup", "table"]

AnyFault = Annotated[
    observation.Freeze
    | observation.FrameDrop
    | observation.FrameDelay
    | observation.Jitter
    | observation.Reorder
    | observation.Duplicate
    | sensor.Scale
    | sensor.Noise
    | sensor.Bias
    | sensor.Quantise
    | sensor.WrongFrame
    | sensor.SensorLoss
    | visual.PoseShift
    | visual.Patch
    | visual.Blur
    | visual.Exposure
    | visual.ColourShift
    | visual.Noise
    | visual.Blackout
    | visual.Freeze
    | visual.Drop
    | visual.Desync
    | action.Dropout
    | action.CommandDelay
    | actuator.Swap
    | actuator.Gain
    | action.Bias
    | action.Noise
    | actuator.Quantise
    | action.Saturation
    | actuator.Deadband
    | actuator.RateLimit
    | actuator.Stuck
    | timing.Latency
    | timing.Jitter
    | timing.ControlRate
    | dynamics.Scale
    | dynamics.Payload
    | dynamics.Tilt
    | dynamics.Slip
    | dynamics.Push
    | scene.ObjectShift
    | visual.Distractors
    | evaluation.MissedSuccess,
    Field(discriminator="fault"),
]
"""A fault as a manifest gives it, told apart by the key `fault`."""

_CATALOGUE: tuple[type[Fault], ...] = (
    observation.Freeze,
    observation.FrameDrop,
    observation.FrameDelay,
    observation.Jitter,
    observation.Reorder,
    observation.Duplicate,
    sensor.Scale,
    sensor.Noise,
    sensor.Bias,
    sensor.Quantise,
    sensor.WrongFrame,
    sensor.SensorLoss,
    visual.PoseShift,
    visual.Patch,
    visual.Blur,
    visual.Exposure,
    visual.ColourShift,
    visual.Noise,
    visual.Blackout,
    visual.Freeze,
    visual.Drop,
    visual.Desync,
    action.Dropout,
    action.CommandDelay,
    actuator.Swap,
    actuator.Gain,
    action.Bias,
    action.Noise,
    actuator.Quantise,
    action.Saturation,
    actuator.Deadband,
    actuator.RateLimit,
    actuator.Stuck,
    timing.Latency,
    timing.Jitter,
    timing.ControlRate,
    dynamics.Scale,
    dynamics.Payload,
    dynamics.Tilt,
    dynamics.Slip,
    dynamics.Push,
    scene.ObjectShift,
    visual.Distractors,
    evaluation.MissedSuccess,
)
_BY_ID: dict[str, type[Fault]] = {fault.model_fields["fault"].default: fault for fault in _CATALOGUE}
_RANK = {fault_id: rank for rank, fault_id in enumerate(_BY_ID)}
_COMMON = ("fault", "task", "name", SEVERITY)


@dataclass(frozen=True)
class ParameterRow:
    """One parameter: an example with its unit, whether it must be given, and what it means."""

    name: str
    example: str
    required: bool
    meaning: str


@dataclass(frozen=True)
class LadderRow:
    """What severity means, in `scope` (empty for everywhere)."""

    scope: str
    text: str


@dataclass(frozen=True)
class FaultRow:
    """One line of `samepanel list faults`."""

    id: str
    channel: str
    parameters: tuple[ParameterRow, ...]
    meaning: str
    source: str
    category: str
    bounds: str
    ladders: tuple[LadderRow, ...]


def ids() -> list[str]:
    """Ids of all faults, in the order in which they compose."""
    return list(_BY_ID)


def lookup(fault_id: str) -> type[Fault]:
    """The class of a fault. Raises UnknownIdError with the nearest id."""
    if fault_id not in _BY_ID:
        raise UnknownIdError.of("fault", fault_id, _BY_ID)
    return _BY_ID[fault_id]


def acting_on(faults: Iterable[Fault], task: str) -> tuple[Fault, ...]:
    """The faults that act on a task, in canonical order."""
    return canonical(fault for fault in faults if fault.task in (None, task))


def canonical(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    """Faults in the order in which they compose: by id as catalogued, then by identity and task."""
    return tuple(sorted(faults, key=lambda fault: (_RANK[fault.fault], fault.identity, fault.task or "")))


def check(faults: Iterable[Fault], contract: TaskContract, whose: str) -> None:
    """Raise ManifestError, opening with `whose`, unless the faults can act together on the task."""
    acting = acting_on(faults, contract.id)
    _check_unique(acting, contract.id, whose)
    for fault in acting:
        fault.check(contract, f"{whose}: {fault.fault} on {contract.id}")


def _check_unique(acting: tuple[Fault, ...], task: str, whose: str) -> None:
    """Two of one identity would share their draws; two shifts, or swaps of an agent, do not fit into one episode."""
    identities = [fault.identity for fault in acting]
    twice = sorted({identity for identity in identities if identities.count(identity) > 1})
    if twice:
        raise ManifestError(
            whose,
            expected=f"distinct faults on {task}",
            got=f"{twice[0]} twice",
            fix="give each a `name` of its own, or remove one",
        )
    _check_single([fault for fault in acting if isinstance(fault, scene.ObjectShift)], task, whose)
    swaps = [fault for fault in acting if isinstance(fault, actuator.Swap)]
    for agent in {swap.agent for swap in swaps}:
        _check_single([swap for swap in swaps if agent is None or swap.agent in (None, agent)], task, whose)


def _check_single(alike: list[Fault], task: str, whose: str) -> None:
    """Of some faults the arrays of an episode hold one."""
    if len(alike) > 1:
        raise ManifestError(
            whose,
            expected=f"at most one {alike[0].fault} on {task}",
            got=str(len(alike)),
            fix="keep one, or put the others into another condition",
        )


def table() -> list[FaultRow]:
    """What `samepanel list faults` shows."""
    return [
        FaultRow(
            fault_id,
            fault_id.split(".")[0],
            _parameters(fault),
            fault.meaning,
            fault.source,
            fault.category,
            fault.ladder.bounds,
            tuple(LadderRow(scope, ladder.text) for scope, ladder in fault.ladders().items()),
        )
        for fault_id, fault in _BY_ID.items()
    ]


def _parameters(fault: type[Fault]) -> tuple[ParameterRow, ...]:
    schema = fault.model_json_schema()
    return tuple(
        ParameterRow(name, _example(entry), fault.model_fields[name].is_required(), entry.get("description", ""))
        for name, entry in schema["properties"].items()
        if name not in _COMMON
    )


def _example(entry: dict[str, object]) -> str:
    examples = entry.get("examples")
    return str(examples[0]) if isinstance(examples, list) else ""
