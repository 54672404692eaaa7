"""Several processes draw what one would, a dead one is replaced, and none is left over."""

import numpy as np
import pytest
from fakes.policies import Looking
from fakes.scenario import assignments, roll, same
from fakes.task import CONTRACT, DEADLY, FakeEngine, FakeTask

from harness import registry
from harness.contract.scenes import draw_scene
from harness.errors import PrerequisiteError, WorkerError
from harness.executors.studio import Studio, artist_for
from harness.rollout.sight import Shot, Solo


def shots(scenes=range(5), cameras=CONTRACT.cameras):
    states = FakeEngine().reset([draw_scene(CONTRACT, 3, "heldout", index) for index in scenes])
    return [Shot(state, camera) for state in states for camera in cameras]


@pytest.fixture
def studio(plugins):
    made = []

    def build(task=None, workers=2):
        made.append(Studio(task or FakeTask(), workers))
        return made[-1]

    yield build
    for item in made:
        item.close()


def assert_alike(first, second):
    assert first.failed == second.failed
    for one, other in zip(first.pictures, second.pictures, strict=True):
        np.testing.assert_array_equal(one, other)


def test_it_draws_what_one_process_would(studio):
    wanted, shared = shots(), studio()
    expected = Solo(FakeTask()).paint(wanted)
    assert_alike(shared.paint(wanted), expected)
    assert_alike(shared.paint(wanted[:1]), Solo(FakeTask()).paint(wanted[:1]))
    assert_alike(shared.paint([]), Solo(FakeTask()).paint([]))


def test_more_pictures_than_fit_into_the_memory_are_drawn(studio):
    shared = studio(workers=1)
    shared._room = 3 * 32 * 32 * 2
    wanted = shots(range(9))
    assert_alike(shared.paint(wanted), Solo(FakeTask()).paint(wanted))


def test_a_picture_that_kills_its_process_is_the_only_one_missing(studio, monkeypatch):
    monkeypatch.setenv(DEADLY, "2")
    shared, wanted = studio(), shots(cameras=CONTRACT.cameras[:1])
    painted = shared.paint(wanted)
    assert painted.failed == {2: "the process that draws pictures ended with code 7"}
    monkeypatch.delenv(DEADLY)
    expected = Solo(FakeTask()).paint(wanted).pictures
    for k in (0, 1, 3, 4):
        np.testing.assert_array_equal(painted.pictures[k], expected[k])
    again = shared.paint([wanted[0], wanted[4]])
    assert not again.failed


def test_a_process_that_died_in_between_is_replaced(studio):
    shared, wanted = studio(), shots()
    before = shared.paint(wanted * 2)  # so that both are at work
    for worker in shared._workers:
        worker.process.kill()
        worker.process.join()
    assert_alike(shared.paint(wanted * 2), before)


def test_an_answer_that_nobody_read_is_not_taken_for_the_next(studio, monkeypatch):
    shared, wanted = studio(), shots()

    def interrupted(todo, sheet):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(shared, "_listen", interrupted)
        with pytest.raises(KeyboardInterrupt):
            shared.paint(wanted)
    assert_alike(shared.paint(wanted[::-1]), Solo(FakeTask()).paint(wanted[::-1]))


def test_a_process_that_cannot_start_ends_the_run_in_one_line(plugins):
    shared = Studio(FakeTask(CONTRACT.model_copy(update={"id": "nowhere-v1"})), 1)
    with pytest.raises(WorkerError, match=r"pictures of nowhere-v1; got it ended with code 1 before it drew any"):
        shared.paint(shots())
    shared.close()


def test_a_dead_process_costs_its_own_episode(studio, monkeypatch):
    clear = roll(assignments(scenes=range(4)), Looking(), lanes=4)
    monkeypatch.setenv(DEADLY, "2")
    done = roll(assignments(scenes=range(4)), Looking(), lanes=4, artist=studio())
    for episode, rollout in done.items():
        if rollout.assignment.scene.index == 2:
            assert rollout.error == "renderer: the process that draws pictures ended with code 7"
        else:
            same(rollout, clear[episode])


def test_it_closes(studio):
    shared = studio()
    processes = [worker.process for worker in shared._workers]
    shared.paint(shots())
    shared.close()
    assert not any(process.is_alive() for process in processes)


def test_what_a_person_can_repair_is_told(studio):
    with pytest.raises(PrerequisiteError, match="expected a camera"):
        studio(registry.load("tasks", "gym-pusht-v1"), workers=1).paint(shots()[:1])


def test_one_thread_draws_here(plugins):
    assert isinstance(artist_for("fake-v1", 1), Solo)


@pytest.mark.parametrize("name", ["pusht-v1"])
def test_graphics_give_the_same_bits_in_every_process(studio, name):
    task = registry.load("tasks", name)
    scenes = [draw_scene(task.contract, 3, "heldout", index) for index in range(6)]
    wanted = [Shot(state, task.contract.cameras[0]) for state in task.engine(1).reset(scenes)]
    alone = Solo(task).paint(wanted)
    shared = studio(task)
    assert_alike(shared.paint(wanted), alone)
    backwards = shared.paint(wanted[::-1]).pictures[::-1]
    for one, other in zip(backwards, alone.pictures, strict=True):
        np.testing.assert_array_equal(one, other)
