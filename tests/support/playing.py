"""An expert at work on a task's engine, without the harness between them, for the tests of tasks."""

from dataclasses import dataclass

import numpy as np

from harness.contract.policy import Query
from harness.contract.task import Advance, Dynamics, Scene
from harness.seeding import generator

NOMINAL = Dynamics()


@dataclass
class Played:
    """What an episode of each lane led to: success so far, steps until it, states, actions and signals per step."""

    success: np.ndarray
    steps: np.ndarray
    states: np.ndarray
    actions: np.ndarray
    signals: np.ndarray


class Playing:
    """Scenes, queries and episodes of one task; `stream` names the random numbers of its tests."""

    def __init__(self, task, stream):
        self._task, self._stream = task, stream

    def scenes_of(self, split: str, count: int) -> list[Scene]:
        """Scenes drawn from the split's reset ranges."""
        drawn = []
        for index in range(count):
            rng = generator(f"{self._stream} test", split, index)
            ranges = self._task.contract.resets[split]
            variables = {name: rng.uniform(r.low, r.high) for name, r in ranges.items()}
            drawn.append(Scene(self._task.contract.id, split, index, variables))
        return drawn

    def query_of(self, states, hold, step, memory, noise, valid=None) -> Query:
        """A query of the expert for every row; it reads no observation."""
        lanes = len(states)
        return Query(
            observations=np.zeros((lanes, 1, self._task.contract.observation_width), np.float32),
            noise=noise,
            states=states,
            scenes=(None,) * lanes,
            hold=hold,
            steps=np.full(lanes, step),
            memory=memory,
            valid=np.ones(lanes, bool) if valid is None else valid,
        )

    def noise_of(self, expert, lanes: int, seed: int = 0) -> np.ndarray | None:
        """Fresh uniform draws for every row, if the expert draws any."""
        spec = expert.contract.noise
        if spec is None:
            return None
        streams = (generator(f"{self._stream} noise", seed, row) for row in range(lanes))
        return np.stack([stream.random(spec.shape, np.float32) for stream in streams])

    def play(self, engine, expert, scenes, *, shift_at=None, offset=(0.0, 0.0), dynamics=NOMINAL, noise=0.0) -> Played:
        """Let the expert act; the thing is moved by `offset` before step `shift_at`.

        Commands carry `noise` times the noise of the recording.
        """
        states, lanes, chunk = engine.reset(scenes), len(scenes), expert.contract.chunk
        hold, memory = engine.rest(states), np.zeros((lanes, expert.contract.memory))
        draws, rng = self.noise_of(expert, lanes), np.random.default_rng(0)
        spread = noise * np.array(self._task.contract.dataset.action_noise)
        success, steps, parts, done = np.zeros(lanes, bool), np.zeros(lanes, int), [], []
        for step in range(0, self._task.contract.horizon, chunk):
            if step == shift_at:
                states = engine.shift(states, np.tile(offset, (lanes, 1)))
            plan = expert.plan(self.query_of(states, hold, step, memory, draws))
            applied = (plan.actions + spread * rng.standard_normal(plan.actions.shape)).astype(np.float32)
            advanced = engine.advance(Advance(states, applied, None, [dynamics] * lanes))
            memory, hold, states = plan.memory, plan.actions[:, -1], np.ascontiguousarray(advanced.states[:, -1])
            steps += np.where(success, 0, np.where(advanced.success.any(1), 1 + advanced.success.argmax(1), chunk))
            success |= advanced.success.any(1)
            parts.append(advanced)
            done.append(plan.actions)
            if success.all():
                break
        seen, signals = (np.concatenate([getattr(part, name) for part in parts], 1) for name in ("states", "signals"))
        return Played(success, steps, seen, np.concatenate(done, 1), signals)
