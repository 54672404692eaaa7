"""Drawing scenes from a contract: a pure function, so that a scene is the same wherever it is met."""

from __future__ import annotations

from harness.contract.task import Range, Scene, Split, TaskContract
from harness.seeding import generator

__all__ = ["draw_scene"]


def draw_scene(contract: TaskContract, seed: int, split: Split, index: int) -> Scene:
    """The scene with this index: every reset variable uniform over its range, from a stream of its own (law 3).

    Args:
        contract: of the task.
        seed: of the panel.
        split: whose reset distribution is drawn from.
        index: of the scene; any non-negative number, whatever the size of the panel.
    """
    variables = {
        name: _uniform(span, seed, contract.id, split, index, f"scene/{name}")
        for name, span in contract.resets[split].items()
    }
    return Scene(contract.id, split, index, variables)


def _uniform(span: Range, *key: str | int) -> float:
    return float(span.low + (span.high - span.low) * generator(*key).random())
