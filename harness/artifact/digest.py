"""The hash chain of an episode: equal episodes, equal digests, and the first step that differs can be named.

    chain[-1] = H(episode id, policy hash, faults hash, initial state)
    chain[t]  = H(chain[t-1], window of a query at t, commanded[t], applied[t], signals[t], obs_id[t], state[t+1])
    digest    = H(chain[n-1], outcome)

H is BLAKE2b; links are 8 bytes, the digest 16. States enter by their own hash. Measured times never enter. A row holds
all that its chain is made of, so whoever edits one has to forge the whole of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np

from harness.contract.fields import Array
from harness.rollout.episode import Rollout

__all__ = ["Chain", "chain", "run_digest", "stored_chain"]


@dataclass(frozen=True)
class Chain:
    """Hashes of one episode, one per step; `states` alone tells physics from policy when an audit compares."""

    states: list[int]
    links: list[int]
    digest: str


def chain(rollout: Rollout, *, policy_hash: str, faults_hash: str, outcome: str) -> Chain:
    """Hash one rollout."""
    return _chain(
        _head(rollout.assignment.episode, policy_hash, faults_hash, rollout.states[:1]),
        dict(zip(rollout.query_steps.tolist(), rollout.query_hashes, strict=True)),
        _steps(rollout.commanded, rollout.applied, rollout.signals, rollout.obs_id),
        [_hash(state.tobytes()) for state in rollout.states[1:]],
        outcome + rollout.error,
    )


def stored_chain(row: Mapping[str, Any]) -> Chain:
    """The chain that a row as read from an artifact ought to have, from what else the row holds.

    Raises:
        ValueError: the lengths or numbers in the row do not go together.
    """
    trace = row["trace"]
    initial = np.asarray(row["initial_state"] if row["initial_state"] is not None else [], np.float64)
    signals = np.stack([np.asarray(values, np.float32) for values in trace["signals"].values()], axis=1)
    steps = _steps(
        _matrix(trace["commanded"], len(signals)),
        _matrix(trace["applied"], len(signals)),
        signals,
        np.asarray(trace["obs_id"], np.int32),
    )
    asked = [int(value).to_bytes(8, "little") for value in trace["query_hashes"]]
    return _chain(
        _head(row["episode"], row["policy_hash"], row["faults_hash"], initial),
        dict(zip((int(step) for step in trace["query_steps"]), asked, strict=True)),
        steps,
        [int(value).to_bytes(8, "little") for value in trace["state_hashes"]],
        row["outcome"] + (row["error"] or ""),
    )


def run_digest(digests: Iterable[str]) -> str:
    """Digest of a whole run: BLAKE2b over the episodes' digests in canonical order. Measured times do not enter."""
    whole = blake2b(digest_size=16)
    for digest in digests:
        whole.update(digest.encode())
    return whole.hexdigest()


def _matrix(rows: Sequence[Sequence[float]], steps: int) -> Array:
    return np.array([np.asarray(row, np.float32) for row in rows], np.float32).reshape(steps, -1)


def _head(episode: str, policy_hash: str, faults_hash: str, initial_state: Array) -> bytes:
    head = blake2b(digest_size=8)
    for text in (episode, policy_hash, faults_hash):
        head.update(len(text).to_bytes(4, "little") + text.encode())
    head.update(initial_state.tobytes())
    return head.digest()


def _steps(commanded: Array, applied: Array, signals: Array, obs_id: Array) -> Array:
    """What each link hashes beside the query and the state, one contiguous row a step."""
    joined = np.concatenate([commanded, applied, signals, obs_id[:, None].view(np.float32)], 1)
    return np.ascontiguousarray(joined)


def _chain(link: bytes, asked: Mapping[int, bytes], steps: Array, states: Sequence[bytes], end: str) -> Chain:
    links = []
    for t, (step, state) in enumerate(zip(steps, states, strict=True)):
        link = _hash(link + asked.get(t, b"") + step.tobytes() + state)
        links.append(link)
    return Chain(_numbers(states), _numbers(links), blake2b(link + end.encode(), digest_size=16).hexdigest())


def _numbers(hashes: Sequence[bytes]) -> list[int]:
    return [int.from_bytes(value, "little") for value in hashes]


def _hash(data: bytes) -> bytes:
    return blake2b(data, digest_size=8).digest()
