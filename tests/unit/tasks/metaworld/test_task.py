"""Meta-World's tasks: the seed decides an episode, whatever came before, and the episode is Meta-World's own.

What all of them share (workers, lanes, law 4) is checked by `tests/contract` on two of them; here is what differs.
"""

import importlib.util
import pickle
import warnings

import numpy as np
import pytest

from harness import registry
from harness.contract.fields import bounds
from harness.contract.policy import Query
from harness.contract.scenes import draw_scene
from harness.contract.task import Advance, Dynamics
from harness.demonstrations import read
from harness.errors import PrerequisiteError
from tasks.engines import gymnasium_checks
from tasks.metaworld.table import NUMBERS, TABLE

MISSING = importlib.util.find_spec("metaworld") is None
needs_metaworld = pytest.mark.skipif(MISSING, reason="metaworld is missing: pip install 'samepanel[metaworld]'")

EACH = pytest.mark.parametrize("row", TABLE.values(), ids=lambda row: row.name)
STEPS = 200


def task_of(row):
    return registry.load("tasks", row.id)


def make(row):
    from tasks.metaworld.environment import MetaWorld  # noqa: PLC0415 -- not everybody has Meta-World

    return MetaWorld(row.environment, row.components)


def scripted(row):
    """Meta-World's policy, clipped to the action's bounds."""
    from metaworld.policies import ENV_POLICY_MAP  # noqa: PLC0415 -- see above

    policy = ENV_POLICY_MAP[row.environment]()

    def act(whole):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return np.clip(policy.get_action(whole), -1, 1).astype(np.float32)

    return act


def stepped(env, seed, actions):
    """All that an episode returns, as one array."""
    observation, info = env.reset(seed=seed)
    seen = [np.append(observation, [0.0, *info.values()])]
    for action in actions:
        observation, reward, _, _, info = env.step(action)
        seen.append(np.append(observation, [reward, info["touching"], info["lag"]]))
    return np.array(seen)


def wandering(seed, steps=25):
    return np.random.default_rng(seed).uniform(-1, 1, (steps, 4)).astype(np.float32)


def their_own(row, vector):
    """Meta-World's environment, new, with its own way to fix the random vector, and the goal visible."""
    from metaworld.env_dict import ENV_CLS_MAP  # noqa: PLC0415 -- see above
    from metaworld.types import Task  # noqa: PLC0415 -- see above

    base = ENV_CLS_MAP[row.environment]
    env = base()
    env.set_task(Task("", pickle.dumps({"env_cls": base, "rand_vec": vector, "partially_observable": False})))
    return env


@needs_metaworld
@EACH
def test_an_episode_is_a_function_of_its_seed_whatever_came_before(row):
    env, other = make(row), make(row)
    first = stepped(env, 5, wandering(0))
    stepped(env, 6, wandering(1))
    np.random.seed(7)  # noqa: NPY002 -- the generator that Meta-World would draw from
    assert stepped(env, 5, wandering(0)).tobytes() == first.tobytes()
    stepped(other, 8, wandering(2))
    assert stepped(other, 5, wandering(0)).tobytes() == first.tobytes()


@needs_metaworld
@EACH
def test_seeds_are_scenes_that_differ_inside_the_contracts_bounds(row):
    env, (low, high) = make(row), bounds(task_of(row).contract.observation)
    seen = np.array([env.reset(seed=seed)[0] for seed in range(8)], np.float32)
    assert len(np.unique(seen, axis=0)) == 8
    assert ((seen >= low) & (seen <= high)).all()


@needs_metaworld
@EACH
def test_the_expert_solves_an_episode_that_is_meta_worlds_own(row):
    env, expert = make(row), task_of(row).expert(1)
    observation, _ = env.reset(seed=11)
    theirs, act = their_own(row, env.inner._last_rand_vec), scripted(row)
    whole, _ = theirs.reset()
    touched = []
    for step in range(STEPS):
        assert observation.tobytes() == whole[list(row.components)].tobytes()
        action = planned(expert, row, observation)
        assert action.tobytes() == act(whole).tobytes(), "the expert misses what the task does not show"
        observation, reward, *_, info = env.step(action)
        whole, their_reward, *_, their_info = theirs.step(action)
        assert (reward, info["success"], info["obj_to_target"]) == (
            their_reward,
            their_info["success"],
            their_info["obj_to_target"],
        )
        touched.append(info["touching"])
        if info["success"]:
            assert step > 20
            assert not touched[0]
            assert any(touched) == row.contact
            return
    pytest.fail("no success within the horizon")


def planned(expert, row, observation):
    """The first action of the expert's plan; a state row begins with seed, step, reward and the two ends."""
    width, components = expert.contract.width, len(row.components)
    states = np.zeros((width, 5 + components))
    states[0, 5:] = observation
    asked = Query(
        observations=np.zeros((width, 1, components), np.float32),
        noise=None,
        states=states,
        scenes=(None,) * width,
        hold=np.zeros((width, 4), np.float32),
        steps=np.zeros(width, np.int64),
        memory=np.zeros((width, 0)),
        valid=np.arange(width) == 0,
    )
    return expert.plan(asked).actions[0, 0]


@needs_metaworld
@EACH
def test_the_demonstrations_are_of_these_scenes(row):
    contract = task_of(row).contract
    found = read(task_of(row).demonstrations, contract)
    assert len(found.actions) == contract.dataset.episodes
    env = make(row)
    for k in (0, contract.dataset.episodes - 1):
        scene = draw_scene(contract, 0, "train", found.scenes[k])
        observation, _ = env.reset(seed=int(scene.variables["seed"]))
        assert np.array_equal(found.observations[k][0], observation.astype(np.float32))


@needs_metaworld
def test_two_workers_and_this_process_agree():
    row = TABLE["pick-place"]
    contract, engine, env = task_of(row).contract, task_of(row).engine(2), make(row)
    scenes = [draw_scene(contract, 0, "heldout", index) for index in range(4)]
    actions = np.stack([wandering(index) for index in range(4)])
    moved = engine.advance(Advance(engine.reset(scenes), actions, None, [Dynamics()] * 4))
    assert len(engine.pool.processes) == 2
    engine.pool.close()
    for index, scene in enumerate(scenes):
        here = stepped(env, int(scene.variables["seed"]), actions[index])[1:, : len(row.components)]
        assert np.array_equal(moved.observations[index], here.astype(np.float32))


@needs_metaworld
def test_a_simulation_that_breaks_down_is_seen():
    env = make(TABLE["push"])
    env.reset(seed=0)
    env.inner.data.qvel[:] = np.nan
    assert np.isnan(env.step(np.zeros(4, np.float32))[0]).any()


@needs_metaworld
def test_without_a_seed_episodes_differ_and_follow_from_the_seed_before():
    env = make(TABLE["reach"])
    starts = []
    for _ in range(2):
        env.reset(seed=3)
        starts.append([env.reset()[0].tobytes() for _ in range(2)])
    assert starts[0] == starts[1]
    assert len(set(starts[0])) == 2


@EACH
def test_what_is_shown_is_in_order_and_has_a_name_for_every_number(row):
    contract = task_of(row).contract
    assert len(row.components) == contract.observation_width
    assert list(row.components) == sorted(set(row.components))
    assert max(row.components) < NUMBERS
    assert contract.id == row.id


def test_without_meta_world_the_tasks_say_what_to_install(monkeypatch):
    def missing(name):
        raise gymnasium_checks.PackageNotFoundError(name)

    monkeypatch.setattr(gymnasium_checks, "version", missing)
    task = task_of(TABLE["reach"])
    for use in (task.engine, task.expert):
        with pytest.raises(PrerequisiteError, match=r"pip install 'samepanel\[metaworld\]'"):
            use(1)
