"""Straight pushes against the block: candidates, and how well each one does on the simulator.

A push starts at a place behind a face (or where the pusher touches the block already) and moves the pusher's target at
a constant speed. Its worth is the rate at which it shrinks the block's error, travel included, so that a better push
far away and a worse one near by compare fairly. This is predictive sampling (Howell et al. 2022) over pushes in
place of raw controls: what comes out is smooth, and much the same wherever the block lies much the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64

from harness.contract.fields import Array
from tasks.engines.mujoco_batch import BatchSimulator
from tasks.pusht import roadmap, shape
from tasks.pusht.contract import SIDE
from tasks.pusht.engine import BLOCK, PUSHER
from tasks.pusht.faces import INWARD, PLACES

__all__ = ["DRAWS", "SAMPLES", "TRAVEL_STEP", "Pushes", "best_pushes", "push_targets"]

SAMPLES = 64
DRAWS = 4
"""Normal draws per sample: place along the face, heading, speed, and the tie-break between samples."""

TRAVEL_STEP = 0.025
"""How far the target runs ahead of the pusher in a control step of travel, metre."""

_NEAR = 16
"""Samples that go on from where the pusher is, if it touches the block."""
_PLACE_OF = np.arange(SAMPLES) % len(PLACES)

_STEPS, _JUDGED = 8, (3, 7)
"""Control steps simulated of a push, and the moments at which it may end: the ends of the expert's chunks."""

_LEAD = 0.5
"""Steps by which the target leads the pusher; its lag under the block's friction at a constant speed."""
_SPEED, _SPEED_MIN, _SPEED_MAX = 0.009, 0.002, 0.014
"""Median and limits of a push's speed, metre a control step."""
_ALONG_STD, _HEADING_STD, _LOG_SPEED_STD, _TASTE_STD = 0.006, 0.3, 0.8, 0.1
"""Metre, radian, 1, 1."""
_NEAR_HEADING = 1.5
"""How much wider the headings of pushes from contact spread."""

_APPROACH_STEPS = 2.0
"""Control steps that closing the gap to the face costs a push that starts behind it."""
_FLOOR = 0.002
"""Error below which shrinking it further is worth little, metre."""
_TURN_WEIGHT = 2.5
"""How much more turning counts than moving: blocks turned early, pushes later mostly point in four directions."""


@dataclass(frozen=True)
class Pushes:
    """One push a row, in the block's frame.

    Attributes:
        place: where the pusher's centre starts, metre.
        heading: unit vector.
        speed: of the target, metre a control step.
        fresh: whether the pusher must travel to `place` first; it is there already otherwise.
    """

    place: Float64[Array, "*rows 2"]
    heading: Float64[Array, "*rows 2"]
    speed: Float64[Array, "*rows"]
    fresh: Bool[Array, "*rows"]

    def take(self, lanes: Array, samples: Array) -> Pushes:
        """One push of each lane."""
        rows = lanes, samples
        return Pushes(self.place[rows], self.heading[rows], self.speed[rows], self.fresh[rows])


def push_targets(
    start: Float64[Array, "*rows 2"],
    heading: Float64[Array, "*rows 2"],
    speed: Float64[Array, "*rows"],
    step: int | Float64[Array, "*rows"],
) -> Float64[Array, "*rows 2"]:
    """The pusher's target in control step `step` = 1, 2, ... of pushes."""
    return start + (speed * (step + _LEAD))[..., None] * heading


def best_pushes(
    simulator: BatchSimulator, states: Float64[Array, "lanes state"], noise: Float64[Array, "lanes samples draws"]
) -> Pushes:
    """The push of the highest worth among `SAMPLES` candidates, for every lane by itself."""
    qpos = simulator.qpos(states)
    poses, pusher = qpos[:, BLOCK], shape.to_block(qpos[:, BLOCK], qpos[:, PUSHER])
    candidates = _candidates(pusher, noise)
    travel = np.where(candidates.fresh, roadmap.ways(poses, pusher, candidates.place).length, 0.0)
    worth = np.full(travel.shape, -np.inf)
    lanes, samples = np.nonzero(np.isfinite(travel))
    error = _simulated_errors(simulator, states[lanes], candidates.take(lanes, samples))
    steps = travel[lanes, samples] / TRAVEL_STEP + _APPROACH_STEPS * candidates.fresh[lanes, samples]
    worth[lanes, samples] = _rate(_error(poses)[lanes], error, steps) * (1 + _TASTE_STD * noise[lanes, samples, 3])
    return candidates.take(np.arange(len(states)), worth.argmax(axis=1))


def _candidates(pusher: Array, noise: Array) -> Pushes:
    """Places all around the block; where the pusher touches it, the last `_NEAR` go on from there instead."""
    near = roadmap.inside(pusher)[:, None] & (np.arange(SAMPLES) >= SAMPLES - _NEAR)
    gap = pusher[:, None] - PLACES
    nearest = np.hypot(gap[..., 0], gap[..., 1]).argmin(axis=1)
    inward = np.where(near[..., None], INWARD[nearest][:, None], INWARD[_PLACE_OF])
    along = np.stack([inward[..., 1], -inward[..., 0]], axis=-1)
    jittered = PLACES[_PLACE_OF] + _ALONG_STD * np.clip(noise[..., :1], -1, 1) * along
    heading = shape.turn(inward, np.where(near, _NEAR_HEADING, 1.0) * _HEADING_STD * noise[..., 1])
    log_speed = _LOG_SPEED_STD * np.array(noise[..., 2], order="C")
    return Pushes(
        place=np.where(near[..., None], pusher[:, None], jittered),
        heading=heading,
        speed=np.clip(_SPEED * np.exp(log_speed), _SPEED_MIN, _SPEED_MAX),
        fresh=~near,
    )


def _simulated_errors(simulator: BatchSimulator, states: Array, pushes: Pushes) -> Float64[Array, "rows moments"]:
    """The block's error at the judged moments of every push; fresh ones start at rest at their place."""
    start = states.copy()
    qpos, qvel = simulator.qpos(start), simulator.qvel(start)
    place = shape.to_world(qpos[:, BLOCK], pushes.place)
    heading = shape.turn(pushes.heading, qpos[:, 2])
    qpos[:, PUSHER] = np.where(pushes.fresh[:, None], place, qpos[:, PUSHER])
    qvel[pushes.fresh] = 0.0
    targets = [push_targets(place, heading, pushes.speed, step) for step in range(1, _STEPS + 1)]
    result = simulator.simulate(start, np.clip(np.stack(targets, axis=1), 0.0, SIDE))
    return _error(simulator.qpos(result.states)[:, _JUDGED, BLOCK])


def _rate(before: Array, after: Array, steps: Array) -> Array:
    """Best logarithmic decrease of the error per control step over the moments at which a push may end."""
    duration = steps[:, None] + np.array(_JUDGED) + 1
    return np.asarray((np.log((before[:, None] + _FLOOR) / (after + _FLOOR)) / duration).max(axis=1))


def _error(poses: Float64[Array, "*poses 3"]) -> Float64[Array, "*poses"]:
    """Root mean square distance of the block's points from where they must be, metre, turning weighted up.

    About the centroid a rigid body displaced by d and turned by a has the mean square d^2 + 2 r^2 (1 - cos a), with r
    its radius of gyration.
    """
    error = shape.pose_error(poses)
    turned = 1 - np.cos(np.array(error[..., 2], order="C"))
    square = error[..., 0] ** 2 + error[..., 1] ** 2 + _TURN_WEIGHT * 2 * shape.GYRATION**2 * turned
    return np.asarray(np.sqrt(square))
