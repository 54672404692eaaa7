"""Straight pushes against the block: candidates, and how well each one does on the simulator.

A push starts behind a face, heads in a direction and moves its target at a constant speed. Its worth is the rate at which
it shrinks the block's error, travel included, so that distant but better pushes and near but worse ones compare fairly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Float64

from harness.contract.fields import Array
from tasks.engines.mujoco_batch import BatchSimulator
from tasks.pusht import roadmap, shape
from tasks.pusht.contract import SIDE
from tasks.pusht.engine import BLOCK, PUSHER

__all__ = ["SAMPLES", "TRAVEL_STEP", "Pushes", "best_pushes", "push_targets"]

import os
STEPS = int(os.environ.get("STEPS","8"))
import os
TRAVEL_STEP = float(os.environ.get("TRAVEL",".035"))
SAMPLES = 64
NEAR = 16
LEAD = 0.5
SPEED = (0.002, float(os.environ.get("VMAX",".025")))
SLACK = 2.0
FLOOR = 0.002
import os
TURN=float(os.environ.get("TURN","1"))
MIX=float(os.environ.get("MIX","1"))
SPREAD = (0.006*MIX, 0.3*MIX, 0.8, 0.1*MIX)


def _faces():
    spots, normals = [], []
    for i in range(8):
        a, b = shape.OUTLINE[i], shape.OUTLINE[(i + 1) % 8]
        t = (b - a) / np.hypot(*(b - a)); n = np.array([t[1], -t[0]])
        lo, hi = 0.004, np.hypot(*(b - a)) - 0.004
        if i == 2: hi -= 0.019
        if i == 6: lo += 0.019
        if i == 3: lo += 0.019
        if i == 5: hi -= 0.019
        k = max(2, round((hi - lo) / 0.015))
        for x in np.linspace(lo, hi, k):
            spots.append(a + x * t + n * roadmap.CLEARANCE); normals.append(-n)
    return np.array(spots), np.array(normals)

SPOTS, INWARD = _faces()
ORDER = np.arange(SAMPLES) % len(SPOTS)


@dataclass(frozen=True)
class Pushes:
    place: Array   # lanes 2 (block frame)
    heading: Array # lanes 2 (block frame)
    speed: Array
    travel: Array # bool


def push_targets(start, heading, speed, steps):
    """(..., steps, 2)"""
    k = np.arange(1, steps + 1)[:, None]
    return start[..., None, :] + speed[..., None, None] * (k + LEAD) * heading[..., None, :]


def rms(poses):
    e = shape.pose_error(poses)
    return np.sqrt(e[..., 0]**2 + e[..., 1]**2 + TURN * 2 * shape.GYRATION**2 * (1 - np.cos(np.ascontiguousarray(e[..., 2]))))


def best_pushes(sim: BatchSimulator, states, noise):
    lanes = len(states)
    qpos = sim.qpos(states)
    poses = np.ascontiguousarray(qpos[:, BLOCK]); pusher = shape.to_block(poses, qpos[:, PUSHER])
    inward = np.broadcast_to(INWARD[ORDER], (lanes, SAMPLES, 2)).copy()
    place = SPOTS[ORDER] + SPREAD[0] * np.clip(noise[..., 0:1], -1, 1) * inward[..., ::-1] * [1, -1]
    # near ones
    gap = np.hypot(*np.moveaxis(pusher[:, None] - SPOTS, -1, 0))
    nearest = gap.argmin(1)
    touching = roadmap.inside(pusher)
    near = touching[:, None] & (np.arange(SAMPLES) >= SAMPLES - NEAR)
    inward = np.where(near[..., None], INWARD[nearest][:, None], inward)
    place = np.where(near[..., None], pusher[:, None], place)
    heading = shape.turn(inward, np.where(near, 1.5, 1.0) * SPREAD[1] * noise[..., 1])
    level = rms(poses)
    speed = np.clip(0.009 * np.exp(SPREAD[2] * noise[..., 2]), *SPEED)
    length = np.where(near, 0.0, roadmap.ways(poses, pusher, place).length)
    wp = shape.to_world(poses[:, None], place)
    wh = shape.turn(heading, poses[:, None, 2])
    start = np.repeat(states[:, None], SAMPLES, 1)
    fresh = ~near
    q = sim.qpos(start); v = sim.qvel(start)
    q[..., PUSHER] = np.where(near[..., None], q[..., PUSHER], wp)
    v[fresh] = 0
    targets = np.clip(push_targets(wp, wh, speed, STEPS), 0, SIDE)
    out = sim.simulate(start.reshape(lanes * SAMPLES, -1), targets.reshape(lanes * SAMPLES, STEPS, 2))
    after = rms(sim.qpos(out.states)[..., BLOCK]).reshape(lanes, SAMPLES, STEPS)[..., 3::4]
    k = np.arange(4, STEPS + 1, 4)
    rate = np.log((level[:, None, None] + FLOOR) / (after + FLOOR)) / ((length / (TRAVEL_STEP*0.9))[..., None] + k + SLACK * fresh[..., None])
    rate = rate.max(-1)
    rate = rate * (1 + SPREAD[3] * noise[..., 3])
    rate = np.where(np.isfinite(length), rate, -np.inf)
    best = rate.argmax(1)
    r = np.arange(lanes)
    return Pushes(place[r, best], heading[r, best], speed[r, best], fresh[r, best])
