"""Law 3: every random number is a pure function of its key.

A key names what the number feeds: panel seed, task, split, scene, replicate and a stream such as
`fault/observation.frame_drop`. Nothing here keeps state between calls, and no global generator is read.
"""

from __future__ import annotations

import hashlib

import numpy as np

__all__ = ["generator", "stream_key"]


def stream_key(*parts: str | int) -> int:
    """128-bit key of a stream: BLAKE2b over the length-prefixed parts, so that ("a", "bc") differs from ("ab", "c")."""
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        text = f"{type(part).__name__}:{part}".encode()
        digest.update(len(text).to_bytes(4, "little"))
        digest.update(text)
    return int.from_bytes(digest.digest(), "little")


def generator(*parts: str | int) -> np.random.Generator:
    """A fresh counter-based generator (Philox4x64, Salmon et al. 2011) at counter zero of the stream `parts`."""
    return np.random.Generator(np.random.Philox(key=stream_key(*parts)))
