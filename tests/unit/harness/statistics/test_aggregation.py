"""Aggregates over tasks against their definitions, and the bootstrap of runs on simulated runs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from harness.statistics.aggregation import interquartile_mean, probability_of_improvement, stratified_bootstrap

rate = st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0])


def tables(runs, tasks):
    row = st.lists(rate, min_size=tasks, max_size=tasks)
    return st.lists(row, min_size=runs, max_size=runs).map(np.array)


@given(st.tuples(st.integers(1, 6), st.integers(1, 6)).flatmap(lambda shape: tables(*shape)))
def test_interquartile_mean_leaves_a_quarter_out_at_each_end(scores):
    ordered = sorted(scores.ravel())
    cut = len(ordered) // 4
    assert interquartile_mean(scores) == pytest.approx(np.mean(ordered[cut : len(ordered) - cut]))


def test_interquartile_mean_ignores_outliers_and_does_not_average_them():
    assert interquartile_mean([[0.0, 0.5, 0.6, 1.0]]) == pytest.approx(0.55)
    assert interquartile_mean([[0.7]]) == 0.7


@given(first=tables(4, 3), second=tables(5, 3))
def test_probability_of_improvement_is_the_mean_of_mann_whitney(first, second):
    expected = np.mean([stats.mannwhitneyu(first[:, t], second[:, t]).statistic / 20 for t in range(3)])
    assert probability_of_improvement(first, second) == pytest.approx(expected)
    assert probability_of_improvement(second, first) == pytest.approx(1 - expected)


def test_ties_count_half():
    assert probability_of_improvement([[1.0]], [[1.0]]) == 0.5
    assert probability_of_improvement([[1.0], [0.0]], [[1.0]]) == 0.25


def test_bootstrap_of_two_runs():
    """The mean of one task's resamples is 0, 1/2 and 1 with probabilities 1/4, 1/2 and 1/4."""
    wide, narrow = (
        stratified_bootstrap(np.mean, [[0.0], [1.0]], seed=1, confidence=level, draws=500) for level in (0.9, 0.4)
    )
    assert (wide.estimate, wide.low, wide.high) == (0.5, 0, 1)
    assert (narrow.low, narrow.high) == (0.5, 0.5)


def test_bootstrap_keeps_to_the_task():
    """Tasks of unlike scores, runs that agree: only a bootstrap that mixes tasks would see spread."""
    scores = np.tile([0.0, 0.3, 1.0], (5, 1))
    found = stratified_bootstrap(np.mean, scores, seed=0, draws=100)
    assert (found.low, found.high) == (pytest.approx(scores.mean()), pytest.approx(scores.mean()))


def test_bootstrap_draws_each_task_and_each_matrix_for_itself():
    """If tasks shared their draws, two opposite tasks would always average to the same."""
    opposite = np.array([[0.0, 1.0], [1.0, 0.0]])
    assert stratified_bootstrap(np.mean, opposite, seed=0, draws=200).high > 0.5
    shift = stratified_bootstrap(lambda a, b: a.mean() - b.mean(), opposite, opposite, seed=0, draws=200)
    assert (shift.estimate, shift.low < 0 < shift.high) == (0, True)


def test_bootstrap_repeats_for_a_seed():
    scores = np.random.default_rng(0).random((5, 4))
    found = stratified_bootstrap(interquartile_mean, scores, seed=8, draws=200)
    assert found == stratified_bootstrap(interquartile_mean, scores, seed=8, draws=200)
    assert found != stratified_bootstrap(interquartile_mean, scores, seed=9, draws=200)


def test_bootstrap_covers_with_many_runs():
    rng, repeats = np.random.default_rng(5), 200
    level = np.array([0.2, 0.5, 0.9])
    covered = 0
    for repeat in range(repeats):
        found = stratified_bootstrap(np.mean, level + 0.1 * rng.normal(size=(20, 3)), seed=repeat, draws=300)
        covered += found.low <= level.mean() <= found.high
    assert 0.88 <= covered / repeats <= 0.99


def test_bootstrap_of_the_probability_of_improvement():
    rng = np.random.default_rng(2)
    strong, weak = rng.random((6, 5)) + 0.4, rng.random((6, 5))
    found = stratified_bootstrap(probability_of_improvement, strong, weak, seed=0, draws=300)
    assert 0.5 < found.low <= found.estimate <= found.high <= 1


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: interquartile_mean([]), "empty"),
        (lambda: interquartile_mean([[0.5, float("nan")]]), "NaN"),
        (lambda: interquartile_mean([0.5, 0.6]), "2 dimension"),
        (lambda: probability_of_improvement([[0.5]], [[0.5, 0.6]]), "same tasks"),
        (lambda: probability_of_improvement([[0.5]], [[float("nan")]]), "NaN"),
        (lambda: stratified_bootstrap(np.mean, seed=0), "at least one matrix"),
        (lambda: stratified_bootstrap(np.mean, [[0.5, 0.6]], seed=0), "at least 2 runs"),
        (lambda: stratified_bootstrap(np.mean, [[0.5], [0.6]], seed=0, draws=0), "draws >= 1"),
        (lambda: stratified_bootstrap(np.mean, [[0.5], [0.6]], seed=0, confidence=1), "0 < confidence < 1"),
    ],
)
def test_what_cannot_be_aggregated_is_refused(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()
