"""Families of conditions that sweep the severity of faults: one line of YAML, one condition a level.

    ladders:
      slow-drive: {fault: action.rate_limit}                                       # slow-drive-1 .. slow-drive-5
      late-frames: {fault: observation.delay, levels: [100 ms, 200 ms, 400 ms]}    # values of your own, mild to severe

A family of several faults is a list of such lines; all climb together.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from harness.faults import catalogue
from harness.faults.base import Fault
from harness.faults.catalogue import AnyFault
from harness.faults.ladder import LEVELS, SEVERITY

__all__ = ["Family", "Rung", "rung_name", "rungs"]

_LEVELS = "levels"
_RUNG = re.compile(r"(.+)-([1-9]\d*)")


@dataclass(frozen=True, order=True)
class Rung:
    """Which family a condition belongs to, and how severe it is there; level 1 is the mildest."""

    family: str
    level: int


def rung_name(family: str, level: int) -> str:
    """Name of the condition."""
    return f"{family}-{level}"


def rungs(conditions: Mapping[str, Iterable[Fault]]) -> dict[str, Rung]:
    """The conditions of a panel that belong to a family, by name.

    Names alone would take `take-2` for a level: a family has at least two members, and the same faults in all of them.
    """
    found: dict[Rung, tuple[str, tuple[tuple[str, str], ...]]] = {}
    for name, faults in conditions.items():
        if match := _RUNG.fullmatch(name):
            kinds = tuple(sorted((fault.identity, fault.task or "") for fault in faults))
            found[Rung(match[1], int(match[2]))] = (name, kinds)
    return {
        name: rung
        for rung, (name, kinds) in sorted(found.items())
        if any(kinds == other for also, (_, other) in found.items() if also != rung and also.family == rung.family)
    }


def _climbed(value: object) -> object:
    """From the lines of a family to a list of faults a line, one a level."""
    if not isinstance(value, Mapping | list):
        return value
    lines = value if isinstance(value, list) else [value]
    return [_levels(line) if isinstance(line, Mapping) else line for line in lines]


def _levels(line: Mapping[str, Any]) -> list[dict[str, Any]]:
    rest = {key: value for key, value in line.items() if key != _LEVELS}
    if line.get("fault") not in catalogue.ids():
        return [rest]
    parameter = catalogue.lookup(line["fault"]).ladder_of(line).parameter
    for key in (SEVERITY, parameter):
        if key in line:
            raise _refusal(f"no {key!r}: it is what climbs", repr(line[key]))
    if _LEVELS not in line:
        return [rest | {SEVERITY: level} for level in range(1, LEVELS + 1)]
    values = line[_LEVELS]
    if not isinstance(values, list) or not values:
        raise _refusal(f"a list of values of {parameter!r}, from mild to severe", repr(values))
    return [rest | {parameter: value} for value in values]


def _refusal(expected: str, got: str) -> PydanticCustomError:
    return PydanticCustomError("ladder", "expected {expected}, got {got}", {"expected": expected, "got": got})


_LINE = {
    "type": "object",
    "required": ["fault"],
    "properties": {
        "fault": {"enum": catalogue.ids()},
        _LEVELS: {
            "type": "array",
            "minItems": 1,
            "description": f"values of the parameter that climbs; the {LEVELS} of the catalogue if left out",
        },
    },
}

Family = Annotated[
    tuple[tuple[AnyFault, ...], ...],
    BeforeValidator(_climbed),
    WithJsonSchema({"anyOf": [_LINE, {"type": "array", "items": _LINE, "minItems": 1}]}),
]
"""A list of lines, each a fault in all its levels."""
