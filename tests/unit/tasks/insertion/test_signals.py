"""Progress follows gym-aloha's reward, on truth tables and on a real insertion."""

import numpy as np
import pytest

from harness.contract.task import Advance, Dynamics
from tasks.insertion import task
from tasks.insertion.signals import Touching, distance, offset, progress

NAMES = [signal.name for signal in task.contract.signals]


def pose(x, y=0.0, z=0.2, yaw=0.0):
    return np.array([x, y, z, np.cos(yaw / 2), 0.0, 0.0, np.sin(yaw / 2)])


@pytest.mark.parametrize(
    ("touching", "expected"),
    [
        ({}, 0.0),
        ({"right": True}, 0.0),
        ({"right": True, "left": True, "table": True}, 0.25),
        ({"right": True, "left": True}, 0.5),
        ({"right": True, "left": True, "socket": True}, 0.75),
        ({"right": True, "left": True, "socket": True, "table": True}, 0.25),
        ({"right": True, "left": True, "pin": True, "socket": True}, 0.75),
        ({"right": True, "left": True, "held": True, "pin": True, "table": True}, 0.25),
        ({"right": True, "left": True, "held": True, "pin": True}, 1.0),
    ],
)
def test_progress_follows_gym_alohas_stages_and_an_insertion_is_held(touching, expected):
    names = ("right", "left", "held", "table", "socket", "pin")
    assert progress(Touching(*(np.bool_(touching.get(name, False)) for name in names))) == expected


def test_readings_are_told_apart():
    def of(*indices):
        sensors = np.zeros(20)
        sensors[list(indices)] = 1
        return {name for name, value in Touching.of(sensors)._asdict().items() if value}

    assert of(1) == {"right"}
    assert of(9) == {"left"}
    assert of(0, 1, 2, 3) == {"right", "left"}, "one finger of the left gripper touches two walls"
    assert of(0, 1, 2, 9) == {"right", "left", "held"}
    assert of(10) == of(14) == {"table"}
    assert of(15) == of(18) == {"socket"}
    assert of(19) == {"pin"}


@pytest.mark.parametrize("side", [1, -1])
def test_distance_is_to_the_inserted_peg_on_either_side(side):
    socket = pose(0.0)
    assert distance(pose(0.1 * side), socket) == pytest.approx(0, abs=1e-12)
    assert distance(pose(0.13 * side, 0.04), socket) == pytest.approx(0.05)


def test_offset_is_that_of_the_nearer_end():
    assert offset(pose(0.13, 0.007), pose(0.0)) == pytest.approx(0.007)
    assert offset(pose(0.13, 0, yaw=0.1), pose(0.0)) == pytest.approx(0.06 * np.sin(0.1))
    assert offset(pose(0.13, 0, yaw=0.1 + np.pi), pose(0.0)) == pytest.approx(0.06 * np.sin(0.1))


@pytest.fixture(scope="module")
def insertion(engine, heldout):
    """Signals of a whole insertion, replayed from its actions, and whether it has succeeded."""
    advanced = engine.advance(Advance(heldout.states[:1, 0], heldout.actions[:1, 1:], None, [Dynamics()]))
    return {name: advanced.signals[0, :, index] for index, name in enumerate(NAMES)}, advanced.success[0]


def test_an_insertion_passes_every_stage_in_order(insertion):
    signals, success = insertion
    first = [int(np.argmax(signals["progress"] >= level)) for level in (0.25, 0.5, 1.0)]
    assert first == sorted(first)
    assert first[0] > 10
    assert np.argmax(success) == first[2]
    np.testing.assert_array_equal(success, signals["progress"] >= 1)


def test_the_peg_ends_in_the_socket_in_the_air(insertion):
    signals, success = insertion
    at = int(np.argmax(success))
    assert signals["distance"][0] > 0.1
    assert signals["distance"][at] < 0.01
    assert signals["offset"][at] < 0.009
    assert min(signals["peg_height"][at], signals["socket_height"][at]) > 0.1
    assert (signals["right_contact"][at], signals["left_contact"][at]) == (1, 1)
