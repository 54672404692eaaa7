"""What probes are asked for, and what their outcomes mean, against worlds whose truth is known."""

from itertools import chain, combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.evidence.causes import (
    Facts,
    compared,
    conclude,
    probability_of_necessity,
    smallest_failing,
    wanted,
)
from harness.evidence.labels import COVERED
from harness.statistics.proportions import wilson

CATEGORIES = {"drop": "perception", "noise": "state_estimation", "dropout": "control", "latency": "timing"}


def subsets(names):
    return [frozenset(c) for c in chain.from_iterable(combinations(names, n) for n in range(len(names) + 1))]


def investigate(fails, names=tuple(CATEGORIES), *, expert=True, redraws=(), distance=None):
    """Ask a world, which fails under some subsets, until nothing is wanted; facts and the number of questions."""
    facts = Facts({name: CATEGORIES[name] for name in names}, expert, distance=distance)
    asked = 0
    while questions := wanted(facts):
        assert not set(questions) & set(facts.outcomes)
        for subset in questions:
            facts.outcomes[subset] = not fails(subset)
            asked += 1
    for subset in compared(facts):
        facts.redrawn[subset] = [not fails(subset)] * len(redraws) if callable(redraws) else list(redraws)
    return facts, asked


@pytest.mark.parametrize("name", CATEGORIES)
def test_a_single_fault_is_found_and_gives_its_category(name):
    facts, _ = investigate(lambda kept: name in kept)
    found = conclude(facts)
    assert (found.kind, found.category, found.cause) == ("single", CATEGORIES[name], name)
    assert (found.necessity.successes, found.necessity.scored) == (1, 1)
    assert (found.sufficiency.successes, found.sufficiency.scored) == (1, 1)


def test_two_faults_that_fail_only_together_are_an_interaction():
    facts, _ = investigate(lambda kept: {"noise", "latency"} <= kept)
    found = conclude(facts)
    assert (found.kind, found.cause) == ("interaction", "noise + latency")
    assert "only together" in found.text


def test_two_faults_of_which_either_suffices_are_redundant():
    found = conclude(investigate(lambda kept: bool(kept & {"noise", "latency"}))[0])
    assert found.kind == "redundant"
    assert found.cause in {"noise", "latency"}


@pytest.mark.parametrize(
    ("distance", "category"), [(None, "planning"), (COVERED - 0.1, "planning"), (COVERED, "data_coverage")]
)
@pytest.mark.parametrize("names", [(), ("drop",), tuple(CATEGORIES)])
def test_what_fails_without_any_fault_is_intrinsic(names, distance, category):
    found = conclude(investigate(lambda kept: True, names, distance=distance)[0])
    assert (found.kind, found.category, found.cause) == ("intrinsic", category, "policy")


def test_what_the_expert_cannot_solve_is_never_the_policys():
    found = conclude(investigate(lambda kept: True, expert=False)[0])
    assert (found.kind, found.category, found.cause) == ("infeasible", "evaluation", "scene")


def test_other_noise_that_mostly_succeeds_is_chance_where_there_is_no_fault():
    facts, _ = investigate(lambda kept: True, ())
    facts.redrawn[frozenset()] = [True, True, True, False]
    found = conclude(facts)
    assert (found.kind, found.cause) == ("chance", "policy noise")
    assert (found.necessity.successes, found.necessity.scored) == (3, 4)


def test_noise_and_faults_that_both_could_be_it_are_undetermined():
    facts, _ = investigate(lambda kept: True, ("drop",))
    facts.redrawn[frozenset()] = [True, True, True, False]
    assert conclude(facts).category == "undetermined"


@pytest.mark.parametrize(
    ("under", "without", "found"),
    [(5, 0, "drop"), (1, 0, "drop"), (2, 1, "drop"), (5, 3, None), (2, 2, None), (1, 1, None), (1, 4, None)],
)
def test_a_fault_is_the_cause_if_most_failures_under_it_would_not_have_been_without_it(under, without, found):
    """Failures among five draws, the episode's own among them: it fails under the fault and succeeds without it."""
    facts, _ = investigate(lambda kept: "drop" in kept)
    cause = frozenset({"drop"})
    facts.redrawn = {
        cause: [k >= under - 1 for k in range(4)],
        facts.all - cause: [k >= without for k in range(4)],
    }
    verdict = conclude(facts)
    assert verdict.sufficiency.successes == under
    assert verdict.necessity.successes == 5 - without
    assert verdict.cause == (found or "undetermined")
    assert verdict.kind == ("single" if found else "undetermined")


def test_the_probability_of_necessity_worked_out_by_hand():
    """4 of 5 fail under it, 2 of 5 without it: half of the failures under it are due to it."""
    assert probability_of_necessity(wilson(3, 5), wilson(4, 5)) == pytest.approx(0.5)
    assert probability_of_necessity(wilson(5, 5), wilson(1, 5)) == 1
    assert probability_of_necessity(wilson(0, 5), wilson(4, 5)) == 0
    assert probability_of_necessity(wilson(5, 5), wilson(0, 5)) == 0


def test_probabilities_count_the_episode_s_own_noise_and_the_redraws():
    facts, _ = investigate(lambda kept: "drop" in kept)
    cause = frozenset({"drop"})
    facts.redrawn = {cause: [False, False, True], facts.all - cause: [True, True, False, True]}
    found = conclude(facts)
    assert (found.sufficiency.successes, found.sufficiency.scored) == (3, 4)
    assert (found.necessity.successes, found.necessity.scored) == (4, 5)
    assert found.necessity.low < 0.8 < found.necessity.high


@given(st.sets(st.sampled_from(subsets(CATEGORIES)), max_size=16))
def test_the_cause_fails_and_none_of_its_largest_parts_does(failing):
    facts, asked = investigate(lambda kept: kept in failing or kept == frozenset(CATEGORIES))
    cause = smallest_failing(facts)
    assert asked <= 2 * len(CATEGORIES) + 2
    if not cause:
        assert frozenset() in failing
        return
    assert not facts.outcomes[cause]
    assert conclude(facts).cause in {" + ".join(n for n in CATEGORIES if n in cause), "undetermined"}


@given(st.sets(st.sampled_from(subsets(CATEGORIES)[1:]), min_size=1))
def test_where_more_faults_never_help_the_cause_is_one_of_the_smallest_failing_sets(roots):
    def fails(kept):
        return any(root <= kept for root in roots)

    cause = smallest_failing(investigate(fails)[0])
    assert fails(cause)
    assert not any(fails(cause - {name}) for name in cause)


def test_nothing_is_asked_where_nothing_was_changed():
    assert wanted(Facts({})) == ()
    assert wanted(Facts({"drop": "perception"})) == (frozenset(),)
