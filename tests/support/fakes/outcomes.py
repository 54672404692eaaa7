"""Policies whose outcomes are made up, and artifacts that hold them, so that the truth is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from harness.artifact.reader import Artifact
from harness.reports.pairing import Entrant, World


def entrant(name, outcomes, *, method=None, seed=0, conditions=("nominal",), replicate=0, task="push", file=""):
    """Outcomes are scenes x conditions, or scenes under one condition; None is an error."""
    table = np.array(outcomes, object).reshape(-1, len(conditions))
    met = {
        World(task, "heldout", condition, scene, replicate): table[scene, column]
        for column, condition in enumerate(conditions)
        for scene in range(len(table))
    }
    ids = {world: f"{name}-{world.condition}-{world.scene}" for world in met}
    return Entrant(name, name, method or name, seed, Path("a.parquet"), met, ids, file)


class Stored(Artifact):
    """Light columns in memory."""

    def columns(self, *names):
        return self.metadata["table"].select(list(names))


def artifact(path, policies, *, valid=True, checks=None, panel_id="p", panel=None, purpose="panel", more=()):
    """One task under `nominal`, with a list of successes by policy.

    `more` are rows in addition: (purpose, policy, scene, success).
    """
    rows = [(purpose, name, scene, success) for name, met in policies.items() for scene, success in enumerate(met)]
    columns = {name: [] for name in ("purpose", "policy", "method", "training_seed", "episode", "success")}
    columns |= {name: [] for name in ("task", "split", "condition", "scene", "replicate")}
    for kind, name, scene, success in (*rows, *more):
        method, _, seed = name.rpartition("-s")
        values = (kind, name, method or name, int(seed) if method else None, f"{name}-{scene}", success)
        for column, value in zip(columns, (*values, "push", "heldout", "nominal", scene, 0), strict=True):
            columns[column].append(value)
    in_band = {"control": "zero", "task": "push", "split": "heldout", "low": 0.0, "high": 0.05}
    told = [in_band | {"successes": 0 if valid else 3, "scored": 10}] if checks is None else checks
    metadata = {
        "table": pa.table(columns),
        "manifest": {"panel_id": panel_id, "panel": panel or {}},
        "controls": {"valid": valid, "checks": told},
        "digest": "d",
    }
    return Stored(Path(path), metadata)
