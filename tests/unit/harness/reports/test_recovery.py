"""Recovery after faults in a window, on rows whose truth is known."""

import numpy as np
import pyarrow as pa
import pytest

from harness.artifact.schema import SCHEMA
from harness.reports.recovery import median_wait, recover, windows

NAMES = ("recovery", "steps", "success", "success_step")


def row(*faults, steps=100, success=False, success_step=None):
    return {"recovery": list(faults), "steps": steps, "success": success, "success_step": success_step}


def fault(recovered, steps=None, start=10, stop=20, name="dynamics.push"):
    return {"fault": name, "start": start, "stop": stop, "recovered": recovered, "steps": steps}


def told(*rows, scenes=None, period=0.1, chosen=None):
    table = pa.Table.from_pylist(list(rows), pa.schema([SCHEMA.field(name) for name in NAMES]))
    found = windows(table)
    chosen = np.ones(len(found.row), bool) if chosen is None else found.fault == found.faults.index(chosen)
    scenes = np.arange(len(rows)) if scenes is None else np.array(scenes)
    return recover(found, chosen, scenes, np.full(len(rows), period))


def test_windows_are_counted_with_their_time_in_steps_and_seconds():
    found = told(
        row(fault(True, 4), success=True, success_step=60),
        row(fault(True, 8)),
        row(fault(True, 6), success=True, success_step=70),
        row(fault(False)),
    )
    assert (found.windows, found.late, found.resumed, found.solved) == (4, 0, 3, 2)
    assert (found.steps, found.seconds) == (6.0, pytest.approx(0.6))
    assert (found.resumed_share.estimate, found.solved_share.estimate) == (0.75, 0.5)


def test_without_a_window_nothing_is_told():
    found = told(row(), row())
    assert (found.windows, found.resumed_share, found.solved_share, found.steps, found.seconds) == (0, *[None] * 4)
    assert told().windows == 0


def test_where_nothing_resumes_the_time_is_unknown():
    found = told(row(fault(False)), row(fault(False)))
    assert (found.resumed, found.resumed_share.estimate, found.steps, found.seconds) == (0, 0.0, None, None)


def test_one_scene_met_often_has_no_narrow_interval():
    found = told(*[row(fault(True, 3))] * 3, row(fault(False)), scenes=[5] * 4)
    assert (found.resumed_share.low, found.resumed_share.high) == (0.0, 1.0)


def test_errors_are_not_failures():
    found = told(row(fault(None), success=None), row(fault(True, 2)))
    assert (found.windows, found.resumed) == (1, 1)


def test_a_fault_after_the_task_was_solved_or_the_episode_ended_is_late():
    found = told(
        row(fault(False, start=30, stop=31), steps=50, success=True, success_step=30),
        row(fault(None, start=30, stop=31), steps=30),
        row(fault(True, 5, start=30, stop=31), success=True, success_step=31),
    )
    assert (found.windows, found.late, found.resumed, found.solved) == (1, 2, 1, 1)


def test_solved_while_the_fault_acts_is_no_wait_and_an_end_while_it_acts_no_recovery():
    solved = told(row(fault(True), steps=18, success=True, success_step=15))
    assert (solved.resumed, solved.steps) == (1, 0.0)
    broken = told(row(fault(None), steps=15))
    assert (broken.windows, broken.resumed, broken.steps) == (1, 0, None)


def test_several_faults_of_an_episode_are_told_apart():
    both = row(fault(True, 2), fault(False, name="scene.object_shift"))
    assert told(both, row(), both, chosen="scene.object_shift").resumed == 0
    assert (told(both, row(), both, chosen="dynamics.push").resumed, told(both).windows) == (2, 2)


def test_the_median_counts_those_that_do_not_resume():
    # 1 of 4 at risk at 2, then 1 of 3 at 5: 3/4 * 2/3 = 1/2. The plain median of (2, 5) would be 3.5.
    assert median_wait(np.array([2.0, 5.0, 90.0, 90.0]), np.array([True, True, False, False])) == 5.0
    # One is lost at 3: 3/4 are left after 2, and 3/4 * 1/2 = 3/8 after 5.
    assert median_wait(np.array([2.0, 3.0, 5.0, 90.0]), np.array([True, False, True, False])) == 5.0
    assert median_wait(np.array([2.0, 90.0, 90.0]), np.array([True, False, False])) is None
    assert median_wait(np.zeros(0), np.zeros(0, bool)) is None
