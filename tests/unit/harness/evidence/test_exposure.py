"""What faults amount to, and the label that a failure under one severe fault gets."""

import numpy as np
import pytest
from fakes.policies import Looking, Steady
from fakes.scenario import SEED, roll
from fakes.task import CONTRACT
from pydantic import TypeAdapter

from harness.artifact.rows import Identity, build_row
from harness.contract.scenes import draw_scene
from harness.contract.task import Dynamics
from harness.evidence.exposure import _octaves, exposure
from harness.evidence.labels import Elsewhere, label
from harness.faults import catalogue
from harness.faults.catalogue import AnyFault
from harness.faults.realise import realise
from harness.rollout.episode import Assignment

PARAMETERS = {
    "observation.wrong_frame": {"severity": 5},
    "observation.sensor_loss": {"severity": 4, "field": "goal"},
    "observation.freeze": {"duration": "1500 ms"},
    "action.swap": {"coupling": 1},
    "action.stuck": {"field": "target"},
    "dynamics.scale": {"severity": 5, "parameter": "object_mass"},
    "dynamics.push": {"severity": 5},
}
"""What is severe on the fake task."""
EVALUATOR = "evaluation.missed_success"
"""It shows in no trace, but the expert fails under it too."""
IDS = [fault for fault in catalogue.ids() if fault not in ("dynamics.payload", "dynamics.tilt", "dynamics.slip")]


def row_under(fault, **parameters):
    """A failed episode under one fault."""
    document = {"fault": fault, **(parameters or PARAMETERS.get(fault, {"severity": 5}))}
    fault = TypeAdapter(AnyFault).validate_python(document)
    scene = draw_scene(CONTRACT, SEED, "heldout", 0)
    realised = realise(CONTRACT, [fault], seed=SEED, scene=scene, replicate=0)
    todo = Assignment("one", scene, realised.effects, (SEED, "noise"))
    visual = fault.channel == "camera" or fault.fault == "scene.distractors"
    [rollout] = roll([todo], Looking(sigma=0.2) if visual else Steady(sigma=0.2)).values()
    identity = dict.fromkeys(("policy", "method", "policy_hash", "condition", "panel_id"), "x")
    identity |= {"episode": "one", "purpose": "panel", "training_seed": 0, "replicate": 0}
    identity |= {"task": CONTRACT.id, "split": "heldout", "scene": 0}
    return build_row(Identity(**identity), rollout, realised, CONTRACT, None) | {"outcome": "failure"}


@pytest.mark.parametrize("fault", [fault for fault in IDS if fault != EVALUATOR])
def test_a_failure_under_a_severe_fault_is_labelled_with_what_the_fault_brings_down(fault):
    for nominal in (True, None):
        found = label(row_under(fault), Elsewhere(expert=True, nominal=nominal))
        assert found.category == catalogue.lookup(fault).category


def test_a_deaf_evaluator_is_known_by_the_expert_that_fails_too():
    row = row_under(EVALUATOR)
    assert label(row, Elsewhere(expert=False)).category == "evaluation"
    assert label(row, Elsewhere(expert=True, nominal=True)).category == "undetermined"


def test_a_zero_for_a_lost_command_is_no_late_command():
    row = row_under("action.dropout", probability=0.9, fill="zero")
    assert row["exposure"]["command_delay"] == 0
    assert row["exposure"]["action_fault"] > 0.8
    assert label(row, Elsewhere(expert=True, nominal=True)).evidence["rule"] == "command not followed"


def test_the_error_of_a_sensor_is_what_it_adds_and_not_how_old_it_is():
    scaled = row_under("observation.scale", field="goal", factor=1.5)["exposure"]
    late = row_under("observation.delay", delay="500 ms")["exposure"]
    lost = row_under("observation.sensor_loss", field="position", probability=0.9)["exposure"]
    assert scaled["observation_error"] > 0.01
    assert scaled["frame_age"] == 0
    assert late["observation_error"] == lost["observation_error"] == 0
    assert lost["stale_share"] > 0.5
    assert lost["frame_age"] == 0


def test_the_disturbance_of_an_action_is_all_that_the_actuators_make_of_it():
    half = row_under("action.gain", factor=0.5)
    commanded, applied = np.array(half["trace"]["commanded"]), np.array(half["trace"]["applied"])
    expected = np.sqrt(((applied - commanded) ** 2).mean(axis=0)).max() / 4
    assert half["exposure"]["action_offset"] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("dynamics", "octaves"),
    [
        (Dynamics(), 0),
        (Dynamics((("object_mass", 4.0),)), 2),
        (Dynamics((("object_mass", 0.5),)), 1),
        (Dynamics(payload=1.0), 1),
        (Dynamics(tilt=(np.arcsin(0.1), 0.0)), 1),
        (Dynamics(windowed=(("object_friction", 0.25, 5, 9),)), 2),
        (Dynamics(windowed=(("object_friction", 0.25, 10, 19),)), 0),
    ],
)
def test_changes_of_the_model_are_counted_in_octaves_over_the_steps_that_were_run(dynamics, octaves):
    assert _octaves(dynamics, 10) == pytest.approx(octaves)


def test_nothing_amounts_to_nothing():
    scene = draw_scene(CONTRACT, SEED, "heldout", 0)
    effects = realise(CONTRACT, [], seed=SEED, scene=scene, replicate=0).effects
    [rollout] = roll([Assignment("one", scene, effects, (SEED,))]).values()
    assert set(exposure(rollout, CONTRACT).values()) == {0.0}
