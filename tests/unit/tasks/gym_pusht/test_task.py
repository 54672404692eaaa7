"""gym-pusht-v1: an episode under the harness is one stepped by hand, action for action and reward for reward."""

import importlib.util
import warnings

import gymnasium
import numpy as np
import pytest
from pydantic import TypeAdapter

from harness.contract.policy import Execution
from harness.contract.scenes import draw_scene
from harness.demonstrations import read
from harness.faults.catalogue import AnyFault
from harness.faults.realise import realise
from harness.rollout.episode import Assignment, Beginning
from harness.rollout.rounds import rollouts
from tasks.gym_pusht import task

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("gym_pusht") is None, reason="gym-pusht is missing: pip install 'samepanel[gym]'"
)

CONTRACT = task.contract
PROGRESS, COVERAGE, SUCCESS = 0, 1, 2
FAULTS = {
    "nominal": [],
    "bad day": [
        {"fault": "observation.frame_drop", "probability": "30 %", "burst": "200 ms"},
        {"fault": "observation.noise", "field": "block_position", "std": "1 % of range"},
        {"fault": "action.delay", "delay": "100 ms"},
        {"fault": "timing.latency", "latency": ["0 ms", "300 ms"]},
    ],
}


def assignment(condition, index, beginning=None):
    faults = TypeAdapter(tuple[AnyFault, ...]).validate_python(FAULTS[condition])
    scene = draw_scene(CONTRACT, 0, "heldout", index)
    effects = realise(CONTRACT, faults, seed=0, scene=scene, replicate=0).effects
    return Assignment(f"{condition}/{index}", scene, effects, (0, "test", index), beginning)


@pytest.fixture(scope="module")
def engine():
    engine = task.engine(2)
    yield engine
    engine.pool.close()


@pytest.fixture(scope="module")
def expert():
    return task.expert(1)


@pytest.fixture(scope="module")
def episodes(engine, expert):
    wanted = [assignment(condition, index) for condition in FAULTS for index in range(4)]
    done = rollouts(engine, expert, Execution(execute=4), wanted, lanes=8)
    return {rollout.assignment.episode: rollout for rollout in done}


def by_hand(seed, actions):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        env = gymnasium.make("gym_pusht:gym_pusht/PushT-v0")
        observation, _ = env.reset(seed=seed)
        seen, returned = [observation], []
        for action in actions:
            observation, reward, terminated, truncated, info = env.step(action)
            seen.append(observation)
            returned.append((reward, info["coverage"], info["is_success"], terminated, truncated))
    return np.array(seen), np.array(returned, np.float64)


@pytest.mark.parametrize("condition", FAULTS)
def test_an_episode_equals_one_stepped_by_hand(episodes, condition):
    for index in range(4):
        rollout = episodes[f"{condition}/{index}"]
        assert not rollout.error
        seen, returned = by_hand(int(rollout.assignment.scene.variables["seed"]), rollout.applied)
        assert np.array_equal(rollout.measured, seen.astype(np.float32))
        assert np.array_equal(rollout.signals[:, [PROGRESS, COVERAGE, SUCCESS]], returned[:, :3].astype(np.float32))
        assert rollout.success.tolist() == returned[:, 2].astype(bool).tolist()
        ended = returned[:, 3:].any(axis=1)
        assert ended[-1]
        assert not ended[:-1].any()


def test_the_expert_solves_and_the_faults_were_felt(episodes):
    assert sum(bool(episodes[f"nominal/{index}"].success.any()) for index in range(4)) >= 3
    faulty = episodes["bad day/0"]
    assert not np.array_equal(faulty.obs_id, np.arange(faulty.steps))
    assert not np.array_equal(faulty.commanded, faulty.applied)


def test_lanes_and_company_do_not_matter(episodes, engine, expert):
    alone = next(iter(rollouts(engine, expert, Execution(execute=4), [assignment("bad day", 2)], lanes=1)))
    assert alone.states.tobytes() == episodes["bad day/2"].states.tobytes()


def test_the_expert_takes_over_where_another_engine_left_off(episodes, expert):
    past = episodes["nominal/1"]
    other = task.engine(1)
    call = assignment("nominal", 1, Beginning(past, 40))
    after = next(iter(rollouts(other, expert, Execution(execute=4), [call], lanes=1)))
    other.pool.close()
    assert after.steps > 40
    seed = int(past.assignment.scene.variables["seed"])
    assert np.array_equal(after.measured, by_hand(seed, after.applied)[0].astype(np.float32))


def test_the_demonstrations_are_the_environments_own():
    found = read(task.demonstrations, CONTRACT)
    scenes = [draw_scene(CONTRACT, 0, "train", index) for index in found.scenes[:5]]
    for k, scene in enumerate(scenes):
        first = by_hand(int(scene.variables["seed"]), [])[0][0]
        assert np.array_equal(found.observations[k][0], first.astype(np.float32))
