"""Demonstrations of a task: the format on disk, its reader and its writer."""

from harness.demonstrations.dataset import Demonstrations
from harness.demonstrations.lerobot import dataset_hash, read, write
from harness.demonstrations.selection import Selection, select

__all__ = ["Demonstrations", "Selection", "dataset_hash", "read", "select", "write"]
