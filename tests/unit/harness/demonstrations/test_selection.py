"""Training on a part of the demonstrations."""

import pytest
from fakes.scenario import record_demonstrations
from fakes.task import CONTRACT
from pydantic import ValidationError

from harness.contract.scenes import draw_scene
from harness.demonstrations import Selection, read, select, write
from harness.errors import DatasetError


@pytest.fixture(scope="module")
def recorded():
    return record_demonstrations()


def goal_x(recorded, index):
    return draw_scene(CONTRACT, recorded.info["seed"], "train", index).variables["goal_x"]


def test_nothing_selected_is_everything(recorded):
    assert select(recorded, Selection(), CONTRACT).scenes == recorded.scenes


def test_the_scenes_of_what_is_selected_lie_in_the_ranges(recorded):
    median = sorted(goal_x(recorded, scene) for scene in recorded.scenes)[len(recorded.scenes) // 2]
    low = select(recorded, Selection(within={"goal_x": {"high": median}}), CONTRACT)
    high = select(recorded, Selection(within={"goal_x": {"low": median}}), CONTRACT)
    assert all(goal_x(recorded, scene) < median for scene in low.scenes)
    assert all(goal_x(recorded, scene) >= median for scene in high.scenes)
    assert sorted(low.scenes + high.scenes) == sorted(recorded.scenes)
    assert len(low.observations) == len(low.actions) == len(low.scenes)


def test_the_first_so_many_in_order(recorded):
    assert select(recorded, Selection(first=3), CONTRACT).scenes == recorded.scenes[:3]


def test_a_selection_is_a_data_set_of_its_own(recorded, tmp_path):
    for name, selection in (("all", Selection()), ("some", Selection(first=3))):
        write(tmp_path / name, CONTRACT, select(recorded, selection, CONTRACT))
    whole, part = (read(tmp_path / name, CONTRACT) for name in ("all", "some"))
    assert part.info["selection"] == {"first": 3}
    assert part.info["content_hash"] != whole.info["content_hash"]


@pytest.mark.parametrize(
    ("selection", "words"),
    [({"within": {"gaol_x": {"low": 0}}}, "reset variable"), ({"within": {"goal_x": {"low": 1e6}}}, "widen")],
)
def test_a_selection_that_cannot_be_is_refused(recorded, selection, words):
    with pytest.raises(DatasetError, match=words):
        select(recorded, Selection(**selection), CONTRACT)


def test_an_empty_range_is_refused():
    with pytest.raises(ValidationError, match="range"):
        Selection(within={"goal_x": {"low": 1, "high": 1}})
