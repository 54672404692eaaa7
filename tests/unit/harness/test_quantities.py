"""Quantities keep SI, refuse what has no or the wrong unit, and write what they read."""

import json
import math
import re
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter, ValidationError

from harness.quantities import (
    Duration,
    DurationRange,
    Factor,
    FactorRange,
    Force,
    Length,
    Measure,
    Moment,
    Quantity,
    Ratio,
)

finite = st.floats(0, 1e6, allow_nan=False, allow_subnormal=False)


def read(kind, value):
    return TypeAdapter(kind).validate_python(value)


def refusal(kind, value):
    with pytest.raises(ValidationError) as caught:
        read(kind, value)
    (error,) = caught.value.errors()
    return error["msg"]


@pytest.mark.parametrize(
    ("unit", "text", "number"),
    [
        ("m", "4 cm", 0.04),
        ("m", "7cm", 0.07),
        ("m", "3 mm", 0.003),
        ("m", "-1.5e-1 m", -0.15),
        ("s", "80 ms", 0.08),
        ("rad", "180 deg", math.pi),
        ("rad", "0.01 rad", 0.01),
        ("N", "2 N", 2.0),
        ("kg", "200 g", 0.2),
        ("m/s", "5 cm/s", 0.05),
        ("rad/s", "90 deg/s", math.pi / 2),
        ("1", "60 %", 0.6),
        ("1", 0.6, 0.6),
        ("1", "1e-3", 0.001),
    ],
)
def test_a_quantity_is_kept_in_si(unit, text, number):
    assert read(Annotated[float, Quantity(unit)], text) == number


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        (Length, "4 kg", "expected a length such as '4 cm', got '4 kg'"),
        (Length, 4, "expected a length such as '4 cm', got 4"),
        (Length, "4", "expected a length such as '4 cm', got '4'"),
        (Length, "4 furlongs", "expected a length such as '4 cm', got '4 furlongs'"),
        (Length, "four cm", "expected a length such as '4 cm', got 'four cm'"),
        (Length, "1e999 m", "expected a length such as '4 cm', got '1e999 m'"),
        (Length, None, "expected a length such as '4 cm', got None"),
        (Length, "-4 cm", "expected a length of at least 0 m, got '-4 cm'"),
        (Force, "2 s", "expected a force such as '2 N', got '2 s'"),
        (Ratio, True, "expected a ratio such as '60 %', got True"),
        (Ratio, 60, "expected a ratio from 0 to 1, got 60"),
        (Ratio, "nan", "expected a ratio such as '60 %', got 'nan'"),
        (Ratio, math.nan, "expected a ratio from 0 to 1, got nan"),
        (Factor, 0, "expected a ratio from 0.01 to 100, got 0"),
        (Duration, 3, "expected a duration such as '80 ms' or '3 steps', not negative, got 3"),
        (Duration, "1.5 steps", "expected a duration such as '80 ms' or '3 steps', not negative, got '1.5 steps'"),
        (Duration, "-1 s", "expected a duration such as '80 ms' or '3 steps', not negative, got '-1 s'"),
        (Moment, "120 %", "expected a moment such as '2 s', '30 steps' or '25 %' of the horizon, got '120 %'"),
        (Measure, "0.01", "expected a quantity with a unit such as '1 cm', not negative, got '0.01'"),
        (Measure, "-1 cm", "expected a quantity with a unit such as '1 cm', not negative, got '-1 cm'"),
        (FactorRange, [2, 0.5], "expected [low, high] with low at most high, got [2.0, 0.5]"),
        (
            DurationRange,
            ["2 steps", "1 s"],
            "expected [low, high] in one unit with low at most high, got ['2 steps', '1.0 s']",
        ),
    ],
)
def test_a_wrong_quantity_is_refused_in_one_line(kind, value, message):
    assert refusal(kind, value) == message


@pytest.mark.parametrize(
    ("text", "period", "steps"),
    [
        ("80 ms", 0.04, 2),
        ("100 ms", 0.04, 3),
        ("99 ms", 0.04, 2),
        ("300 ms", 0.04, 8),
        ("1 ms", 0.04, 1),
        ("0 ms", 0.04, 0),
        ("3 steps", 0.04, 3),
        ("1 step", 0.1, 1),
        ("0 steps", 0.1, 0),
    ],
)
def test_a_duration_takes_the_nearest_whole_number_of_steps_and_at_least_one(text, period, steps):
    assert read(Duration, text).to_steps(period) == steps


@pytest.mark.parametrize(
    ("value", "step"),
    [("25 %", 25), (0.25, 25), ("1 s", 10), ("30 steps", 30), ("1000 steps", 100), (1, 100)],
)
def test_a_moment_is_a_step_within_the_horizon(value, step):
    assert read(Moment, value).to_step(0.1, 100) == step


def test_one_value_stands_for_a_range_without_extent():
    assert read(FactorRange, 2) == (2.0, 2.0)
    assert read(DurationRange, "80 ms") == (Duration(0.08, "s"), Duration(0.08, "s"))


@given(finite, st.sampled_from(["m", "cm", "mm", "s", "ms", "rad", "deg", "N", "kg", "g", "m/s", "deg/s", "%"]))
def test_a_measure_reads_back_what_it_writes(number, unit):
    measure = read(Measure, f"{number!r} {unit}")
    assert read(Measure, str(measure)) == measure


@given(finite)
def test_durations_and_moments_read_back_what_they_write(number):
    for kind in (Duration, Moment):
        for text in (f"{number!r} ms", f"{int(number)} steps"):
            value = read(kind, text)
            assert read(kind, str(value)) == value
    share = read(Moment, number / 1e6)
    assert read(Moment, str(share)) == share


class Settings(BaseModel):
    distance: Length
    share: Ratio
    wait: Duration
    factor: FactorRange


@given(finite, st.floats(0, 1))
def test_a_model_with_quantities_survives_json(distance, share):
    settings = Settings.model_validate(
        {"distance": f"{distance!r} cm", "share": share, "wait": "80 ms", "factor": [0.5, 2]}
    )
    assert Settings.model_validate(json.loads(settings.model_dump_json())) == settings


def test_python_sees_si_numbers():
    settings = Settings.model_validate({"distance": "4 cm", "share": "60 %", "wait": "2 steps", "factor": 2})
    assert settings.model_dump() == {"distance": 0.04, "share": 0.6, "wait": "2 steps", "factor": (2.0, 2.0)}


@pytest.mark.parametrize("kind", [Length, Force, Ratio, Duration, Moment, Measure, DurationRange, FactorRange])
def test_the_examples_that_editors_show_are_right(kind):
    schema = TypeAdapter(kind).json_schema()
    texts = [item["pattern"] for item in (schema, *schema.get("anyOf", ())) if "pattern" in item]
    for example in schema["examples"]:
        read(kind, example)
        assert not isinstance(example, str) or any(re.search(pattern, example) for pattern in texts)


def test_the_json_schema_shows_editors_the_form():
    properties = Settings.model_json_schema()["properties"]
    assert properties["distance"]["type"] == "string"
    assert "cm" in properties["distance"]["pattern"]
    assert properties["distance"]["examples"] == ["4 cm"]
    assert {item["type"] for item in properties["share"]["anyOf"]} == {"string", "number"}
    assert properties["wait"]["examples"] == ["80 ms", "3 steps"]
