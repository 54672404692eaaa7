"""Pictures of demonstrations are drawn once, in the order of the frames, and kept."""

import numpy as np
import pytest
from fakes.task import CONTRACT, FakeTask

from harness.demonstrations import read
from harness.executors.pictures import pictures_of


class Counting(FakeTask):
    """Counts the pictures that it draws."""

    drawn = 0

    def render(self, states, camera, width, height):
        self.drawn += len(states)
        return super().render(states, camera, width, height)


@pytest.fixture
def drawing(plugins, tmp_path):
    task, told = Counting(), []

    def pictures(cameras):
        ask = pictures_of(task, task.demonstrations, tmp_path / "pictures", lambda *said: told.append(said), "a test")
        return ask(cameras)

    return task, told, pictures


def test_pictures_show_the_frames_in_order(drawing):
    task, told, pictures = drawing
    frames = np.concatenate(read(task.demonstrations, CONTRACT).observations)
    seen = pictures(("side", "top"))
    assert list(seen) == ["side", "top"]
    for name, (width, height) in {"side": (32, 16), "top": (32, 32)}.items():
        np.testing.assert_array_equal(seen[name], FakeTask().render(task.posed(frames), name, width, height))
    assert told[-1][:2] == (len(frames), len(frames))


def test_they_are_drawn_once(drawing):
    task, told, pictures = drawing
    first = {name: shown.copy() for name, shown in pictures(("top",)).items()}
    task.drawn = 0
    told.clear()
    again = pictures(("top",))
    assert (task.drawn, told) == (1, [])
    np.testing.assert_array_equal(again["top"], first["top"])
    assert not again["top"].flags.writeable


def test_another_way_of_drawing_is_another_file(drawing, monkeypatch):
    _, _, pictures = drawing
    before = pictures(("top",))["top"].copy()
    plain = Counting.render
    monkeypatch.setattr(Counting, "render", lambda *asked: 255 - plain(*asked))
    np.testing.assert_array_equal(pictures(("top",))["top"], 255 - before)


def test_what_was_interrupted_is_drawn_anew(drawing, monkeypatch, tmp_path):
    _, _, pictures = drawing
    plain = Counting.render

    def stop(self, states, *asked):
        if self.drawn > 40:
            raise KeyboardInterrupt
        return plain(self, states, *asked)

    monkeypatch.setattr(Counting, "render", stop)
    with pytest.raises(KeyboardInterrupt):
        pictures(("top",))
    assert not list((tmp_path / "pictures").rglob("*.npy"))
    monkeypatch.setattr(Counting, "render", plain)
    assert pictures(("top",))["top"].any(axis=(1, 2, 3)).all()
