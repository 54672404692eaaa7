"""PettingZoo's multiwalker from elsewhere: a team and a joint policy on it, one walker late, acted out again."""

import numpy as np
import pytest

from harness.artifact.reader import open_artifact
from harness.contract.policy import Runtime
from harness.demonstrations import write
from harness.executors.audit import Sample, audit
from harness.executors.local import Options, run
from harness.executors.recording import record
from harness.manifest.loading import load_manifest

MANIFEST = """\
schema: samepanel/manifest/v1
name: walkers
seed: 3
include: [parts.yaml]
panel:
  tasks: [{task: walkers-v1, scenes: 2}]
  conditions: [nominal, first-late]
policies:
  - {policy: bc, seeds: [0]}
teams:
  - {team: pair, agents: {walker_0: bc, walker_1: act}, seeds: [0], execution: {execute: 2}}
controls:
  - {control: zero}
  - {control: random}
  - {control: expert}
run: {lanes: 2, threads: 1, device: cpu}
"""
PARTS = """\
conditions:
  first-late: [{fault: action.delay, agent: walker_0, delay: 3 steps}]
policies:
  bc:
    method: bc
    recipe: {steps: 4, batch: 8, width: 8, hidden: [16], chunk: 2}
    execution: {execute: 2}
  act:
    method: act
    recipe: {steps: 4, batch: 8, width: 8, chunk: 4, model: 16, feedforward: 16, heads: 2, latent: 4}
    execution: {execute: 4}
"""


@pytest.fixture(scope="module")
def artifact(workplace, tmp_path_factory):
    from fakes import walkers  # noqa: PLC0415 -- the fakes need the harness
    from fakes.scenario import WALKERS, plugins  # noqa: PLC0415 -- see above

    folder = tmp_path_factory.mktemp("walkers")
    (folder / "parts.yaml").write_text(PARTS)
    (folder / "panel.yaml").write_text(MANIFEST)
    with plugins(WALKERS), pytest.MonkeyPatch.context() as patch:
        patch.setenv(walkers.DEMONSTRATIONS, str(folder / "demonstrations"))
        patch.setattr(walkers, "task", task := walkers.make())
        shown = record(task, lanes=2, threads=1, progress=lambda done, total: None)
        write(folder / "demonstrations", task.contract, shown)
        manifest = load_manifest(folder / "panel.yaml")
        run(manifest, Options(folder / "run.parquet", lanes=2, threads=1, device="cpu"))
        yield folder / "run.parquet"


def test_a_team_a_policy_and_the_controls_act_on_it(artifact):
    rows = open_artifact(artifact).columns("policy", "outcome", "steps", "condition", "signals_max").to_pylist()
    assert {row["policy"] for row in rows} == {"bc-s0", "pair-s0", "zero", "random", "expert"}
    assert {row["outcome"] for row in rows} <= {"success", "failure"}
    assert all(row["outcome"] == "success" for row in rows if row["policy"] == "expert")
    assert max(row["steps"] for row in rows) == 16


def test_one_walker_is_late_and_the_other_is_not(artifact):
    rows = open_artifact(artifact).columns("policy", "condition", "trace", "faults").to_pylist()
    for row in (row for row in rows if row["condition"] == "first-late"):
        commanded, applied = (np.clip(row["trace"][name], -1, 1) for name in ("commanded", "applied"))
        np.testing.assert_array_equal(applied[3:, :4], commanded[:-3, :4])
        np.testing.assert_array_equal(applied[:, 4:], commanded[:, 4:])
        assert [fault["fault"] for fault in row["faults"]] == ["action.delay/walker_0"]


def test_it_is_acted_out_again_bit_for_bit(artifact):
    found = audit(open_artifact(artifact), Sample(share=1.0), Runtime(1, "cpu"), lanes=1)
    assert found.findings == ()
    assert found.reproduced == found.episodes == 14
