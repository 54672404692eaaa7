"""Latency tolerance read off an artifact: which conditions are a ladder, and which latency they are."""

import numpy as np
import pytest
from fakes.forgery import forge

from harness.artifact.reader import open_artifact
from harness.reports.comparison import Rules
from harness.reports.families import sweeps
from harness.reports.leaderboard.gathering import gather
from harness.reports.tolerance import halving_text, interval_text, latency_ladder, tolerances

RENAMED = {"slow": "lag-2", "drops": "lag-1"}
STEPS = {"nominal": 0, "lag-1": 2, "lag-2": 4}
NEVER = {"steady-s0": (3, 3, 3), "noisy-s0": (2, 2, 0), "noisy-s1": (0, 1, 0)}


@pytest.fixture
def laddered(fake_artifact, tmp_path):
    """Two conditions become levels of one family, of latency or of something else; scenes succeed as told."""

    def call(source="slow", steps=STEPS, solved=NEVER):
        def rows(found):
            for row in found:
                row["condition"] = RENAMED.get(row["condition"], row["condition"])
                if row["condition"] in STEPS and row["policy"] in solved:
                    row["success"] = row["scene"] < solved[row["policy"]][list(STEPS).index(row["condition"])]
                    row["outcome"] = "success" if row["success"] else "failure"
                    row["latency_steps"] = steps[row["condition"]]

        def metadata(stored):
            conditions = stored["manifest"]["panel"]["conditions"]
            old = {name: conditions.pop(name) for name in RENAMED}
            conditions |= dict.fromkeys(RENAMED.values(), old[source])

        return open_artifact(forge(fake_artifact, tmp_path / "laddered.parquet", rows=rows, metadata=metadata))

    return call


def told(artifact):
    field = gather([artifact])
    return {item.actor.name: item for item in tolerances(field, field.policies, Rules())}


def test_each_policy_has_its_latency_in_ms(laddered):
    found = told(laddered())
    assert {item.family for item in found.values()} == {"lag"}
    noisy = found["noisy-s0"]
    # A control period of 100 ms; 2 of 3 solve up to 200 ms and none at 400 ms: half is reached in the middle.
    assert [(point.latency_ms, point.successes, point.scored) for point in noisy.points] == [
        (0, 2, 3),
        (200, 2, 3),
        (400, 0, 3),
    ]
    assert (noisy.halving.estimate, halving_text(noisy)) == (pytest.approx(300), "300")
    assert (found["steady-s0"].halving.estimate, halving_text(found["steady-s0"])) == (np.inf, "above 400")
    assert interval_text(found["steady-s0"]) == "above 400"
    unknown = found["noisy-s1"]
    assert (unknown.halving.estimate, halving_text(unknown), interval_text(unknown)) == (None, "unknown", "")


def test_levels_that_are_realised_alike_are_one(laddered):
    found = told(laddered(steps={"nominal": 0, "lag-1": 3, "lag-2": 3}))["noisy-s0"]
    assert [(point.conditions, point.scored) for point in found.points] == [(("nominal",), 3), (("lag-1", "lag-2"), 6)]


def test_an_error_and_an_unknown_latency_count_in_nothing(laddered, tmp_path):
    def crash(rows):
        for row in rows:
            if row["policy"] == "noisy-s0" and row["condition"] == "lag-2":
                row.update(outcome="error", success=None)
            if row["policy"] == "steady-s0" and row["condition"] == "lag-1":
                row["latency_steps"] = None

    found = told(open_artifact(forge(laddered().path, tmp_path / "crashed.parquet", rows=crash)))
    assert [len(found[name].points) for name in ("noisy-s0", "steady-s0", "noisy-s1")] == [2, 2, 3]


def test_without_a_ladder_of_latency_nothing_is_told(laddered, fake_artifact):
    for artifact in (open_artifact(fake_artifact), laddered("drops")):
        assert told(artifact) == {}
        assert not latency_ladder(artifact.metadata["manifest"]["panel"]["conditions"])
    assert latency_ladder(laddered().metadata["manifest"]["panel"]["conditions"]) == {"lag-1", "lag-2"}


def test_without_nominal_the_tolerance_is_unknown(laddered, tmp_path):
    def drop(rows):
        rows[:] = [row for row in rows if row["condition"] != "nominal"]

    found = told(open_artifact(forge(laddered().path, tmp_path / "blind.parquet", rows=drop)))
    assert {(item.points, halving_text(item)) for item in found.values()} == {((), "unknown")}


def test_a_condition_sweeps_a_fault_on_the_tasks_that_it_names_and_alone():
    late = {"fault": "timing.latency", "task": "a-v1"}
    assert sweeps([late], "a-v1", "timing.latency") and not sweeps([late], "b-v1", "timing.latency")
    assert not sweeps([late, {"fault": "action.delay", "task": None}], "a-v1", "timing.latency")
    assert sweeps([late, {"fault": "action.delay", "task": "b-v1"}], "a-v1", "timing.latency")
