"""Tiny Gymnasium environments, most of them bad in one way. A cart on a line goes to where its action points.

The observation is (position, goal); the reward rises to 1 as the cart nears its goal.
"""

import os
import random
import time

import gymnasium
import numpy as np
from gymnasium.spaces import Box

BAD_STEP = 13
"""Where the bad ones turn bad: later than the check at load looks."""


class Line(gymnasium.Env):
    """The good one. `bad_seed` is the only seed with which the others are bad; -1 for every seed."""

    def __init__(self, bad_seed=-1):
        self.observation_space = Box(-2.0, 2.0, (2,), np.float64)
        self.action_space = Box(-1.0, 1.0, (1,), np.float32)
        self._bad_seed = bad_seed

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self._bad = self._bad_seed in (-1, seed)
        self._position, self._goal = self.start()
        self._steps = 0
        return self.observed(), {}

    def start(self):
        return self.np_random.uniform(-1, 1, 2)

    def observed(self):
        return np.array([self._position, self._goal])

    def step(self, action):
        if self._bad and self._steps == BAD_STEP:
            self.misbehave()
        self._steps += 1
        self._position += 0.1 * float(action[0] - self._position) + 0.001 * self.np_random.normal()
        gap = abs(self._position - self._goal)
        return self.observed(), max(0.0, 1 - gap), self.ended(gap), False, {"gap": gap}

    def ended(self, gap):
        return False

    def misbehave(self):
        pass


class Unseeded(Line):
    def start(self):
        return random.uniform(-1, 1), 0.0


class SeededOnce(Line):
    """Ignores the seed of `reset`: its generator was seeded when it was made."""

    def __init__(self, **settings):
        super().__init__(**settings)
        self._rng = np.random.default_rng(0)

    def start(self):
        return self._rng.uniform(-1, 1, 2)


class Remembering(Line):
    """Its friction wears off from one episode to the next."""

    worn = 0.0

    def step(self, action):
        observation, reward, terminated, truncated, info = super().step(action)
        self.worn += 1e-6
        self._position += self.worn
        return observation, reward, terminated, truncated, info


class Crashing(Line):
    def misbehave(self):
        os._exit(3)


class Hanging(Line):
    def misbehave(self):
        time.sleep(600)


class Raising(Line):
    def misbehave(self):
        raise ValueError("the gripper fell off")


class NotANumber(Line):
    def misbehave(self):
        self._position = float("nan")


class Ending(Line):
    """Terminates at a step, whatever was reached."""

    def ended(self, gap):
        return self._bad and self._steps >= BAD_STEP


for _cls in (Line, Unseeded, SeededOnce, Remembering, Crashing, Hanging, Raising, NotANumber, Ending):
    gymnasium.register(f"fakes/{_cls.__name__}-v0", entry_point=_cls)
