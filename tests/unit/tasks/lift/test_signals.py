"""Progress by its stages, on truth tables and on a real lift."""

import numpy as np
import pytest

from tasks.lift import task
from tasks.lift.signals import progress

NAMES = [signal.name for signal in task.contract.signals]


@pytest.mark.parametrize(
    ("grasped", "table", "height", "expected"),
    [
        (False, True, 0.0, 0),
        (False, False, 0.2, 0),
        (True, True, 0.0, 1 / 3),
        (True, False, 0.05, 2 / 3),
        (True, False, 0.0999, 2 / 3),
        (True, False, 0.1, 1),
        (True, True, 0.1, 1 / 3),
    ],
)
def test_a_cube_counts_only_while_both_fingers_hold_it(grasped, table, height, expected):
    assert progress(np.bool_(grasped), np.bool_(table), np.float64(height)) == pytest.approx(expected)


def signal(heldout, name):
    return heldout.signals[0, : heldout.steps[0], NAMES.index(name)]


def test_a_lift_passes_its_stages_and_ends_at_the_height(heldout):
    reached = signal(heldout, "progress")
    assert reached[0] == 0
    assert reached[-1] == 1
    assert (np.diff(reached) >= 0).all()
    assert signal(heldout, "cube_height")[-1] >= 0.12
    assert signal(heldout, "distance")[0] == pytest.approx(0.1, abs=1e-3)
    assert signal(heldout, "distance")[-1] == 0


def test_the_gripper_comes_to_the_cube_before_it_touches_it(heldout):
    reach, contact = signal(heldout, "reach"), signal(heldout, "contact")
    first = int(np.argmax(contact))
    assert reach[0] > 0.1
    assert first > 5
    assert reach[first] < 0.03
    assert not contact[:first].any()
