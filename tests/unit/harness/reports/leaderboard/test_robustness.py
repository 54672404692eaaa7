"""Curves over severity, where the conditions of the panel form a ladder."""

import pytest
from fakes.forgery import forge

from harness.artifact.reader import open_artifact
from harness.reports.comparison import Rules
from harness.reports.leaderboard.gathering import gather
from harness.reports.leaderboard.ranking import rank
from harness.reports.leaderboard.robustness import families

RENAMED = {"slow": "lag-2", "drops": "lag-1"}


@pytest.fixture
def laddered(fake_artifact, tmp_path):
    """As if two of the conditions were levels of one family, with faults of their own or of the same kind."""

    def call(same):
        def rows(found):
            for row in found:
                row["condition"] = RENAMED.get(row["condition"], row["condition"])

        def metadata(stored):
            conditions = stored["manifest"]["panel"]["conditions"]
            for old, new in RENAMED.items():
                conditions[new] = conditions["slow"] if same else conditions[old]
            for old in RENAMED:
                del conditions[old]

        artifact = open_artifact(forge(fake_artifact, tmp_path / f"{same}.parquet", rows=rows, metadata=metadata))
        field = gather([artifact])
        panel = artifact.metadata["manifest"]["panel"]
        return families(field, rank(field, [artifact], None, Rules()), panel["conditions"])

    return call


def test_a_family_is_a_curve_a_policy_from_nominal_up(laddered):
    [family] = laddered(same=True)
    assert (family.name, family.conditions) == ("lag", ("nominal", "lag-1", "lag-2"))
    assert {curve.actor.name for curve in family.curves} == {"steady-s0", "noisy-s0", "noisy-s1"}
    assert all(curve.levels == (0, 1, 2) for curve in family.curves)
    assert all(rate.interval is not None for curve in family.curves for rate in curve.rates)


def test_names_alone_make_no_family(laddered):
    assert laddered(same=False) == []
