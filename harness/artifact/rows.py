"""From one rollout to one row of schema v1, labels apart (they read rows of other policies too)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.artifact.digest import chain
from harness.contract.agents import agents_of
from harness.contract.fields import Array
from harness.contract.task import TaskContract
from harness.evidence.exposure import exposure
from harness.evidence.familiarity import Familiarity
from harness.evidence.measures import action_error, jerk, recovery, saturation
from harness.faults.realise import Realised
from harness.hashing import canonical_json
from harness.rollout.episode import Rollout

__all__ = ["Identity", "build_row"]


@dataclass(frozen=True)
class Identity:
    """Who ran what; see the identity columns of the schema."""

    episode: str
    purpose: str
    policy: str
    method: str
    training_seed: int | None
    policy_hash: str
    task: str
    split: str
    condition: str
    scene: int
    replicate: int
    panel_id: str
    parent: str | None = None
    probe: str | None = None


def build_row(
    identity: Identity,
    rollout: Rollout,
    faults: Realised,
    contract: TaskContract,
    familiarity: Familiarity | None,
) -> dict[str, Any]:
    """Every column but the labels. NaN and absent values become null: unscored, never zero.

    Args:
        identity: goes into the row as it is.
        rollout: what happened.
        faults: what was realised; the same for every policy.
        contract: of the task.
        familiarity: measures the distance to the demonstrations, for failed episodes of policies; None to leave it out.
    """
    outcome = _outcome(rollout)
    hashes = chain(rollout, policy_hash=identity.policy_hash, faults_hash=faults.digest, outcome=outcome)
    failed = outcome == "failure" and not rollout.diverged
    row: dict[str, Any] = {
        **vars(identity),
        "scene_variables": dict(rollout.assignment.scene.variables),
        "initial_state": rollout.states[0] if len(rollout.states) else [],
        "outcome": outcome,
        "diverged": rollout.diverged,
        "error": rollout.error or None,
        "steps": rollout.steps,
        **_progress(rollout, contract),
        **_timing(rollout, contract),
        "faults": [_fault(item, contract) for item in faults.record],
        "faults_hash": faults.digest,
        "exposure": exposure(rollout, contract, _agents(faults, contract)),
        "recovery": _recoveries(rollout, faults, contract),
        "interventions": [],
        "saturation": _number(saturation(rollout)),
        "action_error": _number(action_error(rollout, contract)),
        "jerk": _number(jerk(rollout, contract)),
        **_tokens(rollout),
        "start_distance": familiarity.start(rollout.measured[0]) if familiarity and failed else None,
        "demonstration_distance": familiarity.distance(rollout.measured) if familiarity and failed else None,
        "trace": _trace(rollout, contract, hashes.states, hashes.links),
        "digest": hashes.digest,
    }
    return row


def _outcome(rollout: Rollout) -> str:
    if rollout.error:
        return "error"
    return "success" if rollout.success.any() else "failure"


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _series(rollout: Rollout, contract: TaskContract) -> dict[str, Array]:
    return {signal.name: rollout.signals[:, k] for k, signal in enumerate(contract.signals)}


def _progress_series(rollout: Rollout, contract: TaskContract) -> Array:
    return rollout.signals[:, [signal.role for signal in contract.signals].index("progress")]


def _progress(rollout: Rollout, contract: TaskContract) -> dict[str, Any]:
    if rollout.error:
        return {"signals_max": {}, "signals_min": {}}
    best = float(_progress_series(rollout, contract).max()) if rollout.steps else 0.0
    reached = int(np.floor(best * len(contract.stages) + 1e-6))
    series = _series(rollout, contract) if rollout.steps else {}
    return {
        "success": bool(rollout.success.any()),
        "success_step": int(np.argmax(rollout.success)) + 1 if rollout.success.any() else None,
        "progress": best,
        "stage": contract.stages[reached - 1] if reached else None,
        "signals_max": {name: float(values.max()) for name, values in series.items()},
        "signals_min": {name: float(values.min()) for name, values in series.items()},
    }


def _timing(rollout: Rollout, contract: TaskContract) -> dict[str, Any]:
    n = rollout.steps
    age = np.arange(n) - rollout.obs_id
    latency = rollout.assignment.effects.latency[rollout.query_steps]
    wall = rollout.inference_ms
    return {
        "queries": len(rollout.query_steps),
        "deadline_misses": int((rollout.plan_step < 0).sum()),
        "latency_steps": float(latency.mean()) if len(latency) else None,
        "observation_age": float(age.mean()) if n else None,
        "observation_age_max": int(age.max()) if n else None,
        "inference_ms": float(np.median(wall)) if len(wall) else None,
        "inference_ms_max": float(wall.max()) if len(wall) else None,
        "over_budget": int((wall > 1e3 * contract.timing_budget_s).sum()),
    }


def _window(item: Mapping[str, Any], contract: TaskContract) -> tuple[int, int]:
    realised = item["realised"]
    start = int(realised.get("start", realised.get("step", 0)))
    return start, int(realised.get("stop", start + 1 if "step" in realised else contract.horizon))


def _fault(item: Mapping[str, Any], contract: TaskContract) -> dict[str, Any]:
    start, stop = _window(item, contract)
    return {
        "fault": item["identity"],
        "parameters": canonical_json(item["params"]),
        "realised": canonical_json(item["realised"]),
        "start": start,
        "stop": stop,
    }


def _agents(faults: Realised, contract: TaskContract) -> tuple[str, ...]:
    """The task's agents, where a fault acts on one of them alone."""
    apart = any("agent" in item["params"] for item in faults.record)
    return agents_of(contract) if apart else ()


def _recoveries(rollout: Rollout, faults: Realised, contract: TaskContract) -> list[dict[str, Any]]:
    """One entry a fault that leaves the episode some steps to recover in."""
    found = []
    for item in faults.record:
        start, stop = _window(item, contract)
        if stop < contract.horizon and rollout.steps:
            found.append({"fault": item["identity"], **vars(recovery(rollout, contract, start, stop))})
    return found


def _tokens(rollout: Rollout) -> dict[str, Any]:
    tokens = rollout.diagnostics.get("tokens")
    error = rollout.diagnostics.get("token_reconstruction_error")
    return {
        "tokens": tokens.astype(np.int16).tolist() if tokens is not None else None,
        "token_reconstruction_error": float(np.mean(error)) if error is not None and len(error) else None,
    }


def _trace(rollout: Rollout, contract: TaskContract, states: list[int], links: list[int]) -> dict[str, Any]:
    return {
        "obs_id": rollout.obs_id,
        "plan_step": rollout.plan_step,
        "chunk_index": rollout.chunk_index,
        "commanded": rollout.commanded,
        "applied": rollout.applied,
        "progress": _progress_series(rollout, contract),
        "signals": _series(rollout, contract),
        "query_steps": rollout.query_steps,
        "query_hashes": [int.from_bytes(value, "little") for value in rollout.query_hashes],
        "state_hashes": states,
        "chain": links,
    }
