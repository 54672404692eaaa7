"""What a policy of pictures saw is what rendering every step would have shown it, on the panel's own tasks."""

import numpy as np
import pytest
from fakes.pictures import drawn_afterwards

from harness import registry
from harness.contract.policy import Execution, Plan, PolicyContract
from harness.contract.scenes import draw_scene
from harness.executors.studio import Studio
from harness.faults.effects import nominal
from harness.rollout.episode import Assignment
from harness.rollout.rounds import rollouts
from harness.rollout.sight import Solo

TASKS = {"pusht-v1": ("top", 12), "transfer-cube-v1": ("top", 10), "avoid-v1": ("angle", 12)}


class Staring:
    """Goes where the middle of the picture's brightness lies, about the action it holds."""

    def __init__(self, task, camera):
        self.contract = PolicyContract(
            method="staring", task=task.contract.id, n_obs=2, chunk=4, width=4, cameras=(camera,), reads=()
        )
        self.card, self.queries = {"method": "staring"}, []

    def plan(self, query):
        self.queries.append(query)
        assert not query.observations.any()
        shown = query.images[self.contract.cameras[0]][:, -1].astype(np.float64).sum(axis=3)
        lean = (shown.mean(axis=2).argmax(axis=1) - shown.shape[1] / 2) / shown.shape[1]
        actions = query.hold[:, None] + 0.02 * lean[:, None, None] * np.ones((4, 4, query.hold.shape[1]))
        return Plan(actions.astype(np.float32), query.memory)


def run(task, camera, horizon, artist, lanes):
    contract = task.contract.model_copy(update={"horizon": horizon})
    engine, policy = task.engine(1), Staring(task, camera)
    short = type("Short", (), {"contract": contract, "__getattr__": lambda self, name: getattr(engine, name)})()
    todo = [
        Assignment(str(k), draw_scene(contract, 5, "heldout", k), nominal(contract), (k, "noise")) for k in range(3)
    ]
    done = rollouts(short, policy, Execution(execute=2), todo, lanes=lanes, artist=artist)
    return {rollout.assignment.episode: rollout for rollout in done}, policy


@pytest.mark.parametrize("name", TASKS)
def test_lazy_pictures_are_those_of_every_step_bit_for_bit(name):
    task, (camera, horizon) = registry.load("tasks", name), TASKS[name]
    done, policy = run(task, camera, horizon, Solo(task), lanes=3)
    for query in policy.queries:
        step = int(query.steps[0])
        for row, rollout in enumerate(done[str(k)] for k in range(3)):
            expected = drawn_afterwards(task, rollout, camera, step, 2)
            np.testing.assert_array_equal(query.images[camera][row], expected)
    assert len({rollout.query_hashes for rollout in done.values()}) == 3


@pytest.mark.parametrize("name", ["pusht-v1"])
def test_lanes_and_processes_change_no_bit(name):
    task, (camera, horizon) = registry.load("tasks", name), TASKS[name]
    alone, _ = run(task, camera, horizon, Solo(task), lanes=1)
    studio = Studio(task, 2)
    try:
        shared, _ = run(task, camera, horizon, studio, lanes=3)
    finally:
        studio.close()
    for episode, rollout in alone.items():
        assert rollout.query_hashes == shared[episode].query_hashes
        np.testing.assert_array_equal(rollout.states, shared[episode].states)
