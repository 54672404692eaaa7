"""Severity: a ladder of values of one parameter of a fault, from mild to severe, and how a manifest asks for a level.

`{fault: action.rate_limit, severity: 3}` is read as `{fault: action.rate_limit, rate: 40 % of range/s}`. Only the
second is kept and hashed, so a level and the same value written out are one panel.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic_core import PydanticCustomError

__all__ = ["LEVELS", "SEVERITY", "Ladder", "graded", "offer_severity"]

SEVERITY = "severity"
LEVELS = 5
"""Levels of every ladder of the catalogue: 1 is mild, 5 severe. Level 0 is the identity."""


@dataclass(frozen=True)
class Ladder:
    """What severity means for a fault. Values are written as in a manifest.

    Attributes:
        parameter: the one that severity sets.
        unit: of the parameter, for a person; "*" for that of the field it acts on, or a share of its range.
        low, high: inclusive bounds of the parameter, in `unit`.
        none: the value at which the fault does nothing: level 0.
        levels: values of the levels 1 to 5, from mild to severe.
    """

    parameter: str
    unit: str
    low: float
    high: float
    none: Any
    levels: tuple[Any, Any, Any, Any, Any]

    @property
    def bounds(self) -> str:
        """Unit and bounds in a few words."""
        if self.unit == "%":
            return f"{self.parameter} {self.low:g}-{self.high:g} %"
        if math.isinf(self.high):
            return f"{self.parameter} >= {self.low:g} {self.unit}"
        return f"{self.parameter} {self.low:g}-{self.high:g} {self.unit}".rstrip()

    @property
    def text(self) -> str:
        """The levels in one line."""
        return f"sets {self.parameter}: " + " | ".join(str(value) for value in self.levels)

    def at(self, level: int) -> Any:
        """The value of a level; 0 is `none`. Raises IndexError for a level that is none."""
        if not 0 <= level <= LEVELS:
            raise IndexError(level)
        return self.none if level == 0 else self.levels[level - 1]


def graded(document: Mapping[str, Any], ladder: Ladder) -> dict[str, Any]:
    """The document with its severity spelt out. Raises PydanticCustomError (expected, got) for what is no level."""
    level = document[SEVERITY]
    if isinstance(level, bool) or not isinstance(level, int) or not 0 <= level <= LEVELS:
        raise PydanticCustomError(
            SEVERITY,
            "severity: expected {expected}, got {got}",
            {"expected": f"a {SEVERITY} from 0 (no fault) to {LEVELS} (severe)", "got": repr(level)},
        )
    if ladder.parameter in document:
        got = f"{SEVERITY} and {ladder.parameter}"
        raise PydanticCustomError(
            SEVERITY, "expected {expected}, got {got}", {"expected": f"one of the two: {got}", "got": "both"}
        )
    rest = {key: value for key, value in document.items() if key != SEVERITY}
    return rest | {ladder.parameter: ladder.at(level)}


def offer_severity(schema: dict[str, Any], fault: type[Any]) -> None:
    """Tell editors that `severity` may stand in the place of the parameter that it sets."""
    ladder = getattr(fault, "ladder", None)
    if ladder is None:
        return
    schema["properties"][SEVERITY] = {
        "type": "integer",
        "minimum": 0,
        "maximum": LEVELS,
        "description": f"level of severity; sets `{ladder.parameter}`",
    }
    if ladder.parameter in schema.get("required", ()):
        schema["required"] = [name for name in schema["required"] if name != ladder.parameter]
        schema["oneOf"] = [{"required": [ladder.parameter]}, {"required": [SEVERITY]}]
