"""Memory that is freed goes back to the system, so that a run is as small after a thousand models as after one."""

from __future__ import annotations

import ctypes

__all__ = ["return_large_blocks"]

_M_MMAP_THRESHOLD = -3
_LARGE = 4 * 2**20


def return_large_blocks() -> None:
    """Blocks of 4 MiB and more, as simulators take for a model, are mapped one by one and unmapped when freed.

    The allocator of glibc raises that threshold as soon as such a block is freed, and then keeps the holes. Where
    there is no such allocator, nothing is done.
    """
    try:
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _LARGE)
    except (OSError, AttributeError):
        return
