"""LeRobotDataset v3.0 on disk: parquet and JSON, readable without this project.

    meta/info.json                             features, rates, and our `samepanel` section
    meta/stats.json                            per feature: min, max, mean, std, count
    meta/tasks.parquet                         task_index by task description
    meta/episodes/chunk-000/file-000.parquet   one row an episode
    data/chunk-000/file-000.parquet            one row a frame

Proprioceptive fields go to `observation.state`, the others to `observation.environment_state`.
The format is that of huggingface/lerobot, codebase version v3.0.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from harness.contract.fields import Array, BoundedField, ObservationField, slices
from harness.contract.task import TaskContract
from harness.demonstrations.dataset import Demonstrations, content_hash, layout
from harness.errors import DatasetError

__all__ = ["dataset_hash", "read", "write"]

STATE, SCENE, ACTION = "observation.state", "observation.environment_state", "action"
DATA = Path("data/chunk-000/file-000.parquet")
EPISODES = Path("meta/episodes/chunk-000/file-000.parquet")
REMEDY = "restore the folder from the repository, or record it again with `samepanel demos`"


def write(directory: Path, contract: TaskContract, demonstrations: Demonstrations) -> None:
    """Write the data set; the folder appears whole or not at all, and replaces an older one.

    Raises:
        DatasetError: there is no episode.
    """
    if not demonstrations.actions:
        raise DatasetError(f"data set {directory}", expected="at least one episode", got="none")
    fresh = directory.with_name(directory.name + ".writing")
    shutil.rmtree(fresh, ignore_errors=True)
    for part in (DATA, EPISODES):
        (fresh / part).parent.mkdir(parents=True)
    frames = _frames(contract, demonstrations)
    pq.write_table(frames, fresh / DATA, compression="zstd", compression_level=19)
    pq.write_table(_episodes(contract, demonstrations, frames), fresh / EPISODES, compression="zstd")
    pq.write_table(_tasks(contract), fresh / "meta/tasks.parquet")
    _write_json(fresh / "meta/info.json", _info(contract, demonstrations))
    _write_json(fresh / "meta/stats.json", _stats(frames))
    if directory.exists():
        shutil.rmtree(directory)
    fresh.rename(directory)


def read(directory: Path, contract: TaskContract) -> Demonstrations:
    """Read and verify a data set.

    Raises:
        DatasetError: it is missing, damaged, of another task, or its numbers do not match its own content hash.
    """
    info = _read_info(directory)
    expected = layout(contract)
    for key, value in expected.items():
        if info["layout"].get(key) != value:
            raise DatasetError(
                f"data set {directory}",
                expected=f"{key} = {value} (contract of {contract.id})",
                got=str(info["layout"].get(key)),
                fix="use the data set of this task",
            )
    try:
        columns = [*_groups(contract), ACTION, "episode_index"]
        table = pq.read_table(directory / DATA, columns=columns)
        scenes = tuple(pq.read_table(directory / EPISODES, columns=["scene"])["scene"].to_pylist())
    except (OSError, pa.ArrowException, KeyError) as error:
        raise DatasetError(f"data set {directory}", got=f"damaged parquet ({error})", fix=REMEDY) from error
    demonstrations = _assemble(table, scenes, contract, info)
    if content_hash(demonstrations, contract) != info["content_hash"]:
        raise DatasetError(
            f"data set {directory}",
            expected=f"content hash {info['content_hash']}",
            got=content_hash(demonstrations, contract),
            fix=REMEDY,
        )
    return demonstrations


def dataset_hash(directory: Path) -> str:
    """The content hash that the data set states of itself; `read` verifies it."""
    return str(_read_info(directory)["content_hash"])


def _read_info(directory: Path) -> dict[str, Any]:
    path = directory / "meta/info.json"
    if not path.is_file():
        raise DatasetError(
            f"data set {directory}", expected="a LeRobotDataset v3.0", got="no meta/info.json", fix=REMEDY
        )
    try:
        section = json.loads(path.read_text())["samepanel"]
        if not isinstance(section, dict) or not {"layout", "content_hash"} <= set(section):
            raise KeyError("samepanel")
    except (ValueError, KeyError, TypeError) as error:
        raise DatasetError(
            f"data set {path}", got=f"no readable `samepanel` section ({error!r})", fix=REMEDY
        ) from error
    return section


def _assemble(table: pa.Table, scenes: Sequence[int], contract: TaskContract, info: dict[str, Any]) -> Demonstrations:
    """Split the frames by episode and put the observation fields back in contract order."""
    groups = {name: _matrix(table[name]) for name in (*_groups(contract), ACTION)}
    where = _homes(contract)
    observations = np.empty((len(table), contract.observation_width), np.float32)
    for field, target in zip(contract.observation, slices(contract.observation).values(), strict=True):
        group, source = where[field.name]
        observations[:, target] = groups[group][:, source]
    index = table["episode_index"].to_numpy()
    cuts = np.flatnonzero(np.diff(index)) + 1
    split_observations = tuple(np.split(observations, cuts))
    if len(scenes) != len(split_observations):
        raise DatasetError(f"data set of {contract.id}", got="episode table and frames disagree", fix=REMEDY)
    return Demonstrations(split_observations, tuple(np.split(groups[ACTION], cuts)), tuple(scenes), info)


def _homes(contract: TaskContract) -> dict[str, tuple[str, slice]]:
    """For each observation field, the feature that holds it and where."""
    homes: dict[str, tuple[str, slice]] = {}
    for group, fields in _groups(contract).items():
        homes.update({name: (group, where) for name, where in slices(fields).items()})
    return homes


def _groups(contract: TaskContract) -> dict[str, tuple[ObservationField, ...]]:
    """Fields by the feature that holds them; a task may measure nothing of the robot, or nothing else."""
    groups = {
        STATE: tuple(field for field in contract.observation if field.proprioceptive),
        SCENE: tuple(field for field in contract.observation if not field.proprioceptive),
    }
    return {name: fields for name, fields in groups.items() if fields}


def _matrix(column: pa.ChunkedArray) -> Array:
    """A column of fixed-size lists as (rows, width), float32."""
    merged = column.combine_chunks()
    return np.asarray(merged.flatten().to_numpy(zero_copy_only=False), np.float32).reshape(len(column), -1)


def _vectors(values: Array) -> pa.Array:
    flat = pa.array(np.ascontiguousarray(values, np.float32).reshape(-1))
    return pa.FixedSizeListArray.from_arrays(flat, values.shape[1])


def _frames(contract: TaskContract, demonstrations: Demonstrations) -> pa.Table:
    observations = np.concatenate(demonstrations.observations)
    where = slices(contract.observation)
    columns: dict[str, pa.Array] = {}
    for group, fields in _groups(contract).items():
        columns[group] = _vectors(np.concatenate([observations[:, where[field.name]] for field in fields], axis=1))
    columns[ACTION] = _vectors(np.concatenate(demonstrations.actions))
    lengths = [len(actions) for actions in demonstrations.actions]
    frame = np.concatenate([np.arange(length) for length in lengths])
    columns["timestamp"] = pa.array((frame * contract.control_period_s).astype(np.float32))
    columns["frame_index"] = pa.array(frame.astype(np.int64))
    columns["episode_index"] = pa.array(np.repeat(np.arange(len(lengths), dtype=np.int64), lengths))
    columns["index"] = pa.array(np.arange(len(frame), dtype=np.int64))
    columns["task_index"] = pa.array(np.zeros(len(frame), np.int64))
    return pa.table(columns)


def _episodes(contract: TaskContract, demonstrations: Demonstrations, frames: pa.Table) -> pa.Table:
    lengths = np.array([len(actions) for actions in demonstrations.actions], np.int64)
    ends = np.cumsum(lengths)
    count = len(lengths)
    columns: dict[str, Any] = {
        "episode_index": np.arange(count, dtype=np.int64),
        "tasks": [[contract.description]] * count,
        "length": lengths,
        "data/chunk_index": np.zeros(count, np.int64),
        "data/file_index": np.zeros(count, np.int64),
        "dataset_from_index": ends - lengths,
        "dataset_to_index": ends,
        "meta/episodes/chunk_index": np.zeros(count, np.int64),
        "meta/episodes/file_index": np.zeros(count, np.int64),
        "scene": np.array(demonstrations.scenes, np.int64),
    }
    per_episode = [_stats(frames.slice(int(end - n), int(n))) for end, n in zip(ends, lengths, strict=True)]
    for feature, stats in per_episode[0].items():
        for name in stats:
            columns[f"stats/{feature}/{name}"] = [episode[feature][name] for episode in per_episode]
    return pa.table({name: pa.array(values) for name, values in columns.items()})


def _tasks(contract: TaskContract) -> pa.Table:
    """The index column is named as pandas names an unnamed string index that LeRobot writes and reads."""
    table = pa.table({"task_index": pa.array([0], pa.int64()), "__index_level_0__": pa.array([contract.description])})
    pandas = {
        "index_columns": ["__index_level_0__"],
        "column_indexes": [],
        "columns": [
            {
                "name": "task_index",
                "field_name": "task_index",
                "pandas_type": "int64",
                "numpy_type": "int64",
                "metadata": None,
            },
            {
                "name": None,
                "field_name": "__index_level_0__",
                "pandas_type": "unicode",
                "numpy_type": "object",
                "metadata": None,
            },
        ],
        "pandas_version": "2.0.0",
    }
    return table.replace_schema_metadata({"pandas": json.dumps(pandas)})


def _stats(frames: pa.Table) -> dict[str, dict[str, list[float] | list[int]]]:
    stats: dict[str, dict[str, list[float] | list[int]]] = {}
    for name in frames.column_names:
        column = frames[name]
        vector = pa.types.is_fixed_size_list(column.type)
        values = _matrix(column).astype(np.float64) if vector else column.to_numpy().astype(np.float64)[:, None]
        stats[name] = {
            "min": values.min(axis=0).tolist(),
            "max": values.max(axis=0).tolist(),
            "mean": values.mean(axis=0).tolist(),
            "std": values.std(axis=0).tolist(),
            "count": [len(values)],
        }
    return stats


def _info(contract: TaskContract, demonstrations: Demonstrations) -> dict[str, Any]:
    frames = sum(len(actions) for actions in demonstrations.actions)
    episodes = len(demonstrations.actions)
    return {
        "codebase_version": "v3.0",
        "robot_type": contract.robot,
        "total_episodes": episodes,
        "total_frames": frames,
        "total_tasks": 1,
        "chunks_size": 1000,
        "data_files_size_in_mb": 100,
        "video_files_size_in_mb": 200,
        "fps": round(1 / contract.control_period_s),
        "splits": {"train": f"0:{episodes}"},
        "data_path": "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet",
        "video_path": None,
        "features": _features(contract),
        "samepanel": {
            **demonstrations.info,
            "layout": layout(contract),
            "content_hash": content_hash(demonstrations, contract),
        },
    }


def _features(contract: TaskContract) -> dict[str, Any]:
    fps = round(1 / contract.control_period_s)
    features: dict[str, Any] = {
        name: _vector_feature(fields, fps) for name, fields in (*_groups(contract).items(), (ACTION, contract.action))
    }
    for name in ("timestamp", "frame_index", "episode_index", "index", "task_index"):
        kind = "float32" if name == "timestamp" else "int64"
        features[name] = {"dtype": kind, "shape": [1], "names": None, "fps": fps}
    return features


def _vector_feature(fields: Sequence[BoundedField], fps: int) -> dict[str, Any]:
    names = [
        f"{field.name}.{index}" if field.size > 1 else field.name for field in fields for index in range(field.size)
    ]
    return {"dtype": "float32", "shape": [len(names)], "names": names, "fps": fps}


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n")
