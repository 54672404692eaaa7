"""Content hashes: equal content, equal hash, on any machine and in any process."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

__all__ = ["canonical_json", "content_hash", "file_hash"]


def canonical_json(value: Any) -> str:
    """JSON with sorted keys and no spaces. NaN and infinity are refused: they have no JSON."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def content_hash(value: Any) -> str:
    """First 16 bytes of the SHA-256 of the canonical JSON, in hex."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()[:32]


def file_hash(*paths: Path) -> str:
    """First 16 bytes of the SHA-256 over the bytes of the files, in the order given, in hex."""
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()[:32]
