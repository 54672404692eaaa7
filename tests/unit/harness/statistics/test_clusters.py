"""Sign flips and bootstraps over whole scenes: against enumeration, and on simulated A/A comparisons."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.statistics.clusters import cluster_bootstrap, cluster_sign_flip
from harness.statistics.paired import mcnemar_exact


def enumerated(differences, clusters):
    """Two-sided p-value by flipping entries, one pattern at a time, in exact integers."""
    labels = sorted(set(clusters))
    observed = abs(sum(differences))
    extreme = 0
    for signs in itertools.product([-1, 1], repeat=len(labels)):
        sign = dict(zip(labels, signs, strict=True))
        flipped = sum(sign[label] * value for label, value in zip(clusters, differences, strict=True))
        extreme += abs(flipped) >= observed
    return extreme / 2 ** len(labels)


@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(0, 6)), min_size=1, max_size=25))
@settings(max_examples=60)
def test_the_exact_test_enumerates_all_flips(entries):
    differences, clusters = zip(*entries, strict=True)
    found = cluster_sign_flip(differences, clusters, seed=0)
    assert found.exact
    assert found.p_value == enumerated(differences, clusters)
    assert found.difference == pytest.approx(np.mean(differences))


@pytest.mark.parametrize(("n10", "n01"), [(5, 0), (9, 2), (1, 1), (10, 6)])
def test_one_pair_a_scene_is_mcnemar(n10, n01):
    differences = [1] * n10 + [-1] * n01 + [0] * 7
    found = cluster_sign_flip(differences, range(len(differences)), seed=0)
    assert (found.clusters, found.exact) == (n10 + n01, True)
    assert found.p_value == pytest.approx(mcnemar_exact(n10, n01))


def test_draws_come_near_the_enumeration_and_repeat():
    differences = [3, -1, 2, 2, -2, 1, 4, -1, 1, 2, -3, 1, 2, 1, -1, 3, -2, 1]
    found = cluster_sign_flip(differences, range(18), seed=4, draws=20_000)
    codes = (np.arange(2**18)[:, None] >> np.arange(18)) & 1
    expected = np.mean(np.abs((2 * codes - 1) @ np.array(differences)) >= sum(differences))
    assert not found.exact
    assert found.p_value == pytest.approx(expected, abs=4 * np.sqrt(expected / 20_000))
    assert found == cluster_sign_flip(differences, range(18), seed=4, draws=20_000)
    assert found != cluster_sign_flip(differences, range(18), seed=5, draws=20_000)


def test_a_drawn_p_value_is_never_zero():
    assert cluster_sign_flip(np.ones(40), range(40), seed=0, draws=99).p_value == 0.01


def test_sums_that_differ_only_by_rounding_tie():
    """0.1 + 0.2 and 0.3 differ in the last bit, as sums and as what is left of a scene that sums to zero."""
    differences, scenes = [0.1, 0.2, -0.3, 0.1, 0.1, 0.2, -0.3], [0, 0, 1, 2, 3, 3, 3]
    exact = cluster_sign_flip([round(10 * value) for value in differences], scenes, seed=0)
    found = cluster_sign_flip(differences, scenes, seed=0)
    assert (found.p_value, found.clusters) == (exact.p_value, exact.clusters) == (1, 3)


def test_no_difference_at_all_is_no_evidence():
    found = cluster_sign_flip([0, 0, 1, -1], [0, 0, 1, 1], seed=0)
    assert (found.p_value, found.clusters, found.difference) == (1, 0, 0)


def test_replicates_of_one_scene_prove_nothing():
    assert cluster_sign_flip([1] * 100, ["scene"] * 100, seed=0).p_value == 1


def same_method_twice(rng, scenes, conditions=4, replicates=2):
    """A/A outcomes: each policy has its own luck in a scene, which all conditions and replicates of the scene share."""
    rates = rng.beta(0.3, 0.3, size=(2, scenes, 1))
    first, second = rng.random((2, scenes, conditions * replicates)) < rates
    return first.astype(int) - second


@pytest.mark.parametrize(("scenes", "draws"), [(10, 1), (24, 199)])
def test_false_alarms_stay_at_alpha_when_scenes_are_shared(scenes, draws):
    rng, runs, alpha = np.random.default_rng(7), 800, 0.05
    alarms = naive = 0
    for run in range(runs):
        differences = same_method_twice(rng, scenes)
        clusters = np.repeat(np.arange(scenes), differences.shape[1])
        alarms += cluster_sign_flip(differences.ravel(), clusters, seed=run, draws=draws).p_value <= alpha
        naive += mcnemar_exact(np.sum(differences == 1), np.sum(differences == -1)) <= alpha
    assert 0 < alarms / runs <= alpha + 3 * np.sqrt(alpha * (1 - alpha) / runs)
    assert naive / runs > 4 * alpha, "the simulation must be one that counting episodes as independent fails"


def test_bootstrap_of_two_equal_scenes():
    """Means of resamples are 0, 1/2 and 1 with probabilities 1/4, 1/2 and 1/4."""
    values, scenes = [0, 0, 1, 1], ["a", "a", "b", "b"]
    wide, narrow = (cluster_bootstrap(values, scenes, seed=0, confidence=level) for level in (0.9, 0.4))
    assert (wide.estimate, wide.low, wide.high) == (0.5, 0, 1)
    assert (narrow.low, narrow.high) == (0.5, 0.5)


def test_bootstrap_weighs_scenes_by_their_entries():
    found = cluster_bootstrap([1, 1, 1, 0], [0, 0, 0, 1], seed=0)
    assert found.estimate == 0.75
    assert (found.low, found.high) == (0, 1)


def test_bootstrap_of_a_constant_is_that_constant():
    found = cluster_bootstrap([1.0] * 6, [0, 0, 1, 1, 2, 2], seed=0, draws=50)
    assert (found.estimate, found.low, found.high) == (1, 1, 1)


def test_bootstrap_repeats_for_a_seed_in_any_order_of_entries():
    rng = np.random.default_rng(0)
    values, scenes = rng.integers(0, 1000, 60), np.repeat(np.arange(20), 3)
    order = rng.permutation(60)
    found = cluster_bootstrap(values, scenes, seed=3)
    assert found == cluster_bootstrap(values[order], scenes[order], seed=3)
    assert found != cluster_bootstrap(values, scenes, seed=4)


def test_bootstrap_covers_when_entries_of_a_scene_are_alike():
    rng, runs, scenes = np.random.default_rng(11), 400, 40
    covered = naive = 0
    for run in range(runs):
        sizes = rng.integers(1, 8, scenes)
        labels = np.repeat(np.arange(scenes), sizes)
        values = rng.normal(size=scenes)[labels] + 0.3 * rng.normal(size=len(labels))
        found = cluster_bootstrap(values, labels, seed=run, draws=400)
        alone = cluster_bootstrap(values, np.arange(len(labels)), seed=run, draws=400)
        covered += found.low <= 0 <= found.high
        naive += alone.low <= 0 <= alone.high
    assert 0.90 <= covered / runs <= 0.98
    assert naive / runs < 0.8, "the simulation must be one that resampling entries fails"


@pytest.mark.parametrize("method", [cluster_sign_flip, cluster_bootstrap])
@pytest.mark.parametrize(
    ("values", "clusters", "options", "sentence"),
    [
        ([], [], {}, "empty"),
        ([1.0, float("nan")], [0, 1], {}, "NaN"),
        ([1.0, 2.0], [0.0, float("nan")], {}, "label is NaN"),
        ([1.0, 2.0], [0, 1, 2], {}, "one cluster label an entry"),
        ([1.0, 2.0], [0, 1], {"draws": 0}, "draws >= 1"),
    ],
)
def test_what_cannot_be_counted_is_refused(method, values, clusters, options, sentence):
    with pytest.raises(ValueError, match=sentence):
        method(values, clusters, seed=0, **options)


def test_one_scene_has_no_interval():
    with pytest.raises(ValueError, match="at least 2 clusters"):
        cluster_bootstrap([1, 0, 1], ["scene"] * 3, seed=0)
