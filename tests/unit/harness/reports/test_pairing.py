"""Episodes of one panel are paired by world, and by nothing else."""

from pathlib import Path

import pytest
from fakes.outcomes import artifact, entrant

from harness.errors import ArtifactError, PanelMismatchError, UnknownIdError
from harness.reports.pairing import Scope, entrants, file_names, flips, pair, same_panel


def names(found):
    return [item.name for item in found]


def test_probes_never_count_and_controls_only_when_asked_for():
    stored = artifact(
        "a.parquet",
        {"act-s0": [True, False]},
        more=[("probe", "act-s0", 0, False), ("probe", "act-s0", 1, True), ("control", "zero", 0, False)],
    )
    [only] = entrants([stored])
    assert list(only.outcomes.values()) == [True, False]
    assert (only.method, only.training_seed) == ("act", 0)
    assert names(entrants([stored], controls=True)) == ["act-s0", "zero"]
    assert names(entrants([stored], ["zero"])) == ["zero"]


@pytest.mark.parametrize("unscored", [None, float("nan")])
def test_neither_none_nor_nan_is_scored(unscored):
    met = [1.0, unscored, 0.0] if unscored is not None else [True, None, False]
    [only] = entrants([artifact("a.parquet", {"act-s0": met})])
    assert list(only.outcomes.values()) == [True, None, False]


def test_a_world_that_is_there_twice_is_refused():
    stored = artifact("a.parquet", {"act-s0": [True]}, more=[("panel", "act-s0", 0, True)])
    with pytest.raises(ArtifactError, match=r"act-s0 on push/heldout, nominal, scene 0.*expected one episode"):
        entrants([stored])


def test_policies_are_told_apart_by_file_only_where_labels_collide():
    one, other = (artifact(f"{name}.parquet", {"act-s0": [True], f"{name}-s0": [True]}) for name in ("old", "new"))
    assert names(entrants([one, other])) == ["old:act-s0", "old-s0", "new:act-s0", "new-s0"]
    assert names(entrants([one, other], ["new:act-s0"])) == ["new:act-s0"]
    with pytest.raises(UnknownIdError, match="did you mean 'old-s0'"):
        entrants([one, other], ["old-s1"])


def test_files_of_the_same_name_are_told_apart_by_folder_and_then_by_number():
    week, last = (artifact(f"{name}/quick.parquet", {}) for name in ("week", "last"))
    assert file_names([week, last, artifact("x/other.parquet", {})]) == ["week/quick", "last/quick", "other"]
    assert file_names([week, week]) == ["week/quick#1", "week/quick#2"]


def test_the_first_field_that_differs_is_named():
    panels = [{"tasks": {"push": {"resets": {"x": {"high": high, "low": 0.0}}}}} for high in (1.0, 1.25)]
    one, other = (artifact(f"{k}.parquet", {}, panel=panels[k], panel_id=str(k)) for k in (0, 1))
    with pytest.raises(PanelMismatchError, match=r"tasks\.push\.resets\.x\.high: 1\.0 against 1\.25"):
        same_panel([one, one, other])
    same_panel([one, one])


def test_flips_name_both_outcomes_and_the_command():
    before = [entrant("a", [True, True, False, None])]
    now = [entrant("a", [True, False, True, False]), entrant("new", [True])]
    lost, gained = flips(before, now)
    assert (lost.episode, lost.world.scene, lost.was, lost.now) == ("a-nominal-1", 1, True, False)
    assert (gained.episode, gained.was, gained.now) == ("a-nominal-2", False, True)
    assert lost.command == "samepanel replay a.parquet a-nominal-1"
    [spaced] = flips(before, [type(now[0])(**vars(now[0]) | {"path": Path("last week.parquet")})])[:1]
    assert spaced.command == "samepanel replay 'last week.parquet' a-nominal-1"


def test_pairs_keep_to_their_part_of_the_panel():
    one = entrant("a", [[True, False]] * 3, conditions=("x", "y"))
    found = pair(one, one, Scope("push/heldout", "y"))
    assert (len(found.worlds), found.first.any(), found.scenes, found.independent) == (3, False, 3, True)
    assert not pair(one, one, Scope()).independent
    assert pair(one, one, Scope("pull/heldout")).worlds == ()
