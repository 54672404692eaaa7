"""Every fault of the catalogue in the step loop: what it promises must hold for a policy that reacts."""

import numpy as np
import pytest
from fakes.policies import Steady
from fakes.scenario import ACTION_HIGH, ACTION_LOW, SEED, assignment, roll, same
from fakes.task import CONTRACT, FakeEngine
from pydantic import TypeAdapter

from harness.contract.policy import Execution
from harness.contract.scenes import draw_scene
from harness.faults import catalogue
from harness.faults.catalogue import AnyFault
from harness.faults.realise import realise
from harness.rollout.episode import Assignment

CONTRACT_FIELDS = {
    "dynamics.scale": {"parameter": "object_mass"},
    "action.swap": {"field": "target"},
    "action.stuck": {"field": "target", "component": 0},
}
ELSEWHERE = ("dynamics.payload", "dynamics.tilt", "dynamics.slip")
VISUAL = [*(fault for fault in catalogue.ids() if fault.startswith("camera.")), "scene.distractors"]
IDS = [fault for fault in catalogue.ids() if fault not in (*ELSEWHERE, *VISUAL)]


def fault_of(fault, severity, **parameters):
    document = {"fault": fault, **CONTRACT_FIELDS.get(fault, {}), "severity": severity, **parameters}
    return TypeAdapter(AnyFault).validate_python(document)


def episode(*faults, scene=0):
    drawn = draw_scene(CONTRACT, SEED, "heldout", scene)
    effects = realise(CONTRACT, faults, seed=SEED, scene=drawn, replicate=0).effects
    return Assignment(f"episode/{scene}", drawn, effects, (SEED, CONTRACT.id, "heldout", scene, 0, "policy/noise"))


def alone(todo, **settings):
    [rollout] = roll([todo], Steady(sigma=0.3), **settings).values()
    return rollout


@pytest.mark.parametrize("fault", IDS)
def test_severity_zero_changes_no_bit_of_an_episode(fault):
    first, second = alone(episode(fault_of(fault, 0))), alone(episode())
    same(first, second)


@pytest.mark.parametrize("fault", IDS)
def test_severity_five_changes_the_episode_and_breaks_nothing(fault):
    changed = 0
    for scene in range(4):
        rollout = alone(episode(fault_of(fault, 5), scene=scene))
        assert np.isfinite(rollout.applied).all()
        assert ((rollout.applied >= ACTION_LOW) & (rollout.applied <= ACTION_HIGH)).all()
        assert np.isfinite(rollout.measured).all()
        plain = alone(episode(scene=scene))
        changed += rollout.states.shape != plain.states.shape or not np.array_equal(rollout.states, plain.states)
    assert changed


@pytest.mark.parametrize("fault", [fault for fault in IDS if "window" in catalogue.lookup(fault).model_fields])
def test_until_its_window_opens_an_episode_is_the_nominal_one(fault):
    rollout = alone(episode(fault_of(fault, 5, window={"start": "12 steps", "stop": "30 steps"})))
    plain = alone(episode())
    until = min(12, rollout.steps, plain.steps)
    np.testing.assert_array_equal(rollout.states[: until + 1], plain.states[: until + 1])
    np.testing.assert_array_equal(rollout.applied[:until], plain.applied[:until])


@pytest.mark.parametrize("fault", IDS)
def test_the_bits_do_not_depend_on_neighbours_lanes_or_the_length_of_rounds(fault):
    todo = [episode(fault_of(fault, 4), scene=scene) for scene in range(3)] + [assignment("everything", 5)]
    together = roll(todo, Steady(sigma=0.3), lanes=4)
    one_by_one = roll(list(reversed(todo)), Steady(sigma=0.3), lanes=1)
    for name, rollout in together.items():
        same(rollout, one_by_one[name])


def test_a_rate_limit_goes_on_from_one_round_to_the_next():
    """However the commands are cut into rounds, what is applied is one walk."""
    limit = fault_of("action.rate_limit", 5)
    for execute in (1, 3):
        rollout = alone(episode(limit), execution=Execution(execute=execute))
        step = 0.1 * (ACTION_HIGH - ACTION_LOW) * CONTRACT.control_period_s
        assert (np.abs(np.diff(rollout.applied, axis=0)) <= step + 1e-6).all()
        assert (np.abs(rollout.applied[0] - FakeEngine().rest(rollout.states[:1])[0]) <= step + 1e-6).all()
        assert (np.abs(np.diff(rollout.applied, axis=0)) > 0.9 * step).any()


def test_a_zero_is_no_rest_action():
    lost = TypeAdapter(AnyFault).validate_python({"fault": "action.dropout", "probability": 1, "fill": "zero"})
    rollout = alone(episode(lost))
    assert not rollout.applied.any()
    assert rollout.states[0, 1:3].any()
