"""A Gymnasium environment as an engine: the bits of an environment stepped by hand, and no crash that is another's."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import gymnasium
import numpy as np
import psutil
import pytest
from fakes import environments
from fakes.environments import BAD_STEP

from harness.conformance import TaskBench
from harness.conformance import physics as checks
from harness.contract.fields import ActionField, ObservationField
from harness.contract.policy import Execution, Plan, PolicyContract
from harness.contract.scenes import draw_scene
from harness.contract.task import Advance, DatasetPromise, Dynamics, Range, Scene, Signal, TaskContract
from harness.errors import ContractError, PrerequisiteError
from harness.faults.effects import nominal
from harness.rollout.episode import Assignment
from harness.rollout.rounds import rollouts
from tasks.engines.gymnasium_pool import EnvironmentFailedError
from tasks.engines.gymnasium_task import Environment, GymnasiumTask

HORIZON = 30
SEEDS = {
    split: {"seed": Range(low=low, high=low + 1000, unit="1")}
    for split, low in {"train": 0, "heldout": 0, "stress": 5000}.items()
}


def _observed(name):
    return ObservationField(
        name=name,
        size=1,
        unit="m",
        frame="world",
        low=(-2.0,),
        high=(2.0,),
        description=name,
        rate_hz=10,
        proprioceptive=name == "position",
    )


CONTRACT = TaskContract(
    id="line-v1",
    description="Bring the cart to its goal.",
    robot="cart",
    simulator="",
    observation=(_observed("position"), _observed("goal")),
    action=(
        ActionField(
            name="target",
            size=1,
            unit="m",
            frame="world",
            low=(-1.0,),
            high=(1.0,),
            description="where to go",
            mode="absolute position target",
            agent="cart",
        ),
    ),
    control_period_s=0.1,
    physics_step_s=0.1,
    horizon=HORIZON,
    timing_budget_s=0.05,
    success="the reward reaches 0.98",
    success_signal="reward",
    success_threshold=0.98,
    object=None,
    dynamics=(),
    resets=SEEDS,
    signals=(
        Signal(name="progress", unit="1", role="progress", description="reward over 0.98"),
        Signal(name="reward", unit="1", role="other", description="the environment's reward"),
        Signal(name="gap", unit="m", role="distance", description="from the cart to its goal"),
        Signal(name="ended", unit="1", role="other", description="the environment has ended the episode"),
    ),
    stages=("near",),
    cameras=(),
    dataset=DatasetPromise(operator="nobody", episodes=1, license="Apache-2.0", action_noise=(0.0,)),
    license="Apache-2.0",
)


def line(name="Line", contract=CONTRACT, limit=30.0, **arguments):
    return GymnasiumTask(
        contract=contract,
        environment=Environment(f"fakes/{name}-v0", "fakes.environments", arguments, {"gap": 1}, time_limit_s=limit),
        signals={
            "progress": lambda m: np.minimum(m.reward / 0.98, 1.0),
            "reward": lambda m: m.reward,
            "gap": lambda m: m.info["gap"][..., 0],
            "ended": lambda m: m.terminated | m.truncated,
        },
        demonstrations=Path("none"),
        rest=lambda observations: observations[..., :1],
    )


@pytest.fixture
def engine_of():
    """Makes engines; their workers are gone when the test is over."""
    made = []

    def make(*names, threads=1, **settings):
        made.append(line(*names, **settings).engine(threads))
        return made[-1]

    yield make
    processes = [psutil.Process(pid) for engine in made for pid in engine.pool.processes]
    for engine in made:
        engine.pool.close()
    assert not any(process.is_running() for process in processes)


def scene(seed):
    return Scene(CONTRACT.id, "heldout", seed, {"seed": seed + 0.5})


def commands(seed, steps=HORIZON):
    return np.random.default_rng(seed).uniform(-1, 1, (steps, 1)).astype(np.float32)


def by_hand(seed, actions, name="Line"):
    """Observations, rewards, one a step, and the first observation before them."""
    env = gymnasium.make(f"fakes/{name}-v0")
    observation, _ = env.reset(seed=seed)
    seen, rewards = [observation], []
    for action in actions:
        observation, reward, *_ = env.step(action)
        seen.append(observation)
        rewards.append(reward)
    return np.array(seen, np.float32), np.array(rewards, np.float32)


def advance(engine, states, actions):
    return engine.advance(Advance(states, actions, None, [Dynamics()] * len(states)))


def run_through(engine, seeds, chunk):
    """Whole episodes of some seeds side by side, in chunks; observations and rewards a lane."""
    states = engine.reset([scene(seed) for seed in seeds])
    seen, rewards = [engine.observe(states)[:, None]], []
    actions = np.stack([commands(seed) for seed in seeds])
    for start in range(0, HORIZON, chunk):
        moved = advance(engine, states, actions[:, start : start + chunk])
        states = moved.states[:, -1].copy()
        seen.append(moved.observations)
        rewards.append(moved.signals[..., 1])
    return np.concatenate(seen, axis=1), np.concatenate(rewards, axis=1)


@pytest.mark.parametrize(("threads", "chunk"), [(1, 1), (2, 7)])
def test_an_episode_equals_one_stepped_by_hand(engine_of, threads, chunk):
    seeds = [3, 8, 3, 21, 34]
    seen, rewards = run_through(engine_of(threads=threads), seeds, chunk)
    for lane, seed in enumerate(seeds):
        wanted = by_hand(seed, commands(seed))
        assert np.array_equal(seen[lane], wanted[0])
        assert np.array_equal(rewards[lane], wanted[1])


def test_any_state_can_be_gone_on_from_in_any_process(engine_of):
    first, other = engine_of(), engine_of()
    states = first.reset([scene(5)])
    moved = advance(first, states, commands(5)[None])
    for step in (20, 4, 11):
        again = advance(other, moved.states[:, step - 1].copy(), commands(5)[None, step:])
        assert again.states.tobytes() == moved.states[:, step:].tobytes()


@pytest.mark.parametrize(
    "check",
    [
        checks.results_have_their_shapes,
        checks.results_are_pure,
        checks.chunks_equal_single_steps,
        checks.threads_do_not_matter,
        checks.lanes_are_independent,
        checks.shift_moves_the_object_only,
        checks.pushes_act,
        checks.dynamics_factors_act,
        checks.unphysical_states_are_reported,
    ],
)
def test_the_engine_keeps_its_contract(check, bench):
    check(bench)


@pytest.fixture(scope="module")
def bench():
    bench = TaskBench(line())
    yield bench
    bench.engine.pool.close()


def test_more_lanes_than_slots_are_advanced_in_parts(engine_of, monkeypatch):
    monkeypatch.setattr("tasks.engines.gymnasium_engine.SLOTS", 4)
    seeds = list(range(11))
    _, rewards = run_through(engine_of(threads=2), seeds, 10)
    assert all(np.array_equal(rewards[k], by_hand(k, commands(k))[1]) for k in seeds)


@pytest.mark.parametrize("name", ["Unseeded", "SeededOnce"])
def test_an_environment_that_ignores_its_seed_is_refused(name):
    with pytest.raises(ContractError, match=rf"fakes/{name}-v0; expected the same first observation .* ignores its se"):
        line(name).engine(1)


def test_an_environment_that_remembers_the_episode_before_is_refused():
    with pytest.raises(ContractError, match="keeps from the episode before"):
        line("Remembering").engine(1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"horizon": 40}, "expected room for 40 steps; got a limit of 30"),
        ({"observation": CONTRACT.observation[:1]}, "expected observations of 1 components; got 2"),
        ({"object": "cart"}, "no object to push or shift"),
        ({"signals": CONTRACT.signals[:3]}, "expected signals"),
        ({"action": (CONTRACT.action[0].model_copy(update={"high": (3.0,)}),)}, "got its own bounds"),
    ],
)
def test_an_environment_that_does_not_fit_is_refused(change, message):
    contract = CONTRACT.model_copy(update=change)
    with pytest.raises(ContractError, match=message):
        line(contract=contract, max_episode_steps=30).engine(1)


def test_an_environment_that_cannot_be_made_is_refused():
    with pytest.raises(ContractError, match="NameNotFound"):
        line("Nowhere").engine(1)


def test_another_version_of_a_package_is_refused():
    contract = CONTRACT.model_copy(update={"simulator": "gymnasium 0.1, no-such-package 3"})
    with pytest.raises(PrerequisiteError, match=r"expected gymnasium 0\.1; got .*pip install gymnasium==0.1"):
        line(contract=contract).engine(1)


class Wanderer:
    """Goes to places drawn by the scene's seed; privileged, so that it knows the scene."""

    contract = PolicyContract(method="wanderer", task=CONTRACT.id, n_obs=1, chunk=5, width=8, privileged=True)
    card: ClassVar = {"method": "wanderer"}

    def plan(self, query):
        actions = np.zeros((8, 5, 1), np.float32)
        for row, (where, step) in enumerate(zip(query.scenes, query.steps, strict=True)):
            if where is not None:
                actions[row] = commands(where.index)[step : step + 5]
        return Plan(actions, query.memory)


def roll_out(engine, seeds, lanes=8):
    contract = engine.contract
    assignments = [Assignment(str(seed), scene(seed), nominal(contract), ("test", seed)) for seed in seeds]
    done = rollouts(engine, Wanderer(), Execution(execute=5), assignments, lanes=lanes)
    return {rollout.assignment.scene.index: rollout for rollout in done}


NEVER = CONTRACT.model_copy(update={"success_threshold": 2.0})


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("Crashing", f"process ended with exit code 3 in step {BAD_STEP}"),
        ("Hanging", f"took longer than 0.5 s in step {BAD_STEP}"),
        ("Raising", f"ValueError in step {BAD_STEP}: the gripper fell off"),
    ],
)
def test_a_bad_environment_costs_its_own_episode(engine_of, name, reason):
    engine = engine_of(name, threads=2, contract=NEVER, limit=0.5, bad_seed=4)
    done = roll_out(engine, range(9), lanes=6)
    assert len(done) == 9
    assert reason in done[4].error
    assert done[4].steps == 0
    for seed in {*range(9)} - {4}:
        assert not done[seed].error
        assert np.array_equal(done[seed].signals[:, 1], by_hand(seed, commands(seed))[1])


def test_an_observation_that_is_no_number_is_a_breakdown(engine_of):
    done = roll_out(engine_of("NotANumber", contract=NEVER, bad_seed=2), range(4))
    assert done[2].diverged
    assert done[2].steps == BAD_STEP
    assert not any(done[seed].diverged for seed in (0, 1, 3))


def test_an_environment_that_ends_stands_still(engine_of):
    done = roll_out(engine_of("Ending", contract=NEVER, bad_seed=2), range(4))
    ended = done[2]
    assert ended.steps == HORIZON
    assert ended.signals[:, 3].tolist() == [0.0] * (BAD_STEP - 1) + [1.0] * (HORIZON - BAD_STEP + 1)
    assert (ended.measured[BAD_STEP:] == ended.measured[BAD_STEP]).all()
    assert np.array_equal(ended.signals[:BAD_STEP, 1], by_hand(2, commands(2), "Line")[1][:BAD_STEP])


def test_a_worker_that_is_killed_costs_nothing(engine_of):
    engine = engine_of(threads=2)
    states = engine.reset([scene(seed) for seed in range(6)])
    actions = np.stack([commands(seed) for seed in range(6)])
    moved = advance(engine, states, actions[:, :9])
    before = engine.pool.processes
    os.kill(before[0], signal.SIGKILL)
    psutil.Process(before[0]).wait()
    moved = advance(engine, moved.states[:, -1].copy(), actions[:, 9:])
    assert engine.pool.processes != before
    for seed in range(6):
        assert np.array_equal(moved.signals[seed, :, 1], by_hand(seed, actions[seed])[1][9:])


def test_a_failure_says_which_episode_it_was(engine_of):
    engine = engine_of("Raising", contract=NEVER, bad_seed=7)
    states = engine.reset([scene(7)])
    with pytest.raises(EnvironmentFailedError, match=r"fakes/Raising-v0 with seed 7: ValueError in step 13"):
        advance(engine, states, commands(7)[None])


def test_a_push_a_shift_and_other_dynamics_are_refused(engine_of):
    engine = engine_of()
    states, actions = engine.reset([scene(1)]), commands(1)[None, :3]
    request = Advance(states, actions, None, [Dynamics()])
    for refused in (replace(request, pushes=np.ones((1, 3, 2))), replace(request, dynamics=[Dynamics(payload=1.0)])):
        with pytest.raises(ContractError, match="a Gymnasium environment has no interface"):
            engine.advance(refused)
    with pytest.raises(ContractError, match="an object shift, for which"):
        engine.shift(states, np.ones((1, 2)))


SHARED_MEMORY = Path("/dev/shm")

LEFT_BEHIND = """
import os, signal, sys, threading, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # who runs the tests may ignore it
from test_gymnasium_engine import advance, commands, line, named_memory, scene

engine = line({name!r}, limit=600.0, bad_seed=1).engine(2)
print(*engine.pool.processes, flush=True)
print(*named_memory(os.getpid(), *engine.pool.processes), flush=True)
states = engine.reset([scene(1), scene(2)])
import numpy as np
{end}
advance(engine, states, np.stack([commands(1), commands(2)]))
"""


def named_memory(*pids):
    """Files of shared memory that processes map, as paths: what would stay if nobody unlinked it."""
    regions = (region for pid in pids for region in psutil.Process(pid).memory_maps())
    return sorted({region.path for region in regions if Path(region.path).is_relative_to(SHARED_MEMORY)})


@pytest.mark.parametrize(
    ("name", "end"),
    [
        ("Line", "pass"),
        ("Line", "raise RuntimeError"),
        ("Hanging", "threading.Timer(1, os.kill, (os.getpid(), signal.SIGINT)).start()"),
        ("Line", "os.kill(os.getpid(), signal.SIGKILL)"),
    ],
    ids=["end", "exception", "interrupt", "kill"],
)
def test_nothing_is_left_behind(name, end):
    here, support = str(Path(__file__).parent), str(Path(environments.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", LEFT_BEHIND.format(name=name, end=end)],
        capture_output=True,
        text=True,
        timeout=60,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([here, support])},
    )
    pids, memory = (line.split() for line in done.stdout.splitlines())
    workers = [int(pid) for pid in pids]
    assert len(workers) == 2, done.stderr
    deadline = time.monotonic() + 5
    while any(psutil.pid_exists(pid) for pid in workers) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(psutil.pid_exists(pid) for pid in workers)
    assert not [path for path in memory if Path(path).exists()]


def test_scenes_are_seeds():
    drawn = {int(draw_scene(CONTRACT, 0, "heldout", index).variables["seed"]) for index in range(40)}
    assert len(drawn) > 30
