"""How chunks become commands: open loop or temporal ensembling, the same for every policy.

A plan asked for at step q under virtual latency L starts at q + L with its first action. Until then older plans run on;
where none covers a step, the last command is held, which is a deadline miss.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Int64

from harness.contract.fields import Array
from harness.rollout.lanes import Lanes

__all__ = ["Commands", "commands", "store_plans"]


@dataclass(frozen=True)
class Commands:
    """Commands for n steps of some lanes; a step that no plan covers has plan step and chunk index -1."""

    actions: Float32[Array, "active n action"]
    plan_step: Int64[Array, "active n"]
    chunk_index: Int64[Array, "active n"]


def store_plans(
    lanes: Lanes,
    index: Int64[Array, " active"],
    actions: Float32[Array, "active chunk action"],
    latency: Int64[Array, " active"],
) -> None:
    """Put each new plan into the slot of the lane's oldest one."""
    slot = np.argmin(lanes.plan_start[index], axis=1)
    lanes.plans[index, slot] = actions
    lanes.plan_query[index, slot] = lanes.t[index]
    lanes.plan_start[index, slot] = lanes.t[index] + latency


def commands(
    lanes: Lanes, index: Int64[Array, " active"], steps: Int64[Array, "active n"], ensemble: float | None
) -> Commands:
    """Commands at consecutive `steps`, from the plans in the ring."""
    start = lanes.plan_start[index][:, None, :]
    age = steps[:, :, None] - start
    covers = (start >= 0) & (age >= 0) & (age < lanes.plans.shape[2])
    newest = np.argmax(np.where(covers, start, -1), axis=2)
    covered = np.asarray(covers.any(axis=2))
    rows = index[:, None]
    chunk_index = np.where(covered, np.take_along_axis(age, newest[:, :, None], axis=2)[:, :, 0], -1)
    if ensemble is None:
        actions = lanes.plans[rows, newest, np.maximum(chunk_index, 0)]
    else:
        actions = _average(lanes, index, age, covers, ensemble)
    plan_step = np.where(covered, lanes.plan_query[rows, newest], -1)
    return Commands(_held(actions, covered, lanes.hold[index]), plan_step, chunk_index)


def _average(
    lanes: Lanes,
    index: Int64[Array, " active"],
    age: Int64[Array, "active n ring"],
    covers: Bool[Array, "active n ring"],
    decay: float,
) -> Float32[Array, "active n action"]:
    """Weighted mean of all plans that cover a step, weights exp(-decay * i), i = 0 for the oldest (ACT, algorithm 2).

    Plans are summed one after the other from the oldest to the newest, so that no ring slot changes the rounding.
    """
    order = np.argsort(np.where(covers, -age, np.iinfo(np.int64).max), axis=2, kind="stable")
    total = np.zeros((*age.shape[:2], lanes.plans.shape[3]), np.float32)
    weight_sum = np.zeros(age.shape[:2], np.float32)
    for rank in range(age.shape[2]):
        slot = order[:, :, rank]
        used = np.take_along_axis(covers, slot[:, :, None], axis=2)[:, :, 0]
        at = np.take_along_axis(age, slot[:, :, None], axis=2)[:, :, 0]
        weight = np.where(used, np.float32(np.exp(-decay * rank)), np.float32(0))
        total += weight[:, :, None] * lanes.plans[index[:, None], slot, np.where(used, at, 0)]
        weight_sum += weight
    return np.asarray(total / np.maximum(weight_sum, np.float32(1e-12))[:, :, None], np.float32)


def _held(
    actions: Float32[Array, "active n action"], covered: Bool[Array, "active n"], hold: Float32[Array, "active action"]
) -> Float32[Array, "active n action"]:
    """Replace uncovered steps by the last covered one before them, or by the action held already."""
    position = np.where(covered, np.arange(actions.shape[1]), -1)
    last = np.maximum.accumulate(position, axis=1)
    carried = np.take_along_axis(actions, np.maximum(last, 0)[:, :, None], axis=1)
    return np.where(last[:, :, None] < 0, hold[:, None], carried)
