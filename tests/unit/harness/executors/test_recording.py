"""Recording: what the contract promises of the demonstrations is what the recorder does."""

import numpy as np
from fakes.task import CONTRACT, FakeTask

from harness.executors.recording import record


def recorded(**promise):
    dataset = CONTRACT.dataset.model_copy(update=promise)
    task = FakeTask(contract=CONTRACT.model_copy(update={"dataset": dataset}))
    return record(task, lanes=4, threads=1, progress=lambda done, total: None)


def jumps(demonstrations, field=slice(0, 2)):
    """Largest step of the moved object between two frames of each demonstration, metre."""
    return [np.abs(np.diff(frames[:, field], axis=0)).max(initial=0) for frames in demonstrations.observations]


def test_as_many_demonstrations_as_promised_in_scene_order():
    demonstrations = recorded(episodes=5)
    assert len(demonstrations.actions) == 5
    assert list(demonstrations.scenes) == sorted(demonstrations.scenes)


def test_the_object_is_moved_in_the_promised_share_only():
    calm, moved = recorded(), recorded(shifted=1.0, shift=1.0)
    assert max(jumps(moved)) > max(jumps(calm)) + 0.2
    assert all((a == b).all() for a, b in zip(calm.actions, recorded(shifted=0.0, shift=1.0).actions, strict=True))


def test_the_noise_reaches_the_actuators_but_not_the_recorded_command():
    clean, noisy = recorded(action_noise=(0.0, 0.0)), recorded(action_noise=(0.05, 0.05))
    assert (clean.actions[0][0] == noisy.actions[0][0]).all()
    assert not np.array_equal(clean.observations[0][1], noisy.observations[0][1])
