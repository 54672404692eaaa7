"""A checkpoint on disk: `weights.safetensors`, and `card.json`, which is written last and vouches for the weights."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from harness.contract.task import TaskContract
from harness.errors import CheckpointError
from harness.hashing import content_hash, file_hash
from policies.training.files import write_atomically

__all__ = ["CARD", "WEIGHTS", "contract_hash", "layout_card", "read_card", "read_weights", "write_checkpoint"]

WEIGHTS, CARD = "weights.safetensors", "card.json"
_RETRAIN = "delete the folder and train again"


def contract_hash(task: TaskContract) -> str:
    """Content hash of a task's contract."""
    return content_hash(task.model_dump(mode="json"))


def layout_card(task: TaskContract) -> dict[str, Any]:
    """Names and sizes of the observation and action fields, in order."""
    return {
        "observation": [[field.name, field.size] for field in task.observation],
        "action": [[field.name, field.size] for field in task.action],
    }


def write_checkpoint(directory: Path, weights: Mapping[str, Tensor], card: Mapping[str, Any]) -> None:
    """Write both files, the card last, with the hash of the weights under "weights"."""
    directory.mkdir(parents=True, exist_ok=True)
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()}
    write_atomically(directory / WEIGHTS, lambda partial: safetensors.torch.save_file(tensors, partial))
    full = {**card, "weights": file_hash(directory / WEIGHTS)}
    text = json.dumps(full, indent=2, allow_nan=False) + "\n"
    write_atomically(directory / CARD, lambda partial: _write_text(partial, text))


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def read_card(directory: Path, method: str, version: int, task: TaskContract) -> dict[str, Any]:
    """The card, after checking that it is of this method and version, and of a task of this id and layout."""
    path = directory / CARD
    try:
        card: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CheckpointError(str(path), expected="a card", got="no file", fix="train this policy first") from None
    except ValueError as error:
        raise CheckpointError(str(path), expected="JSON", got=str(error), fix=_RETRAIN) from None
    _expect(path, card, {"method": method, "version": version, "task": task.id, "layout": layout_card(task)})
    return card


def _expect(path: Path, card: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    for key, value in expected.items():
        if card.get(key) != value:
            raise CheckpointError(
                f"{path}, key {key!r}", expected=repr(value), got=repr(card.get(key)), fix="train for this task again"
            )


def read_weights(directory: Path, card: Mapping[str, Any], device: torch.device) -> dict[str, Tensor]:
    """The weights, after checking their hash against the card."""
    path = directory / WEIGHTS
    if not path.exists():
        raise CheckpointError(str(path), expected="the weights of the card", got="no file", fix=_RETRAIN)
    if (found := file_hash(path)) != card.get("weights"):
        raise CheckpointError(str(path), expected=f"hash {card.get('weights')}", got=f"hash {found}", fix=_RETRAIN)
    try:
        return safetensors.torch.load_file(path, device=str(device))
    except SafetensorError as error:
        raise CheckpointError(str(path), expected="safetensors", got=str(error), fix=_RETRAIN) from None
