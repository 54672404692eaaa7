"""One arm of two under a fault: only its applied actions are late, the evidence names it, and removing it rescues."""

import numpy as np
import pytest
from pydantic import TypeAdapter

from harness.artifact.rows import Identity, build_row
from harness.contract.policy import Execution
from harness.contract.scenes import draw_scene
from harness.evidence.causes import Facts, conclude
from harness.evidence.labels import Elsewhere, label
from harness.faults.catalogue import AnyFault
from harness.faults.realise import realise
from harness.registry import load
from harness.rollout.episode import Assignment
from harness.rollout.rounds import rollouts

LEFT, RIGHT = slice(0, 7), slice(7, 14)
LATE = {"left": ("left arm", 60, LEFT, RIGHT), "right": ("right arm", 20, RIGHT, LEFT)}


def late(agent, steps):
    return TypeAdapter(AnyFault).validate_python({"fault": "action.delay", "agent": agent, "delay": f"{steps} steps"})


@pytest.fixture(scope="module")
def acted():
    """What the expert makes of one scene under some faults, as rollout and row."""
    task = load("tasks", "transfer-cube-v1")
    engine, expert = task.engine(1), task.expert(1)
    scene = draw_scene(task.contract, 1, "heldout", 0)
    identity = dict.fromkeys(("policy", "method", "policy_hash", "condition", "panel_id", "episode"), "x")
    identity |= {"purpose": "panel", "training_seed": 0, "replicate": 0, "scene": 0, "split": "heldout"}

    def act(*faults):
        drawn = realise(task.contract, faults, seed=1, scene=scene, replicate=0)
        todo = [Assignment("x", scene, drawn.effects, (1,))]
        [rollout] = rollouts(engine, expert, Execution(execute=5), todo, lanes=1)
        return rollout, build_row(Identity(task=task.contract.id, **identity), rollout, drawn, task.contract, None)

    return act


@pytest.mark.parametrize("arm", LATE)
def test_only_the_late_arm_s_commands_are_applied_late_and_the_label_names_it(acted, arm):
    agent, steps, own, other = LATE[arm]
    rollout, row = acted(late(agent, steps))
    np.testing.assert_array_equal(rollout.applied[steps:, own], rollout.commanded[:-steps, own])
    np.testing.assert_array_equal(rollout.applied[:, other], rollout.commanded[:, other])
    assert (rollout.applied[steps:, own] != rollout.commanded[steps:, own]).any()
    [fault] = row["faults"]
    assert fault["fault"] == f"action.delay/{agent}"
    assert f'"agent":"{agent}"' in fault["parameters"]
    found = label(row, Elsewhere(expert=True, nominal=True))
    assert (found.category, found.evidence["rule"]) == ("timing", "commands late")
    assert f"commands arrived {steps}.0 steps late ({agent})" in found.evidence["text"]


def test_a_weak_arm_is_measured_by_itself(acted):
    weak = {"fault": "action.gain", "agent": "left arm", "factor": 0.6}
    _, row = acted(TypeAdapter(AnyFault).validate_python(weak))
    told = row["exposure"]
    assert told["action_error of right arm"] == told["action_offset of right arm"] == 0
    assert told["action_error of left arm"] == pytest.approx(2 * row["action_error"])
    found = label({**row, "outcome": "failure"}, Elsewhere(expert=True, nominal=True))
    assert found.evidence["value"] == told["action_error of left arm"]
    assert "(left arm)" in found.evidence["text"]


def test_removing_the_fault_of_one_arm_rescues_and_that_of_the_other_does_not(acted):
    faults = {fault.identity: fault for fault in (late("left arm", 60), late("right arm", 5))}
    subsets = [frozenset(faults), *({name} for name in faults), frozenset()]
    outcomes = {frozenset(kept): acted(*(faults[name] for name in kept))[1]["success"] for kept in subsets}
    assert not outcomes.pop(frozenset(faults))
    agents = {name: fault.agent for name, fault in faults.items()}
    verdict = conclude(Facts(dict.fromkeys(faults, "timing"), True, outcomes, agents=agents))
    assert (verdict.kind, verdict.cause) == ("single", "action.delay/left arm")
    assert verdict.text.startswith("a fault of the left arm: ")
