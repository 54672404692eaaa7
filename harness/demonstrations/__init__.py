"""Demonstrations of a task: the format on disk, its reader and its writer."""

from harness.demonstrations.dataset import Demonstrations
from harness.demonstrations.lerobot import dataset_hash, read, write
from harness.demonstrations.selection import Selection, acted_by, select

__all__ = ["Demonstrations", "Selection", "acted_by", "dataset_hash", "read", "select", "write"]
