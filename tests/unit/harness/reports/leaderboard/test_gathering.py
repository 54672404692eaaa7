"""Columns of a whole artifact: who acted, in which cell, and what is counted."""

import numpy as np
import pytest
from fakes.forgery import forge

from harness.artifact.reader import open_artifact
from harness.errors import ArtifactError
from harness.reports.comparison import Rules
from harness.reports.leaderboard.cells import heat
from harness.reports.leaderboard.choosing import choose
from harness.reports.leaderboard.failures import causes, labels, tally
from harness.reports.leaderboard.gathering import gather
from harness.reports.leaderboard.ranking import rank
from harness.reports.leaderboard.timing import entries, fault_recoveries, measure
from harness.reports.pairing import Scope, entrants
from harness.reports.summary import summarise

TASK = "fake-v1/heldout"


@pytest.fixture
def read(fake_artifact, tmp_path):
    """The fake artifact, with its rows and metadata changed first."""

    def call(**change):
        return open_artifact(forge(fake_artifact, tmp_path / "forged.parquet", **change))

    return call


def test_policies_come_first_and_keep_their_order(fake_artifact):
    field = gather([open_artifact(fake_artifact)])
    assert {actor.name for actor in field.policies} == {"steady-s0", "noisy-s0", "noisy-s1"}
    assert [actor.control for actor in field.actors] == [False] * 3 + [True] * 5
    assert (field.tasks, field.conditions[0]) == ((TASK,), "nominal")
    assert [actor.colour for actor in field.actors if actor.control] == [None] * 5


def test_counts_by_cell_are_those_of_the_summary(fake_artifact):
    artifact = open_artifact(fake_artifact)
    field, summary = gather([artifact]), summarise(artifact)
    for (task, policy, condition), cell in summary.cells.items():
        names = [actor.name for actor in field.actors]
        where = names.index(policy), field.tasks.index(task), field.conditions.index(condition)
        failures, successes, errors = field.outcomes[where]
        assert (successes, failures + successes, errors) == (cell.success.successes, cell.success.scored, cell.errors)


def test_the_policies_are_those_that_compare_reads(fake_artifact):
    artifact = open_artifact(fake_artifact)
    mine, theirs = gather([artifact]).entrants, entrants([artifact])
    assert {one.name: dict(one.outcomes) for one in mine} == {one.name: dict(one.outcomes) for one in theirs}
    assert {one.name: dict(one.ids) for one in mine} == {one.name: dict(one.ids) for one in theirs}


def test_a_policy_of_two_files_is_two_actors(fake_artifact, read):
    field = gather([open_artifact(fake_artifact), read()])
    assert len(field.policies) == 6
    assert {actor.name.split(":")[0] for actor in field.policies} == {"fake", "forged"}


def test_probes_count_in_nothing(fake_artifact, read):
    def probe(rows):
        rows.append(rows[0] | {"purpose": "probe", "parent": rows[0]["episode"], "episode": "probe"})

    plain, probed = gather([open_artifact(fake_artifact)]), gather([read(rows=probe)])
    assert (plain.probes, probed.probes) == (0, 1)
    np.testing.assert_array_equal(plain.outcomes, probed.outcomes)


def test_no_row_is_no_artifact_to_show(read):
    with pytest.raises(ArtifactError, match="expected episodes; got none"):
        gather([read(rows=list.clear)])


def expert_fails(rows):
    for row in rows:
        if row["policy"] == "expert" and row["condition"] == "drops":
            row.update(success=False, outcome="failure", failure_category="evaluation")


def test_nobody_is_ranked_on_a_cell_that_the_expert_does_not_solve(read):
    artifact = read(rows=expert_fails)
    field = gather([artifact])
    ranking = rank(field, [artifact], None, Rules())
    assert ranking.unsolved == (Scope(TASK, "drops"),)
    assert {item.scored for item in ranking.found.standings} == {9}
    assert Scope(TASK, "drops") not in ranking.standings
    [table] = heat(field, ranking, field.policies)
    rates = {rate.condition: rate for rate in table.rows[0].rates}
    assert rates["drops"].unsolved and rates["drops"].interval is None
    assert "not ranked on" in rates["drops"].note and "not ranked on" not in rates["nominal"].note


def failing(rows):
    for row in rows:
        if row["purpose"] == "panel":
            row.update(success=False, outcome="failure", failure_category="planning")
            row["cause"] = "policy" if row["policy"] == "steady-s0" and row["scene"] == 2 else None


def test_failures_are_told_by_label_and_cause(read):
    field = gather([read(rows=failing)])
    told = tally(field, labels(field), Scope(), field.policies)
    assert (told.kinds, told.total) == (("planning",), 36)
    assert tally(field, labels(field), Scope(TASK, "drops"), field.policies).total == 9
    caused = tally(field, causes(field), Scope(), field.policies)
    assert (caused.kinds, caused.total) == (("policy",), 4)


def test_pages_go_to_what_broke_then_to_what_is_explained_then_round_the_conditions(read):
    field = gather([read(rows=failing)])
    steady = next(item for item in choose(field, 12, ()) if item.actor.name == "steady-s0")
    assert (steady.failures, len(steady.rows)) == (12, 12)
    assert [int(field.worlds.scene[field.world[row]]) for row in steady.rows[:4]] == [2, 2, 2, 2]
    assert [field.conditions[field.condition[row]] for row in steady.rows[4:8]] == list(field.conditions)
    last = str(field.table["episode"][steady.rows[-1]])
    first = next(item for item in choose(field, 1, {last}) if item.actor.name == "steady-s0")
    assert (str(field.table["episode"][first.rows[0]]), first.failures) == (last, 12)
    assert all(not item.rows for item in choose(field, 0, ()))


def test_recovery_and_timing_leave_out_what_is_not_known(read):
    def recover(rows):
        for row in rows:
            row["recovery"], row["inference_ms"] = [], None
        one = next(row for row in rows if row["policy"] == "steady-s0" and row["condition"] == "shift")
        fault = {"fault": "scene.object_shift", "start": 3, "stop": 4}
        one["recovery"] = [fault | {"recovered": True, "steps": 6}, fault | {"recovered": False, "steps": None}]

    field = gather([read(rows=recover)])
    told = {item.actor.name: item for item in entries(field, measure(field), Scope(), field.policies, Rules())}
    steady, noisy = told["steady-s0"], told["noisy-s0"]
    assert (steady.recovery.resumed, steady.recovery.windows, steady.recovery.steps) == (1, 2, 6.0)
    assert (noisy.recovery.windows, noisy.recovery.steps, noisy.timing.inference_p50) == (0, None, None)
    elsewhere = entries(field, measure(field), Scope(TASK, "nominal"), field.policies, Rules())
    assert {item.recovery.windows for item in elsewhere} == {0}
    assert steady.timing.misses is not None and steady.timing.latency is not None


def test_recovery_is_told_by_fault_where_there_is_a_window(read):
    def fail(rows):
        for row in rows:
            row["recovery"] = []
            if row["condition"] in ("shift", "drops") and row["purpose"] == "panel":
                stands = {"start": 2, "stop": 3, "recovered": row["policy"] == "steady-s0", "steps": 4}
                row["recovery"] = [{"fault": "scene.object_shift"} | stands]
                row.update(steps=40, success_step=30)

    field = gather([read(rows=fail)])
    told = fault_recoveries(field, measure(field), field.policies, Rules())
    assert [(item.task, item.fault, item.conditions) for item in told] == [
        (TASK, "scene.object_shift", ("drops", "shift"))
    ] * 3
    steady = next(item.recovery for item in told if item.actor.name == "steady-s0")
    noisy = next(item.recovery for item in told if item.actor.name == "noisy-s0")
    assert (steady.windows, steady.resumed, steady.steps, steady.seconds) == (6, 6, 4.0, pytest.approx(0.4))
    assert (noisy.windows, noisy.resumed, noisy.steps) == (6, 0, None)
