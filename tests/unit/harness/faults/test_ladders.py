"""Severities: five levels a fault, from mild to severe, that read as the value they stand for."""

import math
from itertools import pairwise

import pytest
from fakes.arm import SPECIMENS, specimen, written
from pydantic import ValidationError

from harness.faults import catalogue
from harness.faults.ladder import LEVELS
from harness.quantities import Duration, Measure

IDS = catalogue.ids()
OUTSIDE = {
    "%": ("-1 %", "101 %"),
    "s": ("-1 s", "5 m"),
    "*": ("-1 % of range", "3"),
    "*/s": ("-1 % of range/s", "3 % of range"),
    "": (0.001, 1000),
    "deg": ("-1 deg", "181 deg"),
    "kg": ("-1 g", "1 N"),
    "N": ("-1 N", "1 kg"),
    "m": ("-1 cm", "1 s"),
    "px": ("-1 px", "1 m"),
    "stops": ("-1 stops", "1 s"),
    "things": (-1, 33),
}


def ladders():
    return [(fault, ladder) for fault in IDS for ladder in catalogue.lookup(fault).ladders().values()]


def number(value):
    """A parameter's value as one number."""
    if isinstance(value, tuple):
        return sum(map(number, value)) / 2
    return value.value if isinstance(value, Duration | Measure) else float(value)


@pytest.mark.parametrize("fault", IDS)
def test_a_level_is_the_value_that_the_ladder_names(fault):
    ladder = catalogue.lookup(fault).ladder_of(SPECIMENS[fault])
    for level in range(LEVELS + 1):
        value = ladder.none if level == 0 else ladder.levels[level - 1]
        graded, spelt = specimen(fault, level), written(fault, **SPECIMENS[fault], **{ladder.parameter: value})
        assert graded == spelt
        assert graded.model_dump(mode="json") == spelt.model_dump(mode="json")
        assert "severity" not in graded.model_dump(mode="json")


@pytest.mark.parametrize("fault", IDS)
def test_levels_go_from_nothing_to_severe_in_one_direction(fault):
    ladder = catalogue.lookup(fault).ladder_of(SPECIMENS[fault])
    values = [number(getattr(specimen(fault, level), ladder.parameter)) for level in range(LEVELS + 1)]
    steps = [later - earlier for earlier, later in pairwise(values[1:])]
    assert all(step > 0 for step in steps) or all(step < 0 for step in steps)
    if "step" not in str(ladder.none):
        assert math.copysign(1, values[1] - values[0]) == math.copysign(1, steps[0])


@pytest.mark.parametrize(("fault", "ladder"), ladders(), ids=lambda item: item if isinstance(item, str) else item.text)
def test_every_ladder_climbs(fault, ladder):
    assert len({str(value) for value in ladder.levels}) == LEVELS
    assert str(ladder.none) not in map(str, ladder.levels)


@pytest.mark.parametrize("fault", IDS)
def test_what_is_out_of_bounds_is_refused(fault):
    ladder = catalogue.lookup(fault).ladder_of(SPECIMENS[fault])
    for value in OUTSIDE[ladder.unit]:
        with pytest.raises(ValidationError):
            written(fault, **SPECIMENS[fault], **{ladder.parameter: value})


def test_friction_falls_where_mass_grows():
    factors = {
        name: written("dynamics.scale", parameter=name, severity=5).factor
        for name in ("object_mass", "object_friction")
    }
    assert factors["object_mass"] > (1, 1) > factors["object_friction"]


@pytest.mark.parametrize(
    ("severity", "message"),
    [
        (6, r"expected a severity from 0 \(no fault\) to 5 \(severe\), got 6"),
        ("3", "got '3'"),
        (True, "got True"),
        (2.5, "got 2.5"),
    ],
)
def test_what_is_no_level_is_refused(severity, message):
    with pytest.raises(ValidationError, match=message):
        written("action.rate_limit", severity=severity)


def test_severity_beside_the_parameter_that_it_sets_is_refused():
    with pytest.raises(ValidationError, match="expected one of the two: severity and rate, got both"):
        written("action.rate_limit", severity=3, rate="5 cm/s")


@pytest.mark.parametrize("fault", IDS)
def test_old_documents_read_as_ever_and_new_parameters_hide_at_their_default(fault):
    document = specimen(fault).model_dump(mode="json")
    assert not set(catalogue.lookup(fault).added) & set(document)
    assert written(**document) == specimen(fault)


def test_a_new_parameter_shows_where_it_is_used():
    document = specimen("action.dropout", fill="zero").model_dump(mode="json")
    assert document["fill"] == "zero"
    assert written(**document).fill == "zero"
