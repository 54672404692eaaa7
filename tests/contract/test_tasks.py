"""Every registered task keeps its contract, alone and through the environment interfaces.

Of a family, whose tasks share all code and differ in data, one stands for the rest: `fakes.families` says which.
"""

import gymnasium
import pytest
from fakes.families import TASKS
from gymnasium.utils.env_checker import check_env
from pettingzoo.test import parallel_api_test, parallel_seed_test

from harness import registry
from harness.conformance import TASK_CHECKS, TaskBench
from harness.errors import PrerequisiteError
from tasks.engines.gymnasium_env import register
from tasks.engines.pettingzoo_env import TaskParallelEnv


@pytest.fixture(scope="module", params=TASKS)
def bench(request):
    bench = TaskBench(registry.load("tasks", request.param))
    try:
        bench.engine  # noqa: B018 (made now, to see whether it can be)
    except PrerequisiteError as error:
        pytest.skip(str(error))
    return bench


@pytest.mark.parametrize("check", TASK_CHECKS)
def test_a_task_keeps_its_contract(bench, check):
    TASK_CHECKS[check](bench)


# Actions are in the contract's units, which are not normalised: the one thing that Gymnasium's checker may warn of.
@pytest.mark.filterwarnings("ignore:.*symmetric and normalized space")
def test_a_task_is_a_gymnasium_environment(bench):
    register()
    drawn = bool(bench.contract.cameras)
    env = gymnasium.make(f"samepanel/{bench.contract.id}", render_mode="rgb_array" if drawn else None)
    check_env(env.unwrapped, skip_render_check=not drawn)


def test_a_task_is_a_parallel_environment(bench, capsys):
    parallel_api_test(TaskParallelEnv(bench.task), num_cycles=bench.contract.horizon)
    parallel_seed_test(lambda: TaskParallelEnv(bench.task), num_cycles=20)
