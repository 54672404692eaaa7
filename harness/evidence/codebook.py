"""How a policy with discrete actions used its codes over its rollouts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["CodeUse", "code_use"]


@dataclass(frozen=True)
class CodeUse:
    """Use of one layer of a codebook.

    Attributes:
        used: how many codes occurred at all.
        perplexity: exp of the entropy of their frequencies: the number of codes in even use that would spread as far.
    """

    used: int
    perplexity: float


def code_use(tokens: Iterable[Sequence[Sequence[int]]]) -> tuple[CodeUse, ...]:
    """One entry a layer, over all queries of all episodes; empty without any query.

    Args:
        tokens: per episode, per query, the code of every layer (the column `tokens`).
    """
    queries = [query for episode in tokens for query in episode]
    return tuple(_layer(np.array(layer)) for layer in zip(*queries, strict=True))


def _layer(codes: np.ndarray[tuple[int], np.dtype[np.int64]]) -> CodeUse:
    _, counts = np.unique(codes, return_counts=True)
    share = counts / counts.sum()
    return CodeUse(len(counts), float(np.exp(-(share * np.log(share)).sum())))
