"""How far a visited observation is from the demonstrations: the evidence for `data_coverage`."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32, Float64
from scipy.spatial import cKDTree

from harness.contract.fields import Array
from harness.demonstrations import Demonstrations

__all__ = ["Familiarity"]

FRAMES = 4000
PROBES = 8
CONSTANT = 1e-4
"""Spread below which a component is taken to be the same everywhere."""


class Familiarity:
    """Nearest-neighbour distance in observation space, each component scaled by its spread over the demonstrations.

    A distance of 1 is the 99th percentile of the distance from a demonstrated frame to the nearest frame of another
    demonstration, so that 99 % of what the demonstrator met is below 1.
    """

    def __init__(self, demonstrations: Demonstrations) -> None:
        frames = np.concatenate(demonstrations.observations).astype(np.float64)
        episode = np.repeat(np.arange(len(demonstrations.observations)), [len(o) for o in demonstrations.observations])
        kept = np.unique(np.linspace(0, len(frames) - 1, FRAMES).astype(int))
        self._spread = np.maximum(frames.std(axis=0), 1e-6)
        self._tree = cKDTree(frames[kept] / self._spread)
        self._unit = self._between_episodes(frames[kept] / self._spread, episode[kept])
        starts = np.stack([episode[0] for episode in demonstrations.observations]).astype(np.float64)
        self._starts = _Starts(starts)

    def distance(self, observations: Float32[Array, "steps observation"]) -> float:
        """Largest distance over some frames spread evenly over the episode."""
        chosen = np.unique(np.linspace(0, len(observations) - 1, PROBES).astype(int))
        nearest, _ = self._tree.query(observations[chosen] / self._spread)
        return float(np.max(nearest) / self._unit)

    def start(self, observation: Float32[Array, " observation"]) -> float:
        """Distance of the first frame of an episode to the nearest first frame of a demonstration."""
        return self._starts.distance(observation)

    def _between_episodes(self, frames: Array, episode: Array) -> float:
        """99th percentile over frames of the distance to the nearest frame of another episode."""
        probes = np.unique(np.linspace(0, len(frames) - 1, 500).astype(int))
        distances = []
        for probe in probes:
            apart, near = self._tree.query(frames[probe], k=min(64, len(frames)))
            others = np.atleast_1d(apart)[episode[np.atleast_1d(near)] != episode[probe]]
            distances.append(others[0] if len(others) else np.max(apart))
        return max(float(np.percentile(distances, 99)), 1e-9)


class _Starts:
    """Nearest-neighbour distance among first frames; 1 is the 99th percentile of a demonstration's to another's.

    A component that is the same at every start is passed over: it says nothing about which starts are alike.
    """

    def __init__(self, starts: Float64[Array, "episodes observation"]) -> None:
        spread = starts.std(axis=0)
        self._weight = np.divide(1, spread, out=np.zeros_like(spread), where=spread > CONSTANT)
        self._tree = cKDTree(starts * self._weight)
        apart = self._tree.query(starts * self._weight, k=min(2, len(starts)))[0]
        self._unit = max(float(np.percentile(np.atleast_2d(apart)[:, -1], 99)), 1e-9)

    def distance(self, observation: Float32[Array, " observation"]) -> float:
        return float(self._tree.query(observation.astype(np.float64) * self._weight)[0] / self._unit)
