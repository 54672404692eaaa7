"""Torch's explicit generators, seeded like the harness's streams: a draw is a pure function of its key (law 3)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch

from harness.seeding import stream_key

__all__ = ["generator", "initialisation"]


def _seed(*parts: str | int) -> int:
    return stream_key(*parts) % 2**63


def generator(*parts: str | int) -> torch.Generator:
    """A fresh CPU generator at the start of the stream `parts`; draws do not depend on the device that trains."""
    return torch.Generator().manual_seed(_seed(*parts))


@contextlib.contextmanager
def initialisation(*parts: str | int) -> Iterator[None]:
    """Seed torch's global generator for the creation of modules, which reads no other, and restore it afterwards."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(_seed(*parts))
        yield
