"""Many comparisons at once: adjusted p-values, groups of methods that tie, and the ranks that the evidence allows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from jaxtyping import Bool, Float64
from numpy.typing import ArrayLike

from harness.statistics.inputs import Array, vector

__all__ = ["RankInterval", "TieGroups", "compact_letter_display", "holm", "rank_intervals"]

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True)
class TieGroups:
    """Methods of one group share a letter; two methods differ significantly exactly if they share none.

    Attributes:
        groups: names of each group, in the order of the display.
        letters: for each name, in the order given, the letters of its groups.
    """

    groups: tuple[tuple[str, ...], ...]
    letters: tuple[str, ...]


@dataclass(frozen=True)
class RankInterval:
    """The ranks, 1 is best, that the significant differences leave open to one method."""

    best: int
    worst: int


def holm(p_values: ArrayLike) -> Float64[Array, " tests"]:
    """Step-down adjusted p-values (Holm 1979), in the order given, at most 1.

    Rejecting where the adjusted value is at most alpha keeps the probability of any false rejection at or below alpha,
    however the tests depend on each other. The family is what is passed in: all claims of one table, not one row.

    Raises:
        ValueError: the input is empty, holds NaN, or a value is outside [0, 1].
    """
    values = vector(p_values, "p_values")
    if values.min() < 0 or values.max() > 1:
        raise ValueError("expected p-values in [0, 1]")
    order = np.argsort(values, kind="stable")
    stepped = np.maximum.accumulate(values[order] * np.arange(len(values), 0, -1))
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted


def compact_letter_display(names: Sequence[str], significant: ArrayLike) -> TieGroups:
    """Letters for pairwise comparisons, by insert and absorb (Piepho 2004).

    Start with one group of all; for each significant pair, split every group that holds both into one without the
    first and one without the second; drop groups that lie inside another.

    Args:
        names: in the order of display (best first); letters follow that order.
        significant: boolean (names x names), symmetric: whether the two differ.

    Raises:
        ValueError: there is no name, a name repeats, or the matrix does not fit or is not symmetric.
    """
    differs = _relation(significant, len(names), "significant")
    if len(set(names)) != len(names):
        raise ValueError(f"expected different names, got {list(names)}")
    if not np.array_equal(differs, differs.T):
        raise ValueError("expected a symmetric matrix: if A differs from B, B differs from A")
    groups = [frozenset(range(len(names)))]
    for first, second in combinations(range(len(names)), 2):
        if differs[first, second]:
            groups = _absorb(_split(groups, first, second))
    ordered = sorted(tuple(sorted(group)) for group in groups)
    return TieGroups(
        groups=tuple(tuple(names[index] for index in group) for group in ordered),
        letters=tuple(
            "".join(_letter(column) for column, group in enumerate(ordered) if index in group)
            for index in range(len(names))
        ),
    )


def rank_intervals(better: ArrayLike) -> tuple[RankInterval, ...]:
    """The ranks left open to each method (Al Mohamad, Goeman and van Zwet 2022, from pairwise tests).

    best = 1 + how many are significantly better than it; worst = all - how many it is significantly better than. With
    pairwise tests adjusted for multiplicity, all intervals hold together with the same confidence.

    Args:
        better: boolean (methods x methods); better[i, j] says that i is significantly better than j.

    Raises:
        ValueError: the matrix is empty or not square, or says that two are each better than the other.
    """
    wins = _relation(better, len(np.asarray(better)), "better")
    if (wins & wins.T).any():
        raise ValueError("expected an order: some pair is better in both directions")
    best, worst = 1 + wins.sum(axis=0), len(wins) - wins.sum(axis=1)
    return tuple(RankInterval(int(low), int(high)) for low, high in zip(best, worst, strict=True))


def _relation(entries: ArrayLike, size: int, name: str) -> Bool[Array, "size size"]:
    found = np.asarray(entries)
    if size == 0:
        raise ValueError(f"{name} is empty: there is no method to compare")
    if found.shape != (size, size) or found.dtype != np.bool_:
        raise ValueError(f"expected {name} as {size} x {size} booleans, got shape {found.shape} of {found.dtype}")
    if found.diagonal().any():
        raise ValueError(f"expected a diagonal of False in {name}: no method differs from itself")
    return found


def _split(groups: list[frozenset[int]], first: int, second: int) -> list[frozenset[int]]:
    split = []
    for group in groups:
        split += [group - {first}, group - {second}] if {first, second} <= group else [group]
    return split


def _absorb(groups: list[frozenset[int]]) -> list[frozenset[int]]:
    distinct = list(dict.fromkeys(groups))
    return [group for group in distinct if not any(group < other for other in distinct)]


def _letter(column: int) -> str:
    return LETTERS[column] if column < len(LETTERS) else f"({column + 1})"
