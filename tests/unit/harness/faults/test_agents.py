"""Faults that act on one agent of two: on whose fields, with whose draws, in which order."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from harness.contract.fields import bounds
from harness.contract.scenes import draw_scene
from harness.errors import ManifestError
from harness.faults import catalogue
from harness.faults.actuation import ZERO, actuated, arrived, sources
from harness.faults.base import AgentFault
from harness.faults.catalogue import AnyFault
from harness.faults.effects import nominal
from harness.faults.realise import effects_digest, realise
from harness.faults.sensing import sensed
from tasks.transfer_cube.contract import CONTRACT

AGENTS = ("left arm", "right arm")
SEEN = {
    agent: np.flatnonzero([f.agent == agent for f in CONTRACT.observation for _ in range(f.size)]) for agent in AGENTS
}
DRIVEN = {agent: np.flatnonzero([f.agent == agent for f in CONTRACT.action for _ in range(f.size)]) for agent in AGENTS}
STEPS = CONTRACT.horizon
SCENE = draw_scene(CONTRACT, 1, "heldout", 0)
LOW, HIGH = bounds(CONTRACT.action)
IDS = [fault for fault in catalogue.ids() if issubclass(catalogue.lookup(fault), AgentFault)]
ABLE = [fault for fault in IDS if fault != "observation.wrong_frame"]
"""No arm of the task measures anything in the frame of the world."""
OF_COMMANDS = [fault for fault in ABLE if not fault.startswith("observation.")]
LINKS = ["action.dropout", "action.delay", "timing.control_rate"]

some = st.lists(
    st.tuples(st.sampled_from(ABLE), st.integers(1, 5), st.sampled_from([*AGENTS, None])),
    unique_by=lambda item: (item[0], item[2]) if item[0] != "action.swap" else item[0],
    max_size=8,
)


def fault_of(fault, severity=3, agent=None, **parameters):
    given_agent = {"agent": agent} if agent else {}
    return TypeAdapter(AnyFault).validate_python({"fault": fault, "severity": severity, **given_agent, **parameters})


def realised(*faults, replicate=0):
    return realise(CONTRACT, faults, seed=1, scene=SCENE, replicate=replicate)


def effects_of(*faults, replicate=0):
    return realised(*faults, replicate=replicate).effects


def wishes():
    t, rng = np.arange(STEPS)[:, None] / 25, np.random.default_rng(0)
    share = 0.5 + 0.45 * np.sin(t * rng.uniform(0.5, 2.0, 14) + rng.uniform(0, 6, 14))
    return (LOW + share * (HIGH - LOW)).astype(np.float32)


def world():
    rng = np.random.default_rng(1)
    return rng.normal(size=(STEPS + 1, CONTRACT.observation_width)).astype(np.float32)


def applied(effects, commanded):
    rest = ((LOW + HIGH) / 2).astype(np.float32)
    return actuated(effects, arrived(effects, commanded, rest, np.arange(STEPS)), np.arange(STEPS), rest)


def delivered(effects):
    return sensed(effects, world(), effects.observation_source.astype(np.int64))


@pytest.mark.parametrize("agent", AGENTS)
@pytest.mark.parametrize("fault", ABLE)
def test_a_fault_of_an_agent_acts_on_its_own_fields_only(fault, agent):
    touched = False
    for replicate in range(4):
        effects = effects_of(fault_of(fault, 5, agent), replicate=replicate)
        moved = (applied(effects, wishes()) != applied(nominal(CONTRACT), wishes())).any(axis=0)
        seen = (delivered(effects) != delivered(nominal(CONTRACT))).any(axis=0)
        own, side = (DRIVEN, moved) if fault in OF_COMMANDS else (SEEN, seen)
        assert set(np.flatnonzero(side)) <= set(own[agent])
        assert not (seen if fault in OF_COMMANDS else moved).any()
        touched |= bool(side.any())
    assert touched


@pytest.mark.parametrize("fault", ABLE)
def test_faults_of_two_agents_do_together_what_each_does_alone(fault):
    left, right = (fault_of(fault, 4, agent) for agent in AGENTS)
    both, alone = effects_of(left, right), [effects_of(left), effects_of(right)]
    for agent, single in zip(AGENTS, alone, strict=True):
        columns = DRIVEN[agent]
        np.testing.assert_array_equal(applied(both, wishes())[:, columns], applied(single, wishes())[:, columns])
        columns = SEEN[agent]
        np.testing.assert_array_equal(delivered(both)[:, columns], delivered(single)[:, columns])


def test_the_two_arms_draw_apart():
    left, right = (fault_of("action.dropout", 3, agent) for agent in AGENTS)
    source = sources(effects_of(left, right))
    assert (source[:, DRIVEN["left arm"]] == source[:, DRIVEN["left arm"][:1]]).all()
    one, other = (source[:, DRIVEN[agent][0]] for agent in AGENTS)
    assert (one != other).sum() > STEPS // 5
    assert {left.identity, right.identity} == {"action.dropout/left arm", "action.dropout/right arm"}


@given(some.filter(bool), st.data())
def test_removing_a_fault_never_changes_what_another_drew(chosen, data):
    faults = [fault_of(*item) for item in chosen]
    removed = data.draw(st.sampled_from(faults))
    drawn = [entry for entry in realised(*faults).record if entry["identity"] != removed.identity]
    assert drawn == list(realised(*(fault for fault in faults if fault is not removed)).record)


@given(some, st.randoms(use_true_random=False))
def test_the_order_in_a_manifest_does_not_matter(chosen, random):
    faults = [fault_of(*item) for item in chosen]
    shuffled = list(faults)
    random.shuffle(shuffled)
    assert realised(*faults).digest == realised(*shuffled).digest


@given(some)
def test_arrays_are_finite_in_bounds_and_never_of_the_future(chosen):
    effects = effects_of(*(fault_of(*item) for item in chosen))
    moved, source, steps = applied(effects, wishes()), sources(effects), np.arange(STEPS)[:, None]
    assert np.isfinite(moved).all()
    assert ((moved >= LOW) & (moved <= HIGH)).all()
    assert ((source >= ZERO) & (source <= steps)).all()
    if effects.sensing is not None:
        assert (effects.sensing.taken <= steps).all()


@given(st.sampled_from(LINKS), st.sampled_from(LINKS), st.integers(1, 5), st.integers(1, 5))
def test_an_agents_own_link_comes_after_the_one_that_all_share(shared, own, strong, severe):
    both = sources(effects_of(fault_of(shared, strong), fault_of(own, severe, "left arm")))
    first = effects_of(fault_of(shared, strong)).action_source
    link = sources(effects_of(fault_of(own, severe, "left arm")))
    expected = np.where(link < 0, link, first[np.maximum(link, 0)])
    np.testing.assert_array_equal(both, expected)
    np.testing.assert_array_equal(both[:, DRIVEN["right arm"][0]], first)


def test_on_one_agents_link_commands_are_lost_then_late_then_fetched_too_rarely():
    faults = [fault_of(fault, 3, "left arm") for fault in LINKS]
    lost, late, kept = (sources(effects_of(fault))[:, 0] for fault in faults)
    through = np.where(late < 0, -1, lost[late])
    np.testing.assert_array_equal(sources(effects_of(*reversed(faults)))[:, 0], np.where(kept < 0, -1, through[kept]))


def test_a_driver_loses_what_the_agents_link_has_delivered_and_whole_frames_are_late_after_that():
    delay = fault_of("observation.delay", agent="left arm", severity=2)
    loss = fault_of("observation.sensor_loss", 2, field="left_joints")
    frames = fault_of("observation.delay", severity=3)
    apart = [effects_of(fault) for fault in (delay, loss, frames)]
    link, source, shared = apart[0].sensing.link, apart[1].sensing.source, apart[2].observation_source
    both = effects_of(frames, loss, delay)
    own = link[source[:, 0], 0]
    np.testing.assert_array_equal(both.sensing.taken[:, 0], own)
    np.testing.assert_array_equal(delivered(both)[:, 0], world()[own[shared], 0])
    cube = SEEN["right arm"][-1] + 1
    np.testing.assert_array_equal(delivered(both)[:, cube], world()[shared, cube])


def test_a_late_reading_keeps_the_noise_of_its_moment():
    noise = fault_of("observation.noise", 3, field="left_joints")
    delay = TypeAdapter(AnyFault).validate_python(
        {"fault": "observation.delay", "agent": "left arm", "delay": "5 steps"}
    )
    late, timely = delivered(effects_of(noise, delay)), delivered(effects_of(noise))
    np.testing.assert_array_equal(late[5:, :6], timely[:-5, :6])
    np.testing.assert_array_equal(late[:, 7:], timely[:, 7:])


@pytest.mark.parametrize("fault", ABLE)
def test_severity_zero_is_the_identity(fault):
    assert effects_digest(effects_of(fault_of(fault, 0, "left arm"))) == effects_digest(nominal(CONTRACT))


@pytest.mark.parametrize("fault", IDS)
def test_without_an_agent_the_document_is_what_it_was(fault):
    """Panels hash documents: `agent` came later."""
    assert "agent" not in fault_of(fault, 2).model_dump(mode="json")
    assert fault_of(fault, 2, "left arm").model_dump(mode="json")["agent"] == "left arm"


def test_the_record_names_the_agent():
    [entry] = realised(fault_of("action.gain", 2, "right arm")).record
    assert (entry["identity"], entry["params"]["agent"]) == ("action.gain/right arm", "right arm")


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"fault": "action.delay", "delay": "1 s", "agent": "left am"}, "did you mean 'left arm'"),
        ({"fault": "observation.delay", "delay": "1 s", "agent": "third arm"}, "unknown agent"),
        ({"fault": "action.gain", "factor": 0.5, "agent": "left arm", "field": "right_joints"}, "'left_joints'"),
        ({"fault": "observation.wrong_frame", "angle": "2 deg", "agent": "left arm"}, "no field of the scene"),
    ],
)
def test_who_is_not_there_is_told_in_one_sentence(document, said):
    fault = TypeAdapter(AnyFault).validate_python(document)
    with pytest.raises(ManifestError) as error:
        catalogue.check([fault], CONTRACT, "here")
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_each_arm_may_have_its_axes_swapped_but_only_once():
    swaps = [fault_of("action.swap", agent=agent, severity=3) for agent in AGENTS]
    catalogue.check(swaps, CONTRACT, "here")
    for second in (fault_of("action.swap", 3), fault_of("action.swap", 3, "left arm", field="left_joints")):
        with pytest.raises(ManifestError, match="at most one"):
            catalogue.check([swaps[0], second], CONTRACT, "here")
