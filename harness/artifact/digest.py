"""The hash chain of an episode: equal episodes, equal digests, and the first step that differs can be named.

    chain[-1] = H(episode id, policy hash, faults hash, initial state)
    chain[t]  = H(chain[t-1], window of a query at t, commanded[t], applied[t], signals[t], obs_id[t], state[t+1])
    digest    = H(chain[n-1], outcome)

H is BLAKE2b; links are 8 bytes, the digest 16. Measured times never enter it.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from harness.rollout.episode import Rollout

__all__ = ["Chain", "chain"]


@dataclass(frozen=True)
class Chain:
    """Hashes of one episode, one per step; `states` alone tells physics from policy when an audit compares."""

    states: list[int]
    links: list[int]
    digest: str


def chain(rollout: Rollout, *, policy_hash: str, faults_hash: str, outcome: str) -> Chain:
    """Hash one rollout."""
    head = blake2b(digest_size=8)
    for text in (rollout.assignment.episode, policy_hash, faults_hash):
        head.update(len(text).to_bytes(4, "little") + text.encode())
    head.update(rollout.states[:1].tobytes())
    link = head.digest()
    asked = dict(zip(rollout.query_steps.tolist(), rollout.query_hashes, strict=True))
    states, links = [], []
    small = np.ascontiguousarray(
        np.concatenate(
            [rollout.commanded, rollout.applied, rollout.signals, rollout.obs_id[:, None].view(np.float32)], 1
        )
    )
    for t in range(rollout.steps):
        state = blake2b(rollout.states[t + 1].tobytes(), digest_size=8).digest()
        link = blake2b(link + asked.get(t, b"") + small[t].tobytes() + state, digest_size=8).digest()
        states.append(int.from_bytes(state, "little"))
        links.append(int.from_bytes(link, "little"))
    end = blake2b(link + outcome.encode() + rollout.error.encode(), digest_size=16)
    return Chain(states, links, end.hexdigest())
