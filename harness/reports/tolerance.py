"""Latency tolerance: the virtual latency at which a policy's success is half of that under nominal."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float64

from harness.contract.fields import Array
from harness.manifest.documents import NOMINAL
from harness.reports.comparison import Rules
from harness.reports.families import ladders, sweeps
from harness.reports.halving import Halving, halving
from harness.reports.leaderboard.gathering import Actor, Field
from harness.reports.worlds import ERROR, SUCCESS

__all__ = ["LATENCY", "Point", "Tolerance", "halving_text", "interval_text", "latency_ladder", "tolerances"]

LATENCY = "timing.latency"
"""The fault that a ladder must sweep, and nothing else."""


@dataclass(frozen=True)
class Point:
    """Success at one latency. Levels that are realised as the same latency are one."""

    conditions: tuple[str, ...]
    latency_ms: float
    successes: int
    scored: int


@dataclass(frozen=True)
class Tolerance:
    """One actor on one task over one family.

    Attributes:
        points: from nominal, latency 0, on; empty where nominal was not met.
        halving: latency in ms at which success has halved.
    """

    actor: Actor
    task: str
    family: str
    points: tuple[Point, ...]
    halving: Halving


def latency_ladder(conditions: Mapping[str, Any]) -> set[str]:
    """The conditions, given as documents, of families that sweep latency and nothing else."""
    laddered = [name for levels in ladders(conditions, conditions).values() for name in levels.values()]
    return {name for name in laddered if {fault["fault"] for fault in conditions[name]} == {LATENCY}}


def tolerances(field: Field, actors: Sequence[Actor], rules: Rules) -> list[Tolerance]:
    """One entry a task, family and actor that met a level of it."""
    steps, queries = field.numbers("latency_steps"), field.numbers("queries")
    tasks = field.artifacts[0].metadata["manifest"]["panel"]["tasks"]
    found = []
    for task in field.tasks:
        period_ms = 1000 * float(tasks[task]["contract"]["control_period_s"])
        for family, levels in _families(field, task).items():
            for actor in actors:
                own = (field.actor == field.actors.index(actor)) & (field.task == field.tasks.index(task))
                own &= field.outcome != ERROR
                met = {name: own & (field.condition == field.conditions.index(name)) for name in levels}
                if any(met[name].any() for name in levels if name != NOMINAL):
                    doses = {name: _latency(steps[rows], queries[rows], period_ms) for name, rows in met.items()}
                    found.append(_tolerance(field, (actor, task, family), met, doses | {NOMINAL: 0.0}, rules))
    return found


def halving_text(item: Tolerance) -> str:
    """The latency in words, ms."""
    return _text(item, item.halving.estimate) or "unknown"


def interval_text(item: Tolerance) -> str:
    """Its interval in words, ms; empty where there is none."""
    ends = [_text(item, end) for end in (item.halving.low, item.halving.high)]
    return ends[0] if ends[0] == ends[1] else " to ".join(ends)


def _text(item: Tolerance, value: float | None) -> str:
    if value is None:
        return ""
    return f"above {item.points[-1].latency_ms:.0f}" if math.isinf(value) else f"{value:.0f}"


def _families(field: Field, task: str) -> dict[str, list[str]]:
    """Conditions by family, from nominal on."""
    documents = field.artifacts[0].metadata["manifest"]["panel"]["conditions"]
    nominal = [name for name in field.conditions if name == NOMINAL]
    return {
        family: [*nominal, *levels.values()]
        for family, levels in ladders(documents, field.conditions).items()
        if all(sweeps(documents[name], task.split("/")[0], LATENCY) for name in levels.values())
    }


def _latency(steps: Float64[Array, " rows"], queries: Float64[Array, " rows"], period_ms: float) -> float:
    """Mean latency of the queries as realised, ms; NaN without a query."""
    known = ~np.isnan(steps) & (queries > 0)
    return float(np.average(steps[known], weights=queries[known])) * period_ms if known.any() else float("nan")


def _tolerance(
    field: Field,
    what: tuple[Actor, str, str],
    met: dict[str, Bool[Array, " rows"]],
    doses: dict[str, float],
    rules: Rules,
) -> Tolerance:
    named = {name: rows for name, rows in met.items() if rows.any() and not np.isnan(doses[name])}
    if NOMINAL not in named:
        return Tolerance(*what, (), Halving(None, None, None))
    same: dict[float, list[str]] = {}
    for name in named:
        same.setdefault(round(doses[name], 6), []).append(name)
    latencies = sorted(same)
    groups = [np.any([named[name] for name in same[latency]], axis=0) for latency in latencies]
    _, scene = np.unique(field.worlds.cluster[field.world], return_inverse=True)
    successes = _by_scene(scene, [rows & (field.outcome == SUCCESS) for rows in groups])
    scored = _by_scene(scene, groups)
    acting = scored.any(axis=1)
    points = tuple(
        Point(tuple(same[latency]), latency, int(won), int(all_))
        for latency, won, all_ in zip(latencies, successes.sum(axis=0), scored.sum(axis=0), strict=True)
    )
    found = halving(np.array(latencies), successes[acting], scored[acting], rules.seed, 1 - rules.alpha)
    return Tolerance(*what, points, found)


def _by_scene(scene: Array, groups: Sequence[Bool[Array, " rows"]]) -> Float64[Array, "scenes levels"]:
    count = int(scene.max()) + 1
    found: Array = np.stack([np.bincount(scene[rows], minlength=count) for rows in groups], axis=1).astype(np.float64)
    return found
