"""Demonstrations of a task: the format on disk, its reader and its writer."""

from harness.demonstrations.dataset import Demonstrations
from harness.demonstrations.lerobot import dataset_hash, read, write

__all__ = ["Demonstrations", "dataset_hash", "read", "write"]
