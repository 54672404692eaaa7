"""Listing, looking up and checking faults."""

import pytest
from pydantic import TypeAdapter

from harness.errors import ManifestError, UnknownIdError
from harness.faults import catalogue
from harness.faults.catalogue import AnyFault, check


def faults(*documents):
    return TypeAdapter(tuple[AnyFault, ...]).validate_python(documents)


def test_the_ids_are_pinned_in_the_order_of_composition():
    assert catalogue.ids() == [
        "observation.freeze",
        "observation.frame_drop",
        "observation.delay",
        "observation.jitter",
        "observation.reorder",
        "observation.duplicate",
        "observation.scale",
        "observation.noise",
        "observation.bias",
        "observation.quantise",
        "observation.wrong_frame",
        "observation.sensor_loss",
        "camera.pose_shift",
        "camera.patch",
        "camera.blur",
        "camera.exposure",
        "camera.colour_shift",
        "camera.noise",
        "camera.blackout",
        "camera.freeze",
        "camera.drop",
        "camera.desync",
        "action.dropout",
        "action.delay",
        "action.swap",
        "action.gain",
        "action.bias",
        "action.noise",
        "action.quantise",
        "action.saturation",
        "action.deadband",
        "action.rate_limit",
        "action.stuck",
        "timing.latency",
        "timing.jitter",
        "timing.control_rate",
        "dynamics.scale",
        "dynamics.payload",
        "dynamics.tilt",
        "dynamics.slip",
        "dynamics.push",
        "scene.object_shift",
        "scene.distractors",
        "evaluation.missed_success",
    ]


def test_every_fault_of_the_union_is_listed():
    tags = TypeAdapter(AnyFault).json_schema()["discriminator"]["mapping"]
    assert set(tags) == set(catalogue.ids())


def test_looking_up_an_unknown_fault_suggests_the_nearest():
    assert catalogue.lookup("action.delay").__name__ == "CommandDelay"
    with pytest.raises(UnknownIdError, match=r"did you mean 'observation\.frame_drop'"):
        catalogue.lookup("observation.framedrop")


def test_the_table_explains_every_fault_and_parameter():
    for row in catalogue.table():
        assert row.meaning
        assert row.channel == row.id.split(".")[0]
        assert all(parameter.meaning for parameter in row.parameters)
    (row,) = [row for row in catalogue.table() if row.id == "observation.frame_drop"]
    shown = {parameter.name: (parameter.example, parameter.required) for parameter in row.parameters}
    assert shown["probability"] == ("60 %", True)
    assert shown["burst"] == ("80 ms", False)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (
            {"fault": "observation.noise", "field": "tipp", "std": "1 cm"},
            "here: observation.noise on reach-v1; got unknown observation field 'tipp'; fix: did you mean 'tip'?",
        ),
        (
            {"fault": "observation.noise", "field": "tip", "std": "1 deg"},
            "here: observation.noise on reach-v1; expected a quantity in m, the unit of field 'tip'; "
            "got '0.017453292519943295 rad'",
        ),
        (
            {"fault": "observation.bias", "field": "grip", "bias": "1 cm"},
            "here: observation.bias on reach-v1; expected a quantity in %, the unit of field 'grip'; got '0.01 m'",
        ),
        (
            {"fault": "observation.bias", "field": "tip", "bias": "1 cm", "direction": [0, 0, 0]},
            "here: observation.bias on reach-v1: direction; expected 3 numbers, not all zero; got [0.0, 0.0, 0.0]; "
            "fix: leave it out for a random direction",
        ),
        (
            {"fault": "action.noise", "field": "tip", "std": "1 cm"},
            "here: action.noise on reach-v1; got unknown action field 'tip'; fix: did you mean 'grip'?",
        ),
        (
            {"fault": "action.saturation", "field": "zzz", "range": 1},
            "here: action.saturation on reach-v1; got unknown action field 'zzz'; fix: known: grip, target",
        ),
        (
            {"fault": "dynamics.scale", "parameter": "mass", "factor": 2},
            "here: dynamics.scale on reach-v1; got unknown dynamics parameter 'mass'; fix: did you mean 'object_mass'?",
        ),
        (
            {"fault": "dynamics.push", "force": "1 N", "direction": [1, 0, 0]},
            "here: dynamics.push on reach-v1: direction; expected 2 numbers, not all zero; got [1.0, 0.0, 0.0]; "
            "fix: leave it out for a random direction",
        ),
        (
            {"fault": "timing.latency", "latency": "1 s", "window": {"start": "3 s", "stop": "2 s"}},
            "here: timing.latency on reach-v1: window; expected at least 1 of the 60 control steps of reach-v1; "
            "got steps 30 to 20; fix: move `start` or `stop`, or shorten `length`",
        ),
        (
            {"fault": "dynamics.push", "force": "1 N", "window": {"stop": "2 s", "length": "3 s"}},
            "here: dynamics.push on reach-v1: window; expected at least 30 of the 60 control steps of reach-v1; "
            "got steps 0 to 20; fix: move `start` or `stop`, or shorten `length`",
        ),
    ],
)
def test_what_the_task_has_not_is_refused_in_one_line(contract, document, message):
    with pytest.raises(ManifestError) as caught:
        check(faults(document), contract, "here")
    assert str(caught.value) == message


def test_two_faults_of_one_identity_are_refused(contract):
    drop = {"fault": "observation.frame_drop", "probability": 0.5}
    with pytest.raises(ManifestError, match=r"observation\.frame_drop twice; fix: give each a `name`"):
        check(faults(drop, drop), contract, "here")
    check(faults(drop, drop | {"name": "second"}), contract, "here")
    check(faults(drop, drop | {"task": "other-v1"}), contract, "here")


def test_two_shifts_of_one_task_are_refused(contract):
    shift = {"fault": "scene.object_shift", "distance": "4 cm"}
    with pytest.raises(ManifestError, match=r"at most one scene\.object_shift on reach-v1; got 2"):
        check(faults(shift, shift | {"name": "second"}), contract, "here")


def test_faults_of_other_tasks_are_not_checked(contract):
    check(faults({"fault": "observation.noise", "task": "other-v1", "field": "x", "std": "1 cm"}), contract, "here")
