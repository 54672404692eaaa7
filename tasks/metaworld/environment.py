"""Meta-World as a Gymnasium environment whose seed decides everything; importing this registers it as `ID`.

Meta-World ignores the seed of `reset`, draws from the global generator unless told otherwise, and carries an episode's
traces into the next: the warm start, the places of bodies while the hand is brought to its start, what a class
remembers. So nothing is reset here: every episode has an environment of its own, over a copy of the model that was
compiled once, and the seed draws what Meta-World calls the random vector. The episode is the one that Meta-World's own
environment gives after `set_task` with that vector, the goal visible, if it is the first since it was made.
"""

from __future__ import annotations

import copy
import pickle
from typing import Any

import gymnasium
import mujoco
import numpy as np
from gymnasium.spaces import Box
from jaxtyping import Float32, Float64
from metaworld.env_dict import ENV_CLS_MAP
from metaworld.sawyer_xyz_env import SawyerXYZEnv
from metaworld.types import Task

from harness.contract.fields import Array
from tasks.metaworld.table import ID

__all__ = ["MetaWorld"]

_HAND = "hand"


class MetaWorld(gymnasium.Env[Float64[Array, " component"], Float32[Array, " 4"]]):
    """One environment of Meta-World; `info` gains `touching` and `lag`, metre, from the hand to where it is pulled.

    Args:
        name: Meta-World's, e.g. "reach-v3".
        components: which of the 39 numbers are observed.
    """

    def __init__(self, name: str, components: tuple[int, ...]) -> None:
        mujoco.set_mju_user_warning(_unheard)
        self._base: type[SawyerXYZEnv] = ENV_CLS_MAP[name]
        self._components = list(components)
        self._made = _ready_made(self._base)
        self._env = self._made()
        self.action_space = self._env.action_space
        self.observation_space = Box(-np.inf, np.inf, (len(components),), np.float64)
        self._movable = _movable_geoms(self._env.model)

    @property
    def inner(self) -> SawyerXYZEnv:
        """Meta-World's environment of this episode."""
        return self._env

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Float64[Array, " component"], dict[str, Any]]:
        """A new environment, its random vector drawn by the seed; without one, by a seed that the last one draws."""
        super().reset(seed=seed)
        self._env = env = self._made()
        env.set_task(self._task(env, int(self.np_random.integers(2**31)) if seed is None else seed))
        observation, _ = env.reset()
        return observation[self._components], self._measured()

    def _task(self, env: SawyerXYZEnv, seed: int) -> Task:
        """What Meta-World calls a task: here the random vector that a seed draws, by the environment's own rules."""
        env.seed(seed)
        env.seeded_rand_vec, env._freeze_rand_vec = True, False
        env.reset_model()
        data = {"env_cls": self._base, "rand_vec": env._last_rand_vec, "partially_observable": False}
        return Task("", pickle.dumps(data))

    def step(
        self, action: Float32[Array, " 4"]
    ) -> tuple[Float64[Array, " component"], float, bool, bool, dict[str, Any]]:
        """Meta-World's step. A simulation that breaks down is observed as NaN."""
        try:
            observation, reward, terminated, truncated, info = self._env.step(action)
        except Exception:  # rewards may not be computable from what is no number
            if np.isfinite(self._env.data.qpos).all():
                raise
            return np.full(len(self._components), np.nan), 0.0, False, False, self._broken()
        return observation[self._components], float(reward), terminated, truncated, {**info, **self._measured()}

    def _measured(self) -> dict[str, float]:
        data = self._env.data
        lag = np.linalg.norm(data.mocap_pos[0] - data.body(_HAND).xpos)
        hand, other = self._movable
        first, second = (data.contact.geom[:, side] for side in (0, 1))
        touching = (hand[first] & other[second]) | (hand[second] & other[first])
        return {"touching": float(touching.any()), "lag": float(lag)}

    @staticmethod
    def _broken() -> dict[str, float]:
        return {"success": 0.0, "obj_to_target": np.nan, "touching": 0.0, "lag": np.nan}


def _ready_made(base: type[SawyerXYZEnv]) -> type[SawyerXYZEnv]:
    """`base`, made in milliseconds: over copies of a model that is compiled once, without what is only looked at.

    The physics is the same, and a copy takes a few MB instead of 19: every episode of a run holds one. Shapes that have
    a name are kept, since Meta-World asks for them: a sensor refers to each.
    """
    spec = mujoco.MjSpec.from_file(str(base().model_name))
    spec.compiler.discardvisual = True
    for geom in spec.geoms:
        if geom.name:
            frame = {"type": mujoco.mjtSensor.mjSENS_FRAMEPOS, "objtype": mujoco.mjtObj.mjOBJ_GEOM}
            spec.add_sensor(name=f"keep {geom.name}", objname=geom.name, **frame)
    compiled = spec.compile()
    # A simulation that has broken down must be seen, not begun again.
    compiled.opt.disableflags |= mujoco.mjtDisableBit.mjDSBL_AUTORESET

    def simulation(_: SawyerXYZEnv) -> tuple[Any, Any]:
        model = copy.copy(compiled)
        return model, mujoco.MjData(model)

    return type(base.__name__, (base,), {"_initialize_simulation": simulation})


def _unheard(_: str) -> None:
    """MuJoCo would write what it warns of to the log file of whoever runs this: a breakdown is data here."""


def _movable_geoms(model: Any) -> tuple[Array, Array]:
    """Masks over geoms: those of the robot, and those of other bodies that can move, which are a task's object."""
    bodies = np.asarray(model.geom_bodyid)
    robot = model.body_rootid[bodies] == model.body_rootid[model.body(_HAND).id]
    return robot, ~robot & (model.body_weldid[bodies] != 0)


gymnasium.register(ID, entry_point=f"{__name__}:{MetaWorld.__name__}")
