"""The checks of a task: contract, scenes, success rule, demonstrations, pictures. Those of its engine: `physics`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping

import numpy as np

from harness.conformance import physics
from harness.conformance.workbench import EXPERT_SCENES, TaskBench, demand, demand_array, same
from harness.contract.fields import bounds
from harness.contract.scenes import draw_scene
from harness.contract.task import SPLITS, Task, TaskContract
from harness.demonstrations import read

__all__ = ["TASK_CHECKS", "check_task"]

SCENES = 32
DATASET_BYTES = 5_000_000
MOMENTS = 8
LIKENESS = 0.02
"""Most that a posed picture may be off, as a share of how far the pictures of the episode are from its first."""
_PICTURE = (48, 32)


def contract_is_whole(bench: TaskBench) -> None:
    """It survives JSON, the engine keeps the same one, and names are unique."""
    contract = bench.contract
    demand(isinstance(contract, TaskContract), bench.whose, expected="a TaskContract", got=type(contract).__name__)
    again = TaskContract.model_validate_json(contract.model_dump_json())
    demand(again == contract, bench.whose, expected="a contract that survives JSON", got="another one")
    demand(bench.engine.contract == contract, bench.whose, expected="an engine of this contract", got="another one")
    _demand_unique(bench, "observation", (field.name for field in contract.observation))
    _demand_unique(bench, "action", (field.name for field in contract.action))
    _demand_unique(bench, "signal", (signal.name for signal in contract.signals))
    _demand_unique(bench, "camera", (camera.name for camera in contract.cameras))
    _demand_unique(bench, "dynamics", contract.dynamics)


def splits_share_or_shift(bench: TaskBench) -> None:
    """`train` and `heldout` draw from the same ranges; `stress` has the same variables and at least one other range."""
    resets, whose = bench.contract.resets, f"{bench.whose}, resets"
    demand(resets["train"] == resets["heldout"], whose, expected="train and heldout alike", got="different ranges")
    demand(resets["stress"] != resets["train"], whose, expected="a shifted stress split", got="the ranges of train")
    demand(set(resets["stress"]) == set(resets["train"]), whose, expected="the same variables in every split")


def resets_repeat(bench: TaskBench) -> None:
    """The same scene gives the same state, in any company, in memory of its own."""
    scenes, whose = bench.scenes(SCENES), f"{bench.whose}, reset"
    first, again = bench.engine.reset(scenes), bench.engine.reset(scenes)
    demand_array(first, whose, shape=(SCENES, first.shape[-1]), dtype=np.float64)
    demand(not np.shares_memory(first, again), whose, expected="a fresh array", got="one that is handed out twice")
    demand(same(first, again), whose, expected="the same state for the same scene", got="another")
    alone = np.concatenate([bench.engine.reset([scene]) for scene in reversed(scenes)])[::-1]
    demand(same(first, alone), whose, expected="the same state for a scene reset alone", got="another")


def resets_are_observed_within_bounds(bench: TaskBench) -> None:
    """First observations of every split: shape, dtype, finite, inside the inclusive bounds; `observe` reads only."""
    low, high = bounds(bench.contract.observation)
    for split in SPLITS:
        states = bench.states(SCENES, split)
        kept, whose = states.copy(), f"{bench.whose}, observe at reset of {split!r}"
        seen = bench.engine.observe(states)
        demand_array(seen, whose, shape=(SCENES, bench.contract.observation_width), dtype=np.float32)
        demand(same(states, kept), whose, expected="states left as they are", got="a changed state")
        demand(not np.shares_memory(seen, states), whose, expected="memory of its own", got="a view into the states")
        outside = (seen < low) | (seen > high)
        where = np.argwhere(outside)[:1]
        demand(
            not outside.any(),
            whose,
            expected="inside the contract's bounds",
            got="".join(f"{seen[row, at]} at component {at}, bounds {low[at]} to {high[at]}" for row, at in where),
            fix="widen the bounds, or narrow the reset ranges",
        )


def scenes_vary(bench: TaskBench) -> None:
    """No two scenes look alike."""
    for split in SPLITS:
        seen = bench.engine.observe(bench.states(SCENES, split))
        different = len(np.unique(seen, axis=0))
        demand(
            different == SCENES,
            f"{bench.whose}, scenes of {split!r}",
            expected=f"{SCENES} different first observations",
            got=str(different),
            fix="let every scene's variables reach the state",
        )


def success_follows_its_rule(bench: TaskBench) -> None:
    """`success` is the signal at its threshold; progress stays in [0, 1] and is 1 at success; the expert gets there."""
    contract, whose = bench.contract, f"{bench.whose}, success"
    names = [signal.name for signal in contract.signals]
    solved = bench.solved
    for moved in (bench.engine.advance(bench.wandering()), solved):
        reached = moved.signals[..., names.index(contract.success_signal)] >= np.float32(contract.success_threshold)
        demand(
            same(moved.success, reached & ~moved.diverged),
            whose,
            expected=f"{contract.success_signal} >= {contract.success_threshold}, undiverged",
            got="another verdict",
        )
        at = next(k for k, signal in enumerate(contract.signals) if signal.role == "progress")
        progress = moved.signals[..., at][~moved.diverged]
        demand(
            ((progress >= 0) & (progress <= 1)).all(),
            f"{bench.whose}, progress",
            expected="within [0, 1]",
            got=f"{progress.min()} to {progress.max()}",
        )
        demand(
            (moved.signals[..., at][moved.success] >= 1 - 1e-6).all(),
            f"{bench.whose}, progress",
            expected="1 at success",
            got="less",
        )
    demand(
        solved.success.any(),
        f"{bench.whose}, expert",
        expected=f"a success within the horizon on one of {EXPERT_SCENES} scenes",
        got="none",
        fix="repair the expert, the success rule or the horizon",
    )


def contacts_are_flags(bench: TaskBench) -> None:
    """Signals of the role `contact` are 0 or 1."""
    moved = bench.engine.advance(bench.wandering())
    for at, signal in enumerate(bench.contract.signals):
        if signal.role == "contact":
            values = np.unique(moved.signals[..., at])
            demand(np.isin(values, (0, 1)).all(), f"{bench.whose}, {signal.name}", expected="0 or 1", got=str(values))


def demonstrations_are_kept(bench: TaskBench) -> None:
    """Present, verified, as many as promised, of the split `train`, small, inside the bounds, and of these very scenes.

    `read` verifies layout and content hash. The first observation of each episode is compared with the scene's reset.
    """
    contract, folder, whose = bench.contract, bench.task.demonstrations, f"{bench.whose}, demonstrations"
    if not contract.dataset.episodes:
        return
    found = read(folder, contract)
    promised = contract.dataset.episodes
    demand(len(found.actions) == promised, whose, expected=f"{promised} episodes", got=str(len(found.actions)))
    demand(len(set(found.scenes)) == promised, whose, expected="a scene of its own for each", got="a scene twice")
    demand(found.info.get("split") == "train", whose, expected="split 'train'", got=repr(found.info.get("split")))
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    demand(size <= DATASET_BYTES, whose, expected=f"at most {DATASET_BYTES} bytes", got=str(size))
    longest = max(len(actions) for actions in found.actions)
    demand(longest <= contract.horizon, whose, expected=f"at most {contract.horizon} steps", got=str(longest))
    actions, (low, high) = np.concatenate(found.actions), bounds(contract.action)
    demand(((actions >= low) & (actions <= high)).all(), whose, expected="actions inside the bounds", got="others")
    demand(np.isfinite(np.concatenate(found.observations)).all(), whose, expected="finite observations", got="NaN")
    scenes = [draw_scene(contract, int(found.info.get("seed", 0)), "train", index) for index in found.scenes]
    starts = bench.engine.observe(bench.engine.reset(scenes))
    demand(
        same(starts, np.stack([episode[0] for episode in found.observations])),
        whose,
        expected="first observations equal to those of the scenes they name",
        got="others",
        fix="record them again: the task has changed since",
    )


def pictures_are_drawn(bench: TaskBench) -> None:
    """Every camera draws uint8 frames of the size asked for, one a state, and sees an episode of the expert go on."""
    if not bench.contract.cameras:
        return
    states, (width, height) = bench.moments(2), _PICTURE
    kept = states.copy()
    for camera in bench.contract.cameras:
        whose = f"{bench.whose}, render {camera.name!r}"
        frames = bench.task.render(states, camera.name, width, height)
        demand_array(frames, whose, shape=(2, height, width, 3), dtype=np.uint8)
        demand(frames[0].std() > 0, whose, expected="a picture", got="one colour")
        demand(not same(frames[0], frames[1]), whose, expected="another picture of another moment", got="the same")
        demand(same(states, kept), whose, expected="states left as they are", got="a changed state")


def observations_are_drawn(bench: TaskBench) -> None:
    """States posed from observations are rows like the engine's, and look like the states that were observed.

    Asked of moments of an episode of the expert: where it touches the object, and where nothing hangs in the air.
    """
    if not bench.contract.cameras:
        return
    whose, (width, height) = f"{bench.whose}, posed", _PICTURE
    states = bench.moments(MOMENTS)
    posed = bench.task.posed(bench.engine.observe(states))
    demand_array(posed, whose, shape=states.shape, dtype=np.float64)
    for camera in bench.contract.cameras:
        truth, drawn = (bench.task.render(rows, camera.name, width, height).astype(float) for rows in (states, posed))
        apart, moved = np.abs(drawn - truth).mean(), np.abs(truth - truth[:1]).mean()
        demand(
            apart <= LIKENESS * moved,
            f"{whose}, {camera.name!r}",
            expected=f"pictures like those of the states: apart by at most {LIKENESS * moved:.2g} grey levels",
            got=f"{apart:.2g}",
            fix="put every joint, gripper and object where the observation says",
        )


TASK_CHECKS: Mapping[str, Callable[[TaskBench], None]] = {
    check.__name__: check
    for check in (
        contract_is_whole,
        splits_share_or_shift,
        resets_repeat,
        resets_are_observed_within_bounds,
        scenes_vary,
        physics.rest_holds_still,
        physics.results_have_their_shapes,
        physics.results_are_pure,
        physics.chunks_equal_single_steps,
        physics.threads_do_not_matter,
        physics.lanes_are_independent,
        physics.shift_moves_the_object_only,
        physics.pushes_act,
        physics.dynamics_factors_act,
        physics.unphysical_states_are_reported,
        success_follows_its_rule,
        contacts_are_flags,
        demonstrations_are_kept,
        pictures_are_drawn,
        observations_are_drawn,
    )
}
"""Every check of a task by name, the cheapest first."""


def check_task(task: Task) -> None:
    """All checks on a task. Raises ContractError at the first promise that is broken."""
    bench = TaskBench(task)
    for check in TASK_CHECKS.values():
        check(bench)


def _demand_unique(bench: TaskBench, kind: str, names: Iterable[str]) -> None:
    twice = [name for name, count in Counter(names).items() if count > 1]
    demand(not twice, f"{bench.whose}, {kind}", expected="unique names", got=f"{twice} twice", fix="rename one")
