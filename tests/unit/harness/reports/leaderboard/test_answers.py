"""The three questions, on outcomes that were made up so that the truth is known."""

from fakes.outcomes import artifact

from harness.reports.findings import Question, investigate
from harness.reports.leaderboard.answers import answer

GOOD, BAD, FAIR = [True] * 40, [False] * 40, [True, False] * 20


def answers(policies, baseline=None, **options):
    before = None if baseline is None else artifact("old.parquet", baseline)
    return answer(investigate([artifact("new.parquet", policies, **options)], before, Question()))


def test_a_clear_winner_is_settled():
    told = answers({"a-s0": GOOD, "b-s0": BAD, "c-s0": FAIR})
    assert (told.leader, told.standing) == ("a-s0", "Settled: better than all 2.")
    assert told.relations == (("better than", "c-s0, b-s0"),)
    assert told.notes[0] == "Rank 1 of 3."
    assert "checkpoints" in told.notes[1]


def test_a_leader_that_is_not_told_apart_is_not_settled():
    told = answers({"a-s0": GOOD, "b-s0": [*GOOD[1:], False]})
    assert told.standing == "It leads, but it is not settled that it is the best."
    assert told.relations[0][0] == "not told apart from"
    assert told.notes[0] == "Rank 1 to 2 of 2."


def test_an_invalid_run_has_no_best():
    told = answers({"a-s0": GOOD, "b-s0": BAD}, valid=False)
    assert told.standing.startswith("The run is invalid and ranks nothing.")
    assert (told.relations, told.success) == ((), None)
    assert "no evidence" in told.notes[0]


def test_alone_or_unscored():
    assert answers({"a-s0": GOOD}).standing == "There is nobody to compare it with."
    assert answers({"a-s0": [None] * 4}).leader is None


def test_without_a_baseline_nobody_knows_what_broke():
    told = answers({"a-s0": GOOD})
    assert (told.broke, told.regressions) == ("Unknown", False)
    assert "--baseline" in told.broke_more


def test_a_regression_is_counted_and_named():
    told = answers({"a-s0": BAD, "b-s0": GOOD}, {"a-s0": GOOD, "b-s0": GOOD})
    assert (told.broke, told.regressions) == ("2 regressions", True)
    assert told.broke_more == "a-s0 overall \N{MINUS SIGN}1.00, a-s0 push/heldout \N{MINUS SIGN}1.00."
    assert told.flips == "40 episodes fail that succeeded, 0 succeed that failed"


def test_no_regression_is_no_proof():
    told = answers({"a-s0": FAIR}, {"a-s0": FAIR})
    assert told.broke == "Nothing significant"
    assert told.broke_more.endswith("so this is no proof that nothing broke.")
    assert told.flips == "Every scored episode ended as before"


def test_a_baseline_without_a_scored_pair_tells_nothing():
    told = answers({"a-s0": FAIR}, {"a-s0": [None] * 40})
    assert (told.broke, told.broke_more) == ("Unknown", "No pair of episodes is scored in both.")
