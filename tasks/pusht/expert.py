"""Draft."""
import numpy as np
from harness.contract.policy import NoiseSpec, Plan, PolicyContract, Query
from tasks.pusht import roadmap, shape
from tasks.pusht.contract import CONTRACT, SIDE
from tasks.pusht.engine import BLOCK, PUSHER, PushTEngine
from tasks.pusht import pushes as P

CHUNK = 4
class PushTExpert:
    def __init__(self, threads):
        self._sim = PushTEngine(threads).simulator
        self.contract = PolicyContract(method="expert", task=CONTRACT.id, n_obs=1, chunk=CHUNK, width=32,
            noise=NoiseSpec(shape=(P.SAMPLES, 4), kind="normal"), privileged=True, memory=9)
        self.card = {}
        self.decisions = 0
    def plan(self, query: Query) -> Plan:
        actions = np.repeat(query.hold[:, None], CHUNK, 1)
        memory = np.zeros_like(query.memory)
        rows = np.flatnonzero(query.valid)
        if len(rows):
            actions[rows], memory[rows] = self._plan(query.states[rows], query.noise[rows].astype(np.float64), query.memory[rows])
        return Plan(actions, memory)
    def _plan(self, states, noise, memory):
        memory = memory.copy()
        sim = self._sim
        qpos = sim.qpos(states); poses = np.ascontiguousarray(qpos[:, BLOCK])
        moved = poses - memory[:, 6:9]
        stale = (memory[:, 0] == 0) | (np.hypot(moved[:, 0], moved[:, 1]) > .002) | (np.abs(moved[:, 2]) > .02)
        if stale.any():
            self.decisions += stale.sum()
            c = P.best_pushes(sim, states[stale], noise[stale])
            memory[stale] = np.concatenate([np.ones((stale.sum(), 1))+ ~c.travel[:,None], c.place, c.heading, c.speed[:, None], poses[stale]], 1)
        place, heading, speed = memory[:, 1:3], memory[:, 3:5], memory[:, 5]
        at = shape.to_block(poses, qpos[:, PUSHER])
        pushing = memory[:, 0] == 2
        pushed = np.zeros(len(states))
        out = np.zeros((len(states), CHUNK, 2))
        for k in range(CHUNK):
            trav = ~pushing
            w = roadmap.ways(poses, at, place[:, None]).towards[:, 0]
            gap = w - at; dist = np.hypot(gap[:, 0], gap[:, 1])
            step = gap * np.minimum(1, P.TRAVEL_STEP / np.maximum(dist, 1e-9))[:, None]
            pushed += pushing
            at = np.where(trav[:, None], at + step, at)
            tgt = np.where(trav[:, None], at, at + (speed * (pushed + P.LEAD * (pushed > 0)))[:, None] * heading)
            out[:, k] = shape.to_world(poses, tgt)
            rest = place - at
            pushing |= np.hypot(rest[:, 0], rest[:, 1]) < .003
        memory[pushing, 0] = 0
        return np.clip(out, 0, SIDE).astype(np.float32), memory
