"""The data set on disk: LeRobot v3.0 by name and key, whole or refused."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from fakes import scenario
from fakes.task import CONTRACT, FakeEngine, FakeTask

from harness.demonstrations import Demonstrations, dataset_hash, read, write
from harness.errors import DatasetError
from harness.executors.recording import record


@pytest.fixture(scope="module")
def recorded():
    return scenario.record_demonstrations()


@pytest.fixture
def folder(recorded, tmp_path):
    write(tmp_path / "set", CONTRACT, recorded)
    return tmp_path / "set"


def test_it_comes_back_as_it_was_written(recorded, folder):
    back = read(folder, CONTRACT)
    for name in ("observations", "actions"):
        for one, other in zip(getattr(back, name), getattr(recorded, name), strict=True):
            np.testing.assert_array_equal(one, other)
    assert back.scenes == recorded.scenes
    assert back.info["content_hash"] == dataset_hash(folder)
    assert back.info["expert_successes"] >= 12


@pytest.mark.parametrize("proprioceptive", [True, False])
def test_a_task_may_measure_nothing_of_the_robot_or_nothing_else(recorded, tmp_path, proprioceptive):
    fields = tuple(field.model_copy(update={"proprioceptive": proprioceptive}) for field in CONTRACT.observation)
    contract = CONTRACT.model_copy(update={"observation": fields})
    write(tmp_path / "set", contract, recorded)
    back = read(tmp_path / "set", contract)
    np.testing.assert_array_equal(back.observations[1], recorded.observations[1])


def test_the_files_and_keys_are_those_of_lerobot(recorded, folder):
    files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert files == {
        "meta/info.json",
        "meta/stats.json",
        "meta/tasks.parquet",
        "meta/episodes/chunk-000/file-000.parquet",
        "data/chunk-000/file-000.parquet",
    }
    info = json.loads((folder / "meta/info.json").read_text())
    assert (info["codebase_version"], info["fps"], info["total_episodes"]) == ("v3.0", 10, 12)
    assert info["features"]["observation.state"]["names"] == [
        "position.0", "position.1", "velocity.0", "velocity.1",
    ]  # fmt: skip
    assert info["features"]["observation.environment_state"]["shape"] == [2]
    frames = pd.read_parquet(folder / "data/chunk-000/file-000.parquet")
    assert len(frames) == info["total_frames"] == sum(len(actions) for actions in recorded.actions)
    assert set(frames) == set(info["features"])
    episodes = pd.read_parquet(folder / "meta/episodes/chunk-000/file-000.parquet")
    assert episodes.length.sum() == len(frames)
    assert (episodes.dataset_to_index - episodes.dataset_from_index == episodes.length).all()
    tasks = pd.read_parquet(folder / "meta/tasks.parquet")
    assert tasks.loc[CONTRACT.description].task_index == 0
    stats = json.loads((folder / "meta/stats.json").read_text())
    assert stats["action"]["mean"] == pytest.approx(np.stack(frames.action).mean(axis=0), rel=1e-5)


def test_equal_content_has_an_equal_hash_wherever_it_lies(recorded, folder, tmp_path):
    write(tmp_path / "again", CONTRACT, read(folder, CONTRACT))
    assert dataset_hash(tmp_path / "again") == dataset_hash(folder)
    changed = replace(recorded, actions=(recorded.actions[0] + np.float32(1e-6), *recorded.actions[1:]))
    write(tmp_path / "changed", CONTRACT, changed)
    assert dataset_hash(tmp_path / "changed") != dataset_hash(folder)


def test_writing_again_replaces_the_whole_folder(recorded, folder):
    (folder / "stray").write_text("")
    fewer = Demonstrations(recorded.observations[:2], recorded.actions[:2], recorded.scenes[:2], recorded.info)
    write(folder, CONTRACT, fewer)
    assert len(read(folder, CONTRACT).actions) == 2
    assert not (folder / "stray").exists()
    assert [path.name for path in folder.parent.iterdir()] == ["set"]


def test_nothing_is_no_data_set(tmp_path):
    with pytest.raises(DatasetError, match="at least one episode"):
        write(tmp_path / "none", CONTRACT, Demonstrations((), (), (), {}))


def test_a_missing_data_set_names_the_way_to_get_one(tmp_path):
    with pytest.raises(DatasetError, match="no meta/info.json.*samepanel demos"):  # noqa: RUF043 -- a plain pattern
        read(tmp_path, CONTRACT)


@pytest.mark.parametrize("name", ["data/chunk-000/file-000.parquet", "meta/episodes/chunk-000/file-000.parquet"])
@pytest.mark.parametrize("damage", ["truncated", "empty", "absent", "other"])
def test_damaged_parquet_is_one_error(folder, name, damage):
    path = folder / name
    if damage == "truncated":
        path.write_bytes(path.read_bytes()[:-50])
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "absent":
        path.unlink()
    else:
        path.write_bytes((folder / "meta/tasks.parquet").read_bytes())
    with pytest.raises(DatasetError, match="damaged parquet"):
        read(folder, CONTRACT)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"samepanel": 1}', '{"samepanel": {"layout": {}}}'])
def test_damaged_json_is_one_error(folder, text):
    (folder / "meta/info.json").write_text(text)
    with pytest.raises(DatasetError, match="no readable `samepanel` section"):
        read(folder, CONTRACT)


def test_a_changed_number_does_not_match_the_hash(folder):
    path = folder / "data/chunk-000/file-000.parquet"
    table = pq.read_table(path)
    frames = table.to_pandas()
    frames.at[5, "action"] = frames.at[5, "action"] + np.float32(0.01)
    pq.write_table(type(table).from_pandas(frames, schema=table.schema, preserve_index=False), path)
    with pytest.raises(DatasetError, match="content hash"):
        read(folder, CONTRACT)


def test_a_missing_episode_is_noticed(folder):
    path = folder / "meta/episodes/chunk-000/file-000.parquet"
    pq.write_table(pq.read_table(path).slice(1), path)
    with pytest.raises(DatasetError, match="disagree"):
        read(folder, CONTRACT)


def test_the_data_set_of_another_task_is_refused(folder):
    with pytest.raises(DatasetError, match="expected task = other-v1"):
        read(folder, CONTRACT.model_copy(update={"id": "other-v1"}))
    with pytest.raises(DatasetError, match="expected control_period_s = 0.2"):  # noqa: RUF043 -- a plain pattern
        read(folder, CONTRACT.model_copy(update={"control_period_s": 0.2}))


def test_only_successes_are_recorded_in_scene_order_with_clean_commands(recorded):
    assert len(recorded.actions) == CONTRACT.dataset.episodes
    assert list(recorded.scenes) == sorted(set(recorded.scenes))
    for observations, actions in zip(recorded.observations, recorded.actions, strict=True):
        np.testing.assert_array_equal(actions, np.clip(observations[:, 4:6], -2, 2))


def test_recording_does_not_depend_on_lanes(recorded):
    again = record(FakeTask(), lanes=3, threads=1, progress=lambda done, total: None)
    for one, other in zip(again.observations, recorded.observations, strict=True):
        np.testing.assert_array_equal(one, other)


def test_an_expert_that_fails_too_often_is_reported():
    broken = FakeTask(make_engine=lambda threads: FakeEngine(diverging=range(6)))
    with pytest.raises(DatasetError, match="expected 12 successes among 16 scenes; got 10"):
        record(broken, lanes=4, threads=1, progress=lambda done, total: None)
