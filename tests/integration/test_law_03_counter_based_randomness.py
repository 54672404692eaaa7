"""Law 3: every random number is a pure function of its key; no global generator is read."""

import random
from dataclasses import fields, replace

import numpy as np
import pyarrow.parquet as pq
import pytest
from fakes.policies import Spy, Steady
from fakes.scenario import (
    CONTRACT,
    FAULTS,
    SEED,
    assignments,
    digests,
    faults,
    realised,
    roll,
    run_manifest,
    write_manifest,
)
from hypothesis import given
from hypothesis import strategies as st

from harness.contract.scenes import draw_scene
from harness.faults.effects import nominal
from harness.faults.realise import realise
from harness.seeding import generator

TOGETHER = FAULTS["everything"]
REPLICATED = """\
schema: samepanel/manifest/v1
name: replicated
seed: 5
include: [shared.yaml]
panel:
  tasks: [{task: fake-v1, split: heldout, scenes: 2}]
  conditions: [everything]
  replicates: 2
policies: [{policy: noisy, seeds: [0]}]
run: {threads: 1, device: cpu}
"""


@given(seed=st.integers(0, 2**32 - 1), condition=st.sampled_from(["nominal", "everything"]))
def test_global_generators_are_neither_read_nor_moved(seed, condition):
    expected = digests(roll(assignments([condition]), Steady(sigma=0.1)))
    np.random.seed(seed)  # noqa: NPY002 -- the global generator is what must not matter
    random.seed(seed)
    before = np.random.get_state()[1].tolist(), random.getstate()  # noqa: NPY002 -- as above
    assert digests(roll(assignments([condition]), Steady(sigma=0.1))) == expected
    assert (np.random.get_state()[1].tolist(), random.getstate()) == before  # noqa: NPY002 -- as above


@given(kept=st.sets(st.integers(0, len(TOGETHER) - 1), min_size=1), scene=st.integers(0, 30))
def test_removing_faults_never_changes_what_the_others_draw(kept, scene):
    drawn = draw_scene(CONTRACT, SEED, "heldout", scene)
    whole = faults("everything")
    chosen = [whole[k] for k in sorted(kept)]
    all_of_them = realise(CONTRACT, whole, seed=SEED, scene=drawn, replicate=0)
    some = realise(CONTRACT, chosen, seed=SEED, scene=drawn, replicate=0)
    expected = {item["identity"]: item["realised"] for item in all_of_them.record}
    assert {item["identity"]: item["realised"] for item in some.record} == {
        fault.identity: expected[fault.identity] for fault in chosen
    }


def test_replicates_share_the_scene_and_not_the_noise():
    first, second = Spy(sigma=0.1, width=1), Spy(sigma=0.1, width=1)
    [todo] = assignments(scenes=[1])
    again = replace(todo, noise_key=(*todo.noise_key[:4], 1, todo.noise_key[5]))
    one, other = roll([todo], first, lanes=1), roll([again], second, lanes=1)
    [one], [other] = one.values(), other.values()
    np.testing.assert_array_equal(one.states[0], other.states[0])
    assert not np.array_equal(first.queries[0].noise, second.queries[0].noise)


def test_every_step_has_noise_of_its_own():
    spy = Spy(sigma=0.1, width=1)
    roll(assignments(scenes=[1]), spy, lanes=1)
    draws = {query.noise.tobytes() for query in spy.queries}
    assert len(draws) == len(spy.queries) > 5


@pytest.fixture
def replicated(plugins, tmp_path, monkeypatch):
    """A run of two replicates of two scenes: what its policy was asked, and its rows."""
    spy = Spy(sigma=0.1)
    monkeypatch.setattr("fakes.methods.KINDS", {"steady": lambda **settings: spy})
    run_manifest(write_manifest(tmp_path, text=REPLICATED), tmp_path / "out.parquet", lanes=4)
    names = ["scene", "replicate", "initial_state", "faults_hash"]
    return spy.queries[1:], pq.read_table(tmp_path / "out.parquet", columns=names).to_pylist()


def test_a_run_draws_noise_by_panel_seed_task_scene_replicate_and_step(replicated):
    queries, _ = replicated
    for query in queries[:3]:
        assert query.valid.all()
        for row, step in enumerate(query.steps.tolist()):
            draw = generator(5, "fake-v1", "heldout", row // 2, row % 2, "policy/noise", step)
            np.testing.assert_array_equal(query.noise[row], draw.standard_normal((4, 2), np.float32))


def test_replicates_of_a_run_share_the_scene_and_draw_their_own_faults(replicated):
    _, rows = replicated
    assert len({tuple(row["initial_state"]) for row in rows}) == len({row["scene"] for row in rows}) == 2
    assert len({row["faults_hash"] for row in rows}) == len(rows) == 4


def test_no_fault_means_nothing_at_all():
    got, expected = realised("nominal").effects, nominal(CONTRACT)
    for field in fields(expected):
        np.testing.assert_array_equal(getattr(got, field.name), getattr(expected, field.name))
