"""Every rule by a row that only it can name; abstaining; the expert's word."""

import copy

import pytest

from harness.evidence.controls import check_controls
from harness.evidence.exposure import EXPOSURE
from harness.evidence.labels import CATEGORIES, RULES, Elsewhere, label

QUIET = {
    "outcome": "failure",
    "policy": "act-s0",
    "diverged": False,
    "steps": 30,
    "deadline_misses": 0,
    "latency_steps": 0.0,
    "saturation": 0.0,
    "action_error": 0.0,
    "start_distance": 0.4,
    "demonstration_distance": 0.5,
    "faults": [{"start": 7}, {"start": 4}],
    "exposure": dict.fromkeys(EXPOSURE, 0.0),
    "trace": {"progress": [k / 30 for k in range(30)], "plan_step": [0] * 30},
}


def row(exposure=None, trace=None, **changes):
    made = copy.deepcopy(QUIET) | changes
    made["exposure"] |= exposure or {}
    made["trace"] |= trace or {}
    return made


SPEAKING = {
    "simulation diverged": (row(diverged=True), "control", 30),
    "frames dropped": (row({"stale_share": 0.2}), "perception", 4),
    "frames late": (row({"frame_age": 2.0}), "state_estimation", 4),
    "sensor error": (row({"observation_error": 0.02}), "state_estimation", 4),
    "inference late": (row({"latency": 3.0}, {"plan_step": [0, 0, -1] + [0] * 27}), "timing", 2),
    "deadlines missed": (
        row(trace={"plan_step": [0] * 20 + [-1] * 10}, deadline_misses=10, latency_steps=0.5),
        "timing",
        20,
    ),
    "commands late": (row({"command_delay": 2.0}, action_error=0.5), "timing", 4),
    "commands rare": (row({"command_period": 3.0}, action_error=0.5), "timing", 4),
    "pictures spoiled": (row({"pictures_touched": 0.5}), "perception", 4),
    "actuators saturated": (row({"action_fault": 1.0}, saturation=0.4), "control", 4),
    "command not followed": (row({"action_fault": 1.0}, action_error=0.05), "control", 4),
    "dynamics changed": (row({"dynamics": 1.0}), "control", 4),
    "object pushed": (row({"push": 2.0}), "control", 4),
    "object moved": (row({"shift": 0.04}), "planning", 4),
    "starts unlike the demonstrations": (row(start_distance=2.0, faults=[]), "data_coverage", 0),
    "strayed from the demonstrations": (row(demonstration_distance=3.0, faults=[]), "planning", -1),
    "progress stalled": (row(trace={"progress": [0.5] * 30}, faults=[]), "planning", 0),
    "nothing else to blame": (row(faults=[]), "planning", -1),
}


@pytest.mark.parametrize("rule", SPEAKING)
def test_each_rule_names_its_category_with_step_and_numbers(rule):
    given, category, step = SPEAKING[rule]
    found = label(given, Elsewhere(expert=True))
    assert found.category == category
    assert found.evidence["rule"] == rule
    assert found.evidence["step"] == step
    assert found.evidence["value"] >= found.evidence["threshold"]
    assert "{" not in found.evidence["text"]


def test_every_rule_is_covered():
    assert {rule.name for rule in RULES} == set(SPEAKING)
    assert {rule.category for rule in RULES} < set(CATEGORIES)


@pytest.mark.parametrize(
    "rule", [rule for rule in RULES if rule.of_faults and rule.threshold != 1.0], ids=lambda rule: rule.name
)
def test_just_below_its_threshold_a_rule_is_silent(rule):
    given = copy.deepcopy(SPEAKING[rule.name][0])
    factor = 0.99 * rule.threshold / rule.value(given)
    given["exposure"] = {key: value * factor for key, value in given["exposure"].items()}
    for name in ("saturation", "action_error", "demonstration_distance", "deadline_misses"):
        given[name] *= factor
    assert rule.value(given) < rule.threshold
    assert label(given, Elsewhere(expert=None)).category == "undetermined"


def test_abstaining_beats_guessing():
    found = label(row(), Elsewhere(expert=True))
    assert (found.category, found.evidence["rule"]) == ("undetermined", "no rule speaks")
    assert found.evidence["value"] < 1


def test_the_strongest_evidence_wins():
    assert label(row({"stale_share": 0.2, "frame_age": 9.0}), Elsewhere(expert=True)).category == "state_estimation"
    assert label(row({"stale_share": 0.9, "frame_age": 1.1}), Elsewhere(expert=True)).category == "perception"


def test_where_the_expert_fails_too_it_is_the_evaluation():
    given = SPEAKING["frames dropped"][0]
    assert label(given, Elsewhere(expert=False)).category == "evaluation"
    assert label(given, Elsewhere(expert=None)).category == "perception"
    assert label(given | {"policy": "expert"}, Elsewhere(expert=False)).category == "perception"


@pytest.mark.parametrize("outcome", ["success", "error"])
def test_only_failures_are_labelled(outcome):
    found = label(row(outcome=outcome, diverged=True), Elsewhere(expert=False))
    assert (found.category, found.evidence) == ("none", None)


def test_a_short_plan_is_not_a_timing_failure():
    given = row(deadline_misses=20, latency_steps=0.0)
    assert label(given, Elsewhere(expert=True)).category == "undetermined"


def test_a_stall_under_a_fault_is_not_a_planning_failure():
    assert label(row(trace={"progress": [0.5] * 30}), Elsewhere(expert=True)).category == "undetermined"


def test_where_the_policy_fails_without_faults_too_they_are_not_to_blame():
    given = row({"stale_share": 0.9})
    assert label(given, Elsewhere(nominal=None)).category == "perception"
    assert label(given, Elsewhere(nominal=False)).category == "planning"
    assert "without any fault too" in label(given, Elsewhere(nominal=False)).evidence["text"]
    assert label(given | {"start_distance": 1.7}, Elsewhere(nominal=False)).category == "data_coverage"


def test_where_the_policy_succeeds_without_faults_they_are_to_blame_however_weak():
    given = row({"stale_share": 0.01}, demonstration_distance=9.0, start_distance=9.0)
    assert label(given, Elsewhere()).category == "undetermined"
    found = label(given, Elsewhere(nominal=True))
    assert (found.category, found.evidence["rule"]) == ("perception", "frames dropped")
    assert label(row(), Elsewhere(nominal=True)).category == "undetermined"  # nothing was seen of the fault at all


def test_an_unfamiliar_start_outweighs_what_the_policy_did_then():
    given = row(faults=[], start_distance=1.1, demonstration_distance=9.0, trace={"progress": [0.5] * 30})
    assert label(given, Elsewhere(expert=True)).category == "data_coverage"


def test_null_measures_are_no_evidence():
    measures = ("saturation", "action_error", "start_distance", "demonstration_distance", "latency_steps")
    given = row(**dict.fromkeys(measures))
    assert label(given, Elsewhere()).category == "undetermined"
    assert label(given | {"faults": []}, Elsewhere()).evidence["rule"] == "nothing else to blame"


def control(success, policy="zero", **changes):
    base = {"purpose": "control", "policy": policy, "task": "t", "split": "heldout", "condition": "nominal"}
    return base | {"success": success} | changes


def test_controls_are_checked_by_task_and_split():
    rows = [
        control(True), control(False), control(None), control(False, task="u"), control(True, condition="push"),
        control(True, purpose="panel"), control(True, policy="replay"),
    ]  # fmt: skip
    checks = check_controls(rows, {"zero": (0.0, 0.4), "expert": (0.9, 1.0)})
    assert [(c.task, c.successes, c.scored, c.in_band) for c in checks] == [("t", 1, 2, False), ("u", 0, 1, True)]


def test_the_band_is_inclusive_and_nothing_scored_is_not_in_it():
    [half] = check_controls([control(True), control(False)], {"zero": (0.5, 0.5)})
    assert half.in_band
    [nothing] = check_controls([control(None)], {"zero": (0.0, 1.0)})
    assert not nothing.in_band
