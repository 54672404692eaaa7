"""Your environment, as you have it: a hand that reaches for a goal in the plane."""

import gymnasium
import numpy as np
from gymnasium.spaces import Box, Dict


class Reach(gymnasium.Env):
    observation_space = Dict({"hand": Box(-1, 1, (2,)), "goal": Box(-1, 1, (2,))})
    action_space = Box(-0.1, 0.1, (2,))

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.hand, self.goal = self.np_random.uniform(-0.9, 0.9, (2, 2))
        return self._seen(), {}

    def step(self, action):
        self.hand = np.clip(self.hand + action, -1, 1)
        gap = float(np.linalg.norm(self.goal - self.hand))
        return self._seen(), -gap, False, False, {"is_success": gap < 0.1}

    def _seen(self):
        return {"hand": np.float32(self.hand), "goal": np.float32(self.goal)}


gymnasium.register("yours/Reach-v0", Reach)
