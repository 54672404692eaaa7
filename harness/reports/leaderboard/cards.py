"""What is known of a policy beside its episodes: recipe, data, parameters, training curve, checkpoint, use of codes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.reports.leaderboard.gathering import Actor, Field
from harness.reports.worlds import ERROR

__all__ = ["Card", "Codebook", "cards"]


@dataclass(frozen=True)
class Codebook:
    """Use of one layer of codes; None where it is not known.

    Attributes:
        rollout_used, rollout_perplexity: over the rollouts' queries.
        training_coverage, training_perplexity: over the demonstrations; coverage is a share of all codes.
    """

    layer: int
    rollout_used: int | None
    rollout_perplexity: float | None
    training_coverage: float | None
    training_perplexity: float | None


@dataclass(frozen=True)
class Card:
    """One policy on one task.

    Attributes:
        task: id, without the split.
        facts: names and values of what identifies the checkpoint.
        recipe, execution, dataset: names and values as stored.
        curve: (step, loss) of the training.
        codes: a layer each; empty for a policy without codes.
        rollout_error, training_error: mean |decoded codes - action|, action units; None without codes.
        inference_ms: median over episodes of the measured wall time of a batch, ms.
    """

    task: str
    facts: tuple[tuple[str, str], ...]
    recipe: tuple[tuple[str, Any], ...]
    execution: tuple[tuple[str, Any], ...]
    dataset: tuple[tuple[str, Any], ...]
    curve: tuple[tuple[float, float], ...]
    codes: tuple[Codebook, ...]
    rollout_error: float | None
    training_error: float | None
    inference_ms: float | None


_FACTS = {
    "weights": "checkpoint",
    "parameters": "parameters",
    "seed": "training seed",
    "version": "method version",
    "final_loss": "final loss",
    "wall_seconds": "training, s",
    "device": "device",
    "torch": "torch",
    "dataset": "data set",
    "task_contract": "task contract",
}


def cards(field: Field, actor: Actor) -> list[Card]:
    """One card for every task that a policy acted on."""
    metadata = field.artifacts[actor.artifact].metadata
    found = []
    for index, task in enumerate(field.tasks):
        rows = (field.actor == field.actors.index(actor)) & (field.task == index) & (field.outcome != ERROR)
        if rows.any():
            name = task.split("/")[0]
            stored = metadata["policies"].get(f"{actor.label}/{name}", {})
            found.append(_card(name, stored, metadata, (_median(field, rows), _mean(field, rows))))
    return list({card.task: card for card in found}.values())


def _card(
    task: str, stored: Mapping[str, Any], metadata: Mapping[str, Any], measured: tuple[float | None, float | None]
) -> Card:
    report = stored.get("report") or {}
    return Card(
        task=task,
        facts=tuple((name, _fact(stored[key])) for key, name in _FACTS.items() if stored.get(key) is not None),
        recipe=_pairs(stored.get("recipe")),
        execution=_pairs(stored.get("execution")),
        dataset=_pairs({k: v for k, v in metadata["datasets"].get(task, {}).items() if not isinstance(v, dict)}),
        curve=tuple((float(step), float(loss)) for step, loss in stored.get("training_curve") or ()),
        codes=_codes(stored.get("rollout_codes") or (), report),
        rollout_error=measured[1],
        training_error=report.get("token_reconstruction_error"),
        inference_ms=measured[0],
    )


def _codes(rollout: Any, report: Mapping[str, Any]) -> tuple[Codebook, ...]:
    coverage, perplexity = report.get("codebook_coverage") or (), report.get("codebook_perplexity") or ()
    return tuple(
        Codebook(
            layer=layer + 1,
            rollout_used=rollout[layer]["used"] if layer < len(rollout) else None,
            rollout_perplexity=rollout[layer]["perplexity"] if layer < len(rollout) else None,
            training_coverage=coverage[layer] if layer < len(coverage) else None,
            training_perplexity=perplexity[layer] if layer < len(perplexity) else None,
        )
        for layer in range(max(len(rollout), len(coverage), len(perplexity)))
    )


def _pairs(items: Mapping[str, Any] | None) -> tuple[tuple[str, Any], ...]:
    return tuple((name, _plain(value)) for name, value in (items or {}).items())


def _plain(value: Any) -> str:
    if isinstance(value, list | tuple):
        distinct = list(dict.fromkeys(map(_plain, value)))
        return f"{distinct[0]} (each of {len(value)})" if len(distinct) == 1 < len(value) else ", ".join(distinct)
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _fact(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _median(field: Field, rows: Any) -> float | None:
    values = field.numbers("inference_ms")[rows]
    values = values[~np.isnan(values)]
    return float(np.median(values)) if len(values) else None


def _mean(field: Field, rows: Any) -> float | None:
    values = field.numbers("token_reconstruction_error")[rows]
    values = values[~np.isnan(values)]
    return float(values.mean()) if len(values) else None
