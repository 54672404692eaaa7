"""Recording demonstrations: the task's expert on scenes of the split `train`, through the same step loop as a panel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from harness.contract.fields import bounds
from harness.contract.policy import Execution
from harness.contract.scenes import draw_scene
from harness.contract.task import Task, TaskContract
from harness.demonstrations.dataset import Demonstrations
from harness.errors import DatasetError
from harness.faults.effects import Effects, nominal
from harness.rollout.episode import Assignment, Rollout
from harness.rollout.rounds import rollouts
from harness.seeding import generator

__all__ = ["record"]

SEED = 0
SURPLUS = 1.3


def record(task: Task, *, lanes: int, threads: int, progress: Callable[[int, int], None]) -> Demonstrations:
    """The first successful episodes, in scene order, as many as the contract promises.

    While recording, noise is added to what reaches the actuators but not to the recorded command, so that the
    demonstrations show how to come back from small errors (DART; Laskey et al. 2017).

    Raises:
        DatasetError: the expert fails too often for the surplus of scenes.
    """
    contract = task.contract
    promise = contract.dataset
    scenes = int(np.ceil(promise.episodes * SURPLUS))
    expert = task.expert(threads)
    execution = Execution(execute=expert.contract.chunk)
    found: list[Rollout] = []
    for rollout in rollouts(
        task.engine(threads), expert, execution, (_assignment(contract, k) for k in range(scenes)), lanes=lanes
    ):
        found.append(rollout)
        progress(len(found), scenes)
    solved = sorted((item for item in found if item.success.any()), key=lambda item: item.assignment.scene.index)[
        : promise.episodes
    ]
    if len(solved) < promise.episodes:
        raise DatasetError(
            f"demonstrations of {contract.id}",
            expected=f"{promise.episodes} successes among {scenes} scenes",
            got=str(len(solved)),
            fix="repair the expert, or lower the recording noise in the contract",
        )
    return _collect(contract, solved, attempted=len(found), succeeded=sum(bool(item.success.any()) for item in found))


def _assignment(contract: TaskContract, index: int) -> Assignment:
    return Assignment(
        episode=f"train-{index}",
        scene=draw_scene(contract, SEED, "train", index),
        effects=_disturbances(contract, index),
        noise_key=(SEED, contract.id, "train", index, "demonstrations/policy"),
    )


def _disturbances(contract: TaskContract, index: int) -> Effects:
    """Noise on the applied actions, and one move of the object in some episodes, as the contract promises."""
    promise = contract.dataset
    rng = generator(SEED, contract.id, "train", index, "demonstrations/noise")
    spread = np.array(promise.action_noise, np.float32)
    noise = rng.standard_normal((contract.horizon, contract.action_width), np.float32) * spread
    effects = replace(nominal(contract), action_offset=noise)
    rng = generator(SEED, contract.id, "train", index, "demonstrations/shift")
    chosen, distance, angle, moment = rng.random(4) * (1.0, promise.shift, 2 * np.pi, promise.shift_before)
    if chosen >= promise.shifted:
        return effects
    offset = distance * np.array([np.cos(angle), np.sin(angle)])
    return replace(effects, shift_step=1 + int(moment * contract.horizon), shift=offset)


def _collect(contract: TaskContract, solved: list[Rollout], *, attempted: int, succeeded: int) -> Demonstrations:
    low, high = bounds(contract.action)
    return Demonstrations(
        observations=tuple(item.measured[: item.steps] for item in solved),
        actions=tuple(np.clip(item.commanded, low, high) for item in solved),
        scenes=tuple(item.assignment.scene.index for item in solved),
        info={
            "task": contract.id,
            "robot": contract.robot,
            "operator": contract.dataset.operator,
            "license": contract.dataset.license,
            "simulator": contract.simulator,
            "split": "train",
            "split_policy": "scenes of the split train only; held-out and stress scenes are drawn from other streams",
            "seed": SEED,
            "expert_attempts": attempted,
            "expert_successes": succeeded,
            "action_noise": list(contract.dataset.action_noise),
            "shifted": contract.dataset.shifted,
            "shift_m": contract.dataset.shift,
            "action_units": {field.name: field.unit for field in contract.action},
            "observation_units": {field.name: field.unit for field in contract.observation},
        },
    )
