"""A task as a Gymnasium environment: the harness's bits, one control step at a time."""

import subprocess
import sys
from dataclasses import replace

import gymnasium
import numpy as np
import pytest

from harness.contract.fields import bounds
from harness.contract.policy import Execution
from harness.contract.scenes import draw_scene
from harness.contract.task import Advance, Dynamics
from harness.errors import ContractError, UnknownIdError
from harness.faults.effects import nominal
from harness.rollout.episode import Assignment
from harness.rollout.rounds import rollouts
from tasks.engines.gymnasium_env import TaskEnv, make, register
from tasks.pusht import task

CONTRACT = task.contract
STEPS = 20


@pytest.fixture
def env():
    return TaskEnv(task)


@pytest.fixture(scope="module")
def solved():
    """The applied actions of an expert's success on held-out scene 0, and what the harness saw."""
    expert = task.expert(1)
    assignments = [
        Assignment(f"{k}", draw_scene(CONTRACT, 0, "heldout", k), nominal(CONTRACT), ("test", k)) for k in range(4)
    ]
    execution = Execution(execute=expert.contract.chunk)
    done = rollouts(task.engine(1), expert, execution, assignments, lanes=4)
    return next(rollout for rollout in done if rollout.success.any())


def random_actions(seed=0, steps=STEPS):
    low, high = bounds(CONTRACT.action)
    return (low + (high - low) * np.random.default_rng(seed).random((steps, len(low)))).astype(np.float32)


def test_the_states_are_bit_equal_to_the_engine_advancing_in_chunks(env):
    actions, engine = random_actions(), task.engine(2)
    state = engine.reset([draw_scene(CONTRACT, 0, "heldout", 7)])
    env.reset(options={"scene": 7})
    for first in range(0, STEPS, 5):
        chunk = actions[None, first : first + 5]
        moved = engine.advance(Advance(state, chunk, None, [Dynamics()]))
        for k in range(5):
            observation, *_ = env.step(chunk[0, k])
            assert np.array_equal(env.state, moved.states[0, k])
            assert np.array_equal(observation, np.clip(moved.observations[0, k], *bounds(CONTRACT.observation)))
        state = np.ascontiguousarray(moved.states[:, -1])


def test_an_episode_ends_where_the_harness_ends_it(env, solved):
    env.reset(options={"scene": solved.assignment.scene.index})
    results = [env.step(action) for action in solved.applied]
    assert [terminated for _, _, terminated, _, _ in results] == [False] * (solved.steps - 1) + [True]
    assert not any(truncated for *_, truncated, _ in results)
    assert [info["success"] for *_, info in results] == np.logical_or.accumulate(solved.success).tolist()
    names = [signal.name for signal in CONTRACT.signals]
    assert results[-1][4]["signals"] == dict(zip(names, solved.signals[-1].astype(float).tolist(), strict=True))


def test_rewards_sum_to_the_progress_reached(env, solved):
    env.reset(options={"scene": solved.assignment.scene.index})
    assert sum(env.step(action)[1] for action in solved.applied) == pytest.approx(1)
    _, info = env.reset(options={"scene": 3})
    rewards = []
    for action in random_actions():
        _, reward, _, _, info = env.step(action)
        rewards.append(reward)
    assert sum(rewards) == pytest.approx(info["signals"]["progress"])


def test_the_horizon_truncates(env):
    env.reset(options={"scene": 0})
    still = np.array(env.state[4:6], np.float32)
    results = [env.step(still) for _ in range(CONTRACT.horizon)]
    assert [truncated for *_, truncated, _ in results] == [False] * (CONTRACT.horizon - 1) + [True]
    assert not any(terminated for _, _, terminated, _, _ in results)


def test_a_seed_repeats_the_scenes_and_every_reset_is_another(env):
    def scenes():
        return [env.reset(seed=5)[1]["scene"], *(env.reset()[1]["scene"] for _ in range(5))]

    first = scenes()
    assert first == scenes()
    assert len(set(first)) == 6


def test_a_scene_is_the_harness_s_scene_of_that_split_and_seed():
    for split, seed in (("stress", 0), ("heldout", 9)):
        _, info = TaskEnv(task, split=split, seed=seed).reset(options={"scene": 4})
        assert info == {"scene": 4, "split": split, "variables": draw_scene(CONTRACT, seed, split, 4).variables}


def test_actions_outside_the_bounds_are_clipped_as_in_the_harness(env):
    high = bounds(CONTRACT.action)[1]
    states = []
    for action in (high, high + 5):
        env.reset(options={"scene": 0})
        env.step(action)
        states.append(env.state)
    assert np.array_equal(*states)


def test_observations_never_leave_the_space(env, monkeypatch):
    env.reset(options={"scene": 0})
    engine = env._lane._engine
    monkeypatch.setattr(engine, "observe", lambda states, good=engine.observe: 10 * good(states) - 2)
    observation, *_ = env.step(random_actions()[0])
    assert (observation == bounds(CONTRACT.observation)[1]).any()
    assert observation in env.observation_space


def test_a_simulation_that_breaks_down_terminates_without_success(env, monkeypatch):
    env.reset(options={"scene": 0})
    engine, kept = env._lane._engine, env.state

    def broken(request):
        moved = engine.__class__.advance(engine, request)
        return replace(moved, states=moved.states * np.nan, signals=moved.signals * np.nan, diverged=~moved.diverged)

    monkeypatch.setattr(engine, "advance", broken)
    observation, reward, terminated, truncated, info = env.step(random_actions()[0])
    assert terminated and not truncated and info["diverged"] and not info["success"]
    assert reward == 0 and observation in env.observation_space and np.array_equal(env.state, kept)


def test_results_are_the_caller_s_own(env):
    first, info = env.reset(options={"scene": 0})
    kept = first.copy()
    info["variables"].clear()
    _, _, _, _, after = env.step(random_actions()[0])
    after["signals"].clear()
    again = env.step(random_actions()[1])
    assert np.array_equal(first, kept) and again[4]["signals"] and again[4]["variables"]


@pytest.mark.parametrize("scene", [-1, 1.5, True, "three"])
def test_a_scene_that_is_no_index_is_refused(scene, env):
    with pytest.raises(ContractError, match="non-negative integer"):
        env.reset(options={"scene": scene})


@pytest.mark.parametrize("action", [np.zeros(3), np.array([np.nan, 0]), np.zeros((1, 2))])
def test_an_action_that_is_none_is_refused(action, env):
    env.reset(seed=0)
    with pytest.raises(ContractError, match="2 finite numbers"):
        env.step(action)


def test_a_step_before_the_first_reset_is_refused(env):
    with pytest.raises(ContractError, match=r"call reset\(\)"):
        env.step(random_actions()[0])


def test_a_picture_comes_only_with_a_render_mode(env):
    env.reset(seed=0)
    assert env.render() is None
    painted = TaskEnv(task, render_mode="rgb_array")
    painted.reset(seed=0)
    camera = CONTRACT.cameras[0]
    assert painted.render().shape == (camera.height, camera.width, 3)


def test_registered_environments_are_made_by_id():
    register()
    register()
    env = gymnasium.make("samepanel/pusht-v1", split="stress")
    assert env.reset(options={"scene": 2})[1]["split"] == "stress"


def test_an_unknown_task_names_the_nearest():
    with pytest.raises(UnknownIdError, match="did you mean 'pusht-v1'"):
        make("pusht-v2")


def test_registering_imports_no_task_and_no_simulator():
    code = (
        "import sys; from tasks.engines.gymnasium_env import register; register();"
        "print(*[m for m in ('torch', 'mujoco', 'tasks.pusht') if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == ""
