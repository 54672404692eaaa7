"""Numbers that carry their unit: "80 ms", "4 cm", "5 deg", "2 N", "60 %", read strictly and kept in SI.

A bare number, a wrong dimension and an unknown unit are errors of one line; only ratios may be plain numbers. The
types are for pydantic models: they validate, write themselves back as text that reads to the same value, and describe
themselves in a JSON schema for editors.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, Self

from pydantic import AfterValidator, BeforeValidator, GetCoreSchemaHandler, GetJsonSchemaHandler, WithJsonSchema
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

__all__ = [
    "Angle",
    "Duration",
    "DurationRange",
    "Extent",
    "Factor",
    "FactorRange",
    "Force",
    "Length",
    "Mass",
    "Measure",
    "Moment",
    "Pixels",
    "Quantity",
    "Ratio",
    "Speed",
    "Stops",
]


class _Unit(NamedTuple):
    """What one symbol means: so many of the SI unit `si`."""

    si: str
    factor: Decimal


class _Kind(NamedTuple):
    """How a dimension is spoken of."""

    noun: str
    example: str


_DEGREE = Decimal(math.pi) / 180
_UNITS = {
    "m": _Unit("m", Decimal(1)),
    "cm": _Unit("m", Decimal("0.01")),
    "mm": _Unit("m", Decimal("0.001")),
    "s": _Unit("s", Decimal(1)),
    "ms": _Unit("s", Decimal("0.001")),
    "rad": _Unit("rad", Decimal(1)),
    "deg": _Unit("rad", _DEGREE),
    "N": _Unit("N", Decimal(1)),
    "mN": _Unit("N", Decimal("0.001")),
    "kg": _Unit("kg", Decimal(1)),
    "g": _Unit("kg", Decimal("0.001")),
    "m/s": _Unit("m/s", Decimal(1)),
    "cm/s": _Unit("m/s", Decimal("0.01")),
    "rad/s": _Unit("rad/s", Decimal(1)),
    "deg/s": _Unit("rad/s", _DEGREE),
    "px": _Unit("px", Decimal(1)),
    "stops": _Unit("stops", Decimal(1)),
    "%": _Unit("1", Decimal("0.01")),
    "%/s": _Unit("1/s", Decimal("0.01")),
    "1/s": _Unit("1/s", Decimal(1)),
}
_KINDS = {
    "m": _Kind("a length", "4 cm"),
    "s": _Kind("a time", "80 ms"),
    "rad": _Kind("an angle", "5 deg"),
    "N": _Kind("a force", "2 N"),
    "kg": _Kind("a mass", "200 g"),
    "m/s": _Kind("a speed", "5 cm/s"),
    "rad/s": _Kind("an angular speed", "10 deg/s"),
    "px": _Kind("a number of pixels", "2 px"),
    "stops": _Kind("a number of stops", "1.5 stops"),
    "1": _Kind("a ratio", "60 %"),
}
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_QUANTITY = re.compile(rf"\s*({_NUMBER})\s*(\S*)\s*")
_SYMBOLS = "|".join(re.escape(symbol) for symbol in _UNITS)
_OF_RANGE = re.compile(rf"\s*({_NUMBER})\s*%\s*of range(/s)?\s*")
_TIME_OR_STEPS = rf"^{_NUMBER}\s*(?:ms|s|steps?)$"


class _Parsed(NamedTuple):
    """A number and the symbol behind it, "" if there is none."""

    number: Decimal
    symbol: str


def _parsed(value: object) -> _Parsed | None:
    """Split a text into number and symbol; None if it is no text of that form."""
    match = _QUANTITY.fullmatch(value) if isinstance(value, str) else None
    return _Parsed(Decimal(match[1]), match[2]) if match else None


def _plain(value: object) -> float | None:
    """A pure number, or a text that is one (YAML reads 1e-3 as text); None for anything else, booleans too."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    parsed = _parsed(value)
    return float(parsed.number) if parsed and not parsed.symbol else None


def _refusal(expected: str, got: object) -> PydanticCustomError:
    return PydanticCustomError("quantity", "expected {expected}, got {got}", {"expected": expected, "got": repr(got)})


def _si(value: object, unit: str) -> float | None:
    """The number in the SI unit `unit`; None if the text is not of that dimension or not finite."""
    parsed = _parsed(value)
    known = _UNITS.get(parsed.symbol) if parsed else None
    if parsed is None or known is None or known.si != unit:
        return None
    number = float(parsed.number * known.factor)
    return number if math.isfinite(number) else None


def _text_schema(pattern: str, examples: list[str]) -> dict[str, Any]:
    return {"type": "string", "pattern": pattern, "examples": examples}


@dataclass(frozen=True)
class Quantity:
    """Annotation that makes a float field read a text with a unit: `Annotated[float, Quantity("m")]`.

    Attributes:
        unit: SI unit in which the float is kept; "1" for a ratio, which may also be a plain number.
        low, high: inclusive limits, in `unit`.
    """

    unit: str
    low: float = -math.inf
    high: float = math.inf

    def parse(self, value: object) -> float:
        """The number in SI. Raises PydanticCustomError (one line: expected, got)."""
        number = _si(value, self.unit)
        if number is None and self.unit == "1":
            number = _plain(value)
        if number is None:
            kind = _KINDS[self.unit]
            raise _refusal(f"{kind.noun} such as '{kind.example}'", value)
        if not self.low <= number <= self.high:
            raise _refusal(f"{_KINDS[self.unit].noun} {self._limits()}", value)
        return number

    def write(self, number: float) -> str | float:
        """What `parse` reads back to the same number."""
        return number if self.unit == "1" else f"{number!r} {self.unit}"

    def _limits(self) -> str:
        unit = "" if self.unit == "1" else f" {self.unit}"
        if math.isinf(self.high):
            return f"of at least {self.low:g}{unit}"
        return f"from {self.low:g}{unit} to {self.high:g}{unit}"

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        written = core_schema.plain_serializer_function_ser_schema(self.write, when_used="json")
        return core_schema.no_info_plain_validator_function(self.parse, serialization=written)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        symbols = [re.escape(symbol) for symbol, unit in _UNITS.items() if unit.si == self.unit]
        text = _text_schema(rf"^{_NUMBER}\s*(?:{'|'.join(symbols)})$", [_KINDS[self.unit].example])
        if self.unit != "1":
            return text
        limits = {"minimum": self.low, "maximum": self.high}
        number = {"type": "number"} | {key: limit for key, limit in limits.items() if math.isfinite(limit)}
        return {"anyOf": [text, number], "examples": text["examples"]}


class _Written:
    """A value with a text form; subclasses say how it is read (`parse`) and written (`__str__`)."""

    json_schema: ClassVar[dict[str, Any]]

    @classmethod
    def parse(cls, value: object) -> Self:
        """Read the text form. Raises PydanticCustomError (one line: expected, got)."""
        raise NotImplementedError

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        written = core_schema.plain_serializer_function_ser_schema(str)
        return core_schema.no_info_plain_validator_function(cls._read, serialization=written)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return dict(cls.json_schema)

    @classmethod
    def _read(cls, value: object) -> Self:
        return value if isinstance(value, cls) else cls.parse(value)


@dataclass(frozen=True)
class Measure(_Written):
    """A quantity of any dimension, for parameters whose unit the task's contract decides.

    Attributes:
        value: in `unit`, not negative.
        unit: SI unit.
    """

    json_schema = _text_schema(rf"^{_NUMBER}\s*(?:{_SYMBOLS})$", ["1 cm", "2 deg", "5 %"])

    value: float
    unit: str

    @classmethod
    def parse(cls, value: object) -> Self:
        """Read e.g. "1 cm" as 0.01 m."""
        parsed = _parsed(value)
        known = _UNITS.get(parsed.symbol) if parsed else None
        number = _si(value, known.si) if known else None
        if known is None or number is None or number < 0:
            raise _refusal(f"a quantity with a unit such as '{cls.json_schema['examples'][0]}', not negative", value)
        return cls(number, known.si)

    def __str__(self) -> str:
        return _percent(self.value) if self.unit == "1" else f"{self.value!r} {self.unit}"


@dataclass(frozen=True)
class Extent(Measure):
    """A `Measure`, or a share of the range between the bounds of the field it acts on: "2 % of range".

    Attributes:
        value: in `unit`; of a share, 1 is the whole range.
        unit: SI unit, or "range".
    """

    json_schema = _text_schema(rf"^{_NUMBER}\s*(?:{_SYMBOLS}|%\s*of range)$", ["1 cm", "2 % of range"])
    _suffix: ClassVar[str] = ""

    @classmethod
    def parse(cls, value: object) -> Self:
        """Read e.g. "1 cm" as 0.01 m and "2 % of range" as 0.02 range."""
        match = _OF_RANGE.fullmatch(value) if isinstance(value, str) else None
        if match is None or (match[2] or "") != cls._suffix:
            return super().parse(value)
        share = float(Decimal(match[1]) / 100)
        if not 0 <= share < math.inf:
            raise _refusal(f"a share such as '2 % of range{cls._suffix}', not negative", value)
        return cls(share, f"range{cls._suffix}")

    def __str__(self) -> str:
        if self.unit == f"range{self._suffix}":
            return f"{_percent(self.value)} of range{self._suffix}"
        return super().__str__()


@dataclass(frozen=True)
class Speed(Extent):
    """How fast a quantity of any dimension may change: "5 cm/s", or "40 % of range/s"."""

    json_schema = _text_schema(rf"^{_NUMBER}\s*(?:{_SYMBOLS}|%\s*of range/s)$", ["5 cm/s", "40 % of range/s"])
    _suffix: ClassVar[str] = "/s"


@dataclass(frozen=True)
class Duration(_Written):
    """A span of time, in seconds or in control steps.

    Attributes:
        value: not negative; a whole number if the unit is steps.
    """

    json_schema = _text_schema(_TIME_OR_STEPS, ["80 ms", "3 steps"])

    value: float
    unit: Literal["s", "steps"]

    @classmethod
    def parse(cls, value: object) -> Self:
        """Read e.g. "80 ms" or "3 steps"."""
        seconds, steps = _si(value, "s"), _steps(value)
        number = seconds if steps is None else steps
        if number is None or number < 0:
            raise _refusal("a duration such as '80 ms' or '3 steps', not negative", value)
        return cls(number, "s" if steps is None else "steps")

    def to_seconds(self, control_period_s: float) -> float:
        """The span in seconds."""
        return self.value if self.unit == "s" else self.value * control_period_s

    def to_steps(self, control_period_s: float) -> int:
        """The span in control steps, to the nearest, halves up; what is not zero lasts at least one step."""
        if self.value == 0:
            return 0
        return max(1, _nearest(self.to_seconds(control_period_s) / control_period_s))

    def __str__(self) -> str:
        return f"{self.value!r} s" if self.unit == "s" else f"{int(self.value)} steps"


@dataclass(frozen=True)
class Moment(_Written):
    """A point of an episode: a time or a step from its start, or a share of its horizon.

    Attributes:
        value: not negative; a share is at most 1.
    """

    json_schema: ClassVar[dict[str, Any]] = {
        "anyOf": [
            _text_schema(rf"^{_NUMBER}\s*(?:ms|s|steps?|%)$", ["2 s", "30 steps", "25 %"]),
            {"type": "number", "minimum": 0, "maximum": 1},
        ],
        "examples": ["2 s", "30 steps", "25 %"],
    }

    value: float
    unit: Literal["s", "steps", "horizon"]

    @classmethod
    def parse(cls, value: object) -> Self:
        """Read e.g. "2 s", "30 steps", "25 %" or 0.25."""
        share = _si(value, "1")
        share = _plain(value) if share is None else share
        if share is not None and 0 <= share <= 1:
            return cls(share, "horizon")
        seconds, steps = _si(value, "s"), _steps(value)
        number = seconds if steps is None else steps
        if number is None or number < 0:
            raise _refusal("a moment such as '2 s', '30 steps' or '25 %' of the horizon", value)
        return cls(number, "s" if steps is None else "steps")

    def to_step(self, control_period_s: float, horizon: int) -> int:
        """The nearest control step, halves up, at most `horizon`."""
        scale = {"s": 1 / control_period_s, "steps": 1.0, "horizon": float(horizon)}[self.unit]
        return min(horizon, _nearest(self.value * scale))

    def __str__(self) -> str:
        if self.unit == "horizon":
            return _percent(self.value)
        return f"{self.value!r} s" if self.unit == "s" else f"{int(self.value)} steps"


def _steps(value: object) -> float | None:
    """Whole number of steps in "3 steps" or "1 step"; None for anything else."""
    parsed = _parsed(value)
    whole = parsed is not None and parsed.symbol in ("step", "steps") and parsed.number % 1 == 0
    return float(parsed.number) if parsed is not None and whole else None


def _percent(share: float) -> str:
    """The share as text, exact: it reads back to the same float."""
    return f"{(Decimal(repr(share)) * 100).normalize():f} %"


def _nearest(number: float) -> int:
    """Nearest integer, halves up; the tolerance keeps 0.3 s / 0.04 s, which floats make 7.499..., a half."""
    return math.floor(number + 0.5 + 1e-9)


def _pair(value: object) -> object:
    """One value stands for a range without extent."""
    return value if isinstance(value, list | tuple) else (value, value)


def _ordered_factors(pair: tuple[float, float]) -> tuple[float, float]:
    if pair[0] > pair[1]:
        raise _refusal("[low, high] with low at most high", list(pair))
    return pair


def _ordered_durations(pair: tuple[Duration, Duration]) -> tuple[Duration, Duration]:
    if pair[0].unit != pair[1].unit or pair[0].value > pair[1].value:
        raise _refusal("[low, high] in one unit with low at most high", [str(pair[0]), str(pair[1])])
    return pair


def _or_pair(item: dict[str, Any], examples: list[Any]) -> WithJsonSchema:
    pair = {"type": "array", "items": item, "minItems": 2, "maxItems": 2}
    return WithJsonSchema({"anyOf": [item, pair], "examples": examples})


Length = Annotated[float, Quantity("m", low=0)]
"""A distance, metre, not negative."""

Force = Annotated[float, Quantity("N", low=0)]
"""A magnitude of force, newton, not negative."""

Mass = Annotated[float, Quantity("kg", low=0)]
"""A mass, kilogram, not negative."""

Angle = Annotated[float, Quantity("rad", low=0, high=math.pi)]
"""The size of an angle, radian, at most a half turn."""

Pixels = Annotated[float, Quantity("px", low=0)]
"""A distance in a picture, pixel, not negative."""

Stops = Annotated[float, Quantity("stops", low=0)]
"""A change of exposure, powers of two, not negative."""

Ratio = Annotated[float, Quantity("1", low=0, high=1)]
"""A pure number in [0, 1]: "60 %" or 0.6."""

Factor = Annotated[float, Quantity("1", low=0.01, high=100)]
"""A scale factor: 1.5 or "150 %"."""

FactorRange = Annotated[
    tuple[Factor, Factor],
    BeforeValidator(_pair),
    AfterValidator(_ordered_factors),
    _or_pair({"type": "number", "minimum": 0.01, "maximum": 100}, [1.5, [0.5, 2]]),
]
"""A scale factor, or [low, high]."""

DurationRange = Annotated[
    tuple[Duration, Duration],
    BeforeValidator(_pair),
    AfterValidator(_ordered_durations),
    _or_pair(Duration.json_schema, ["120 ms", ["40 ms", "200 ms"]]),
]
"""A duration, or [low, high] in one unit."""
