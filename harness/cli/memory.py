"""Memory of this process: how much it took, and that what is freed goes back to the system."""

from __future__ import annotations

import ctypes
from pathlib import Path

import psutil

__all__ = ["peak_bytes", "return_large_blocks"]

_M_MMAP_THRESHOLD = -3
_LARGE = 4 * 2**20


def return_large_blocks() -> None:
    """Blocks of 4 MiB and more, as simulators take for a model, are mapped one by one and unmapped when freed.

    So a run is as small after a thousand models as after one.

    The allocator of glibc raises that threshold as soon as such a block is freed, and then keeps the holes. Where
    there is no such allocator, nothing is done.
    """
    try:
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _LARGE)
    except (OSError, AttributeError):
        return


def peak_bytes() -> int:
    """High-water mark of this process, from the kernel; the present size where the kernel does not tell."""
    status = Path("/proc/self/status")
    for line in status.read_text().splitlines() if status.exists() else []:
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024
    return int(psutil.Process().memory_info().rss)
