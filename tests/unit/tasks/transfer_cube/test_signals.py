"""Progress follows gym-aloha's reward, on truth tables and on a real transfer."""

import numpy as np
import pytest

from harness.contract.task import Advance, Dynamics
from tasks.transfer_cube import task
from tasks.transfer_cube.signals import progress

NAMES = [signal.name for signal in task.contract.signals]


@pytest.mark.parametrize(
    ("right", "left", "grasped", "table", "expected"),
    [
        (False, False, False, True, 0.0),
        (False, False, False, False, 0.0),
        (True, False, False, True, 0.25),
        (True, False, False, False, 0.5),
        (False, True, False, True, 0.75),
        (True, True, True, True, 0.75),
        (False, True, False, False, 0.75),
        (False, True, True, False, 1.0),
        (True, True, True, False, 1.0),
    ],
)
def test_progress_follows_gym_alohas_stages_and_a_transfer_needs_both_fingers(right, left, grasped, table, expected):
    assert progress(*map(np.bool_, (right, left, grasped, table))) == expected


@pytest.fixture(scope="module")
def transfer(engine, heldout):
    """Signals of a whole transfer, replayed from its actions, and whether it has succeeded."""
    states = heldout.states[:1, 0]
    advanced = engine.advance(Advance(states, heldout.actions[:1, 1:], None, [Dynamics()]))
    return {name: advanced.signals[0, :, index] for index, name in enumerate(NAMES)}, advanced.success[0]


def test_a_transfer_passes_every_stage_in_order(transfer):
    signals, success = transfer
    first = [int(np.argmax(signals["progress"] >= level)) for level in (0.25, 0.5, 1.0)]
    assert first == sorted(first)
    assert first[0] > 10
    assert np.argmax(success) == first[2]


def test_success_is_full_progress(transfer):
    signals, success = transfer
    np.testing.assert_array_equal(success, signals["progress"] >= 1)


def test_contacts_are_zero_or_one_and_begin_with_the_right_gripper(transfer):
    signals, _ = transfer
    for name in ("right_contact", "left_contact"):
        assert set(np.unique(signals[name])) == {0.0, 1.0}
    assert np.argmax(signals["right_contact"] > 0) < np.argmax(signals["left_contact"] > 0)


def test_the_left_gripper_ends_around_the_lifted_cube(transfer):
    signals, success = transfer
    at = int(np.argmax(success))
    assert signals["distance"][0] > 0.2
    assert signals["distance"][at] < 0.05
    assert signals["cube_height"][0] == pytest.approx(0.02, abs=2e-3)
    assert signals["cube_height"][at] > 0.15
