"""The scripted expert: draw one of the 24 ways at the first query, then follow it, looking at every query where it is.

All randomness is the harness's noise, so a lane's plan depends on that lane alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from jaxtyping import Float32, Float64

from harness.contract.fields import Array, bounds
from harness.contract.policy import NoiseSpec, Plan, PolicyContract, Query
from tasks.avoid.contract import CONTRACT
from tasks.avoid.engine import EFFECTOR, ROW_AXES
from tasks.avoid.layout import GAPS, ROWS, posts_of
from tasks.avoid.route import along, route, span_of_row

__all__ = ["AvoidExpert"]

_CHUNK: Final = 2
_ROWS: Final = len(ROWS)
_DRAWS: Final = 2 * _ROWS + 1
_SPEED: Final = (0.15, 0.21)
"""Slowest and fastest, m/s."""
_LOW, _HIGH = bounds(CONTRACT.action)


@dataclass(frozen=True)
class _Intent:
    """What the expert has made up its mind about.

    Attributes:
        origin: where it started, metre, world.
        gaps: the gap of each row, counted from the left from 0.
        styles: which side of each gap it keeps to, from -1 to 1.
        speed: m/s.
    """

    origin: Float64[Array, " 2"]
    gaps: Float64[Array, " rows"]
    styles: Float64[Array, " rows"]
    speed: float

    @classmethod
    def drawn(
        cls, place: Float64[Array, " 2"], posts: Float64[Array, "posts 2"], draws: Float64[Array, " draws"]
    ) -> Self:
        """A way from `place` on; each way is as likely as any other. Among the posts of a row it keeps to its gap."""
        gaps = np.minimum(np.floor(draws[:_ROWS] * GAPS), np.array(GAPS) - 1.0)
        for row, members in enumerate(ROWS):
            before, behind = span_of_row(posts, row)
            if before <= place[1] < behind:
                gaps[row] = (posts[members, 0] < place[0]).sum()
        low, high = _SPEED
        return cls(place.copy(), gaps, 2 * draws[_ROWS : 2 * _ROWS] - 1, low + (high - low) * float(draws[-1]))

    def pack(self) -> Float64[Array, " memory"]:
        """One flat row; its first number is 1, since memory is zero before the first query."""
        return np.concatenate([[1.0, self.speed], self.origin, self.gaps, self.styles])

    @classmethod
    def unpack(cls, memory: Float64[Array, " memory"]) -> Self:
        """The inverse of `pack`."""
        return cls(memory[2:4], memory[4 : 4 + _ROWS], memory[4 + _ROWS :], float(memory[1]))


class AvoidExpert:
    """Keeps `harness.contract.policy.Policy`; a row's plan depends on nothing but that row."""

    contract = PolicyContract(
        method="expert",
        task=CONTRACT.id,
        n_obs=1,
        chunk=_CHUNK,
        width=32,
        noise=NoiseSpec(shape=(_DRAWS,), kind="uniform"),
        privileged=True,
        memory=4 + 2 * _ROWS,
    )
    card: Mapping[str, Any] = {"method": "expert", "task": CONTRACT.id, "version": 1}

    def plan(self, query: Query) -> Plan:
        """The next velocities of every valid row; the other rows hold."""
        assert query.states is not None, "the harness gives them to a privileged policy"
        assert query.noise is not None, "the contract asks for it"
        actions, memory = np.repeat(query.hold[:, None], _CHUNK, axis=1), query.memory.copy()
        for row in np.flatnonzero(query.valid):
            qpos = query.states[row, 1:]
            place, posts = qpos[EFFECTOR], posts_of(qpos[ROW_AXES].reshape(-1, 2))
            if memory[row, 0] == 0:
                memory[row] = _Intent.drawn(place, posts, query.noise[row].astype(np.float64)).pack()
            actions[row] = _velocities(_Intent.unpack(memory[row]), place, posts)
        return Plan(actions, memory)


def _velocities(
    intent: _Intent, place: Float64[Array, " 2"], posts: Float64[Array, "posts 2"]
) -> Float32[Array, "chunk 2"]:
    """Velocities of a chunk, back to the route if the effector is off it."""
    corners = route(intent.origin, posts, intent.gaps, intent.styles)
    stride = intent.speed * CONTRACT.control_period_s
    points = np.vstack([place, along(corners, place, stride * np.arange(1, _CHUNK + 1))])
    return np.clip(np.diff(points, axis=0) / CONTRACT.control_period_s, _LOW, _HIGH).astype(np.float32)
