"""A task that keeps its promises passes; each broken promise is found by the check that is about it."""

from dataclasses import replace
from itertools import count

import numpy as np
import pytest

from harness.conformance import TASK_CHECKS, check_task
from harness.contract.task import DatasetPromise
from harness.errors import ContractError, DatasetError

CALLS = count()


def changed(name, change):
    """An `advance` whose field `name` is changed by change(values, engine, request)."""

    def advance(good, self, request):
        moved = good()
        return replace(moved, **{name: change(getattr(moved, name), self, request)})

    return {"advance": advance}


def same_neighbours(good, self, request):
    moved = good()
    return replace(moved, states=moved.states + 1e-9 * len(request.states))


def written_input(good, self, request):
    moved = good()
    request.states[:] += 1e-6
    return moved


def deaf_to(**fixed):
    return lambda good, self, request: good(replace(request, **{k: make(request) for k, make in fixed.items()}))


NOMINAL = {"dynamics": lambda request: [type(item)() for item in request.dynamics]}
BROKEN = {
    "resets_repeat": [
        {"reset": lambda good, self, scenes: good() + next(CALLS)},
        {"reset": lambda good, self, scenes: good() + 1e-3 * len(scenes)},
        {"reset": lambda good, self, scenes: good().astype(np.float32)},
    ],
    "resets_are_observed_within_bounds": [
        {"reset": lambda good, self, scenes: good() + 3},
        {"observe": lambda good, self, states: good().astype(np.float64)},
        {"observe": lambda good, self, states: good() * np.nan},
    ],
    "scenes_vary": [{"reset": lambda good, self, scenes: np.zeros((len(scenes), 6))}],
    "rest_holds_still": [
        {"rest": lambda good, self, states: good() + np.float32(1)},
        {"rest": lambda good, self, states: good() + np.float32(5)},
        {"rest": lambda good, self, states: good().astype(np.float64)},
    ],
    "results_have_their_shapes": [
        changed("signals", lambda values, self, request: values[:, :, :1]),
        changed("success", lambda values, self, request: values.astype(float)),
        changed("observations", lambda values, self, request: values + np.float32(1e-3)),
        changed("diverged", lambda values, self, request: np.ones_like(values)),
    ],
    "results_are_pure": [
        changed("states", lambda values, self, request: values + 1e-9 * next(CALLS)),
        {"advance": written_input},
    ],
    "chunks_equal_single_steps": [
        changed("states", lambda values, self, request: values + 1e-9 * np.arange(values.shape[1])[:, None])
    ],
    "threads_do_not_matter": [changed("states", lambda values, self, request: values + 1e-9 * self.threads)],
    "lanes_are_independent": [{"advance": same_neighbours}],
    "shift_moves_the_object_only": [
        {"observe": lambda good, self, states: good(states + states[..., [2, 3, 0, 1, 4, 5]])},
    ],
    "pushes_act": [
        {"advance": deaf_to(pushes=lambda request: None)},
        {
            "advance": lambda good, self, request: good(
                request if request.pushes is None else replace(request, pushes=request.pushes + 1)
            )
        },
    ],
    "dynamics_factors_act": [{"advance": deaf_to(**NOMINAL)}],
    "unphysical_states_are_reported": [changed("diverged", lambda values, self, request: np.zeros_like(values))],
    "success_follows_its_rule": [
        changed("success", lambda values, self, request: ~values),
        changed("signals", lambda values, self, request: values * np.float32([1.5, 1])),
        changed("success", lambda values, self, request: np.zeros_like(values)),
    ],
    "contacts_are_flags": [changed("signals", lambda values, self, request: values + np.float32([0, 0.5]))],
    "demonstrations_are_kept": [{"reset": lambda good, self, scenes: good() + 0.01}],
}
CASES = [(check, k) for check, broken in BROKEN.items() for k in range(len(broken))]


def test_a_task_that_keeps_its_promises_passes(carry):
    check_task(carry)


@pytest.mark.parametrize(("check", "case"), CASES)
def test_a_broken_engine_is_found(check, case, bench_of):
    with pytest.raises(ContractError, match="carry-v1"):
        TASK_CHECKS[check](bench_of(**BROKEN[check][case]))


def test_progress_outside_its_range_is_found(bench_of):
    below = changed("signals", lambda values, self, request: np.where(values < 0.5, np.float32(-1e-9), values))
    with pytest.raises(ContractError, match=r"progress; expected within \[0, 1\]"):
        TASK_CHECKS["success_follows_its_rule"](bench_of(**below))


def test_progress_that_is_not_whole_at_success_is_found(bench_of):
    rule = {"success_threshold": 0.5}

    def early(good, self, request):
        moved = good()
        return replace(moved, success=moved.signals[..., 0] >= 0.5)

    with pytest.raises(ContractError, match="progress; expected 1 at success"):
        TASK_CHECKS["success_follows_its_rule"](bench_of(rule, advance=early))


def test_an_expert_that_never_succeeds_is_found(bench_of, carry):
    bench = bench_of({"horizon": 3})
    with pytest.raises(ContractError, match="a success within the horizon"):
        TASK_CHECKS["success_follows_its_rule"](bench)


def test_inputs_that_are_written_or_handed_out_are_found(bench_of):
    def handing(good, self, request):
        moved = good()
        request.states[:, :1] = np.sign(request.states[:, :1])
        return replace(moved, states=np.broadcast_to(request.states[:, None], moved.states.shape))

    with pytest.raises(ContractError, match="memory of its own"):
        TASK_CHECKS["results_are_pure"](bench_of(advance=handing))


def test_every_check_has_a_case_that_fails():
    elsewhere = {"contract_is_whole", "splits_share_or_shift", "pictures_are_drawn", "observations_are_drawn"}
    assert set(BROKEN) | elsewhere == set(TASK_CHECKS)


def test_names_that_are_not_unique_are_found(bench_of, carry):
    twice = carry.contract.signals + carry.contract.signals[1:]
    with pytest.raises(ContractError, match="contact"):
        TASK_CHECKS["contract_is_whole"](bench_of({"signals": twice}))


def test_an_engine_of_another_contract_is_found(bench_of):
    bench = bench_of()
    bench.engine.contract = bench.contract.model_copy(update={"horizon": 7})
    with pytest.raises(ContractError, match="an engine of this contract"):
        TASK_CHECKS["contract_is_whole"](bench)


@pytest.mark.parametrize(("split", "like", "said"), [("stress", "train", "shifted"), ("heldout", "stress", "alike")])
def test_splits_that_do_not_share_or_shift_are_found(split, like, said, bench_of, carry):
    resets = {**carry.contract.resets, split: carry.contract.resets[like]}
    with pytest.raises(ContractError, match=said):
        TASK_CHECKS["splits_share_or_shift"](bench_of({"resets": resets}))


def test_a_missing_demonstration_is_found(bench_of):
    promise = DatasetPromise(operator="script", episodes=6, license="CC0-1.0", action_noise=(0.0, 0.0))
    with pytest.raises(ContractError, match="expected 6 episodes; got 5"):
        TASK_CHECKS["demonstrations_are_kept"](bench_of({"dataset": promise}))


def test_missing_demonstrations_are_found(bench_of, carry, tmp_path):
    carry.demonstrations = tmp_path
    with pytest.raises(DatasetError, match=r"no meta/info\.json"):
        TASK_CHECKS["demonstrations_are_kept"](bench_of())


@pytest.mark.parametrize(
    "picture",
    [
        lambda states, camera, width, height: np.zeros((len(states), height, width, 3), np.uint8),
        lambda states, camera, width, height: np.zeros((len(states), width, height, 3), np.uint8),
        lambda states, camera, width, height: np.zeros((len(states), height, width, 3), np.float32),
    ],
)
def test_pictures_that_are_none_are_found(picture, bench_of, carry):
    bench = bench_of()
    carry.render = picture
    with pytest.raises(ContractError, match="render 'top'"):
        TASK_CHECKS["pictures_are_drawn"](bench)


@pytest.mark.parametrize(
    ("posed", "said"),
    [
        (lambda observations: np.zeros((len(observations), 6)), "pictures like those of the states"),
        (lambda observations: np.zeros((len(observations), 5)), "float64 of shape"),
        (lambda observations: np.zeros((len(observations), 6), np.float32), "float64 of shape"),
    ],
)
def test_poses_that_are_others_are_found(posed, said, bench_of, carry):
    bench = bench_of()
    carry.posed = posed
    with pytest.raises(ContractError, match=said):
        TASK_CHECKS["observations_are_drawn"](bench)
