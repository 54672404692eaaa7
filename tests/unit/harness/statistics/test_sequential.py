"""Evidence under continuous looking: against closed forms, and by simulation of its guarantees."""

from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, optimize, stats

from harness.statistics.sequential import confidence_sequence, e_process

signs = st.lists(st.sampled_from([-1, 0, 1]), min_size=1, max_size=80)


@given(signs)
def test_the_uniform_bet_in_whole_numbers(differences):
    """With a uniform prior the capital is 2^d / ((d + 1) C(d, k))."""
    found = e_process(differences)
    capital = []
    for seen in range(1, len(differences) + 1):
        wins, d = differences[:seen].count(1), seen - differences[:seen].count(0)
        capital.append(2**d / ((d + 1) * comb(d, wins)))
    assert np.exp(found.log_e) == pytest.approx(np.array(capital), rel=1e-9)
    assert found.p == pytest.approx(np.minimum(1, 1 / np.maximum.accumulate(capital)), rel=1e-9)


def test_another_prior_is_the_integral_it_says():
    found = e_process([1] * 7 + [-1] * 2, prior=3.0)
    expected = integrate.quad(lambda theta: stats.beta.pdf(theta, 3, 3) * theta**7 * (1 - theta) ** 2, 0, 1)[0] * 2**9
    assert np.exp(found.log_e[-1]) == pytest.approx(expected, rel=1e-8)


@given(signs)
def test_concordant_pairs_and_the_methods_order_change_nothing(differences):
    found, mirrored = e_process(differences), e_process([-sign for sign in differences])
    assert found.log_e == pytest.approx(mirrored.log_e, abs=1e-12)
    assert e_process([*differences, 0]).log_e[-1] == found.log_e[-1]


def test_the_capital_is_fair():
    """One more discordant pair, either way with probability 1/2, leaves the expected capital as it was."""
    past = [1, 1, -1, 1]
    after = [np.exp(e_process([*past, sign]).log_e[-1]) for sign in (-1, 1)]
    assert np.mean(after) == pytest.approx(np.exp(e_process(past).log_e[-1]), rel=1e-12)


def test_false_alarms_under_continuous_looking_stay_at_alpha():
    rng, runs, alpha = np.random.default_rng(17), 3000, 0.1
    pairs = rng.choice([-1, 0, 1], size=(runs, 400), p=[0.2, 0.6, 0.2])
    alarms = np.mean([e_process(row).p[-1] <= alpha for row in pairs])
    wins, discordant = np.cumsum(pairs == 1, axis=1), np.cumsum(pairs != 0, axis=1)
    peeking = stats.binom.cdf(np.minimum(wins, discordant - wins), discordant, 0.5) * 2
    assert 0.02 < alarms <= alpha + 3 * np.sqrt(alpha * (1 - alpha) / runs)
    assert np.mean((peeking <= alpha).any(axis=1)) > 2 * alpha, "the simulation must be one that peeking fails"


def test_a_real_difference_is_found():
    rng = np.random.default_rng(23)
    pairs = rng.choice([-1, 0, 1], size=(300, 200), p=[0.05, 0.65, 0.3])
    assert np.mean([e_process(row).p[-1] <= 0.05 for row in pairs]) > 0.9


def test_the_confidence_sequence_covers_at_all_times_together():
    rng, runs, theta = np.random.default_rng(31), 600, 0.7
    missed = 0
    for _ in range(runs):
        wins = rng.random(200) < theta
        found = confidence_sequence(np.where(rng.random(200) < 0.5, 0, 2 * wins - 1), confidence=0.9)
        missed += not (found.low[-1] <= theta <= found.high[-1])
    assert 0 < missed / runs <= 0.1 + 3 * np.sqrt(0.1 * 0.9 / runs)


@given(signs)
def test_one_half_is_excluded_exactly_when_the_p_value_is_small(differences):
    found, p = confidence_sequence(differences, confidence=0.8), e_process(differences).p
    inside = (found.low <= 0.5) & (found.high >= 0.5)
    assert (inside == (p >= 0.2 * (1 - 1e-12))).all()
    narrowing = ~np.isnan(found.low)
    assert (np.diff(found.low[narrowing]) >= 0).all()
    assert (np.diff(found.high[narrowing]) <= 0).all()


def excluded(wins, losses, confidence):
    """Ends of the thetas that the uniform bet has beaten after these pairs, by a root search on the capital."""
    d = wins + losses

    def surplus(theta):
        return 1 / ((d + 1) * comb(d, wins) * theta**wins * (1 - theta) ** losses) - 1 / (1 - confidence)

    low = optimize.brentq(surplus, 1e-9, wins / d) if wins else 0
    high = optimize.brentq(surplus, wins / d, 1 - 1e-9) if losses else 1
    return low, high


@pytest.mark.parametrize("order", [[1, 1, 1, -1] * 3, [-1] * 6 + [1] + [-1] * 6, [1, -1] * 10])
def test_the_sequence_is_what_no_bet_so_far_has_beaten(order):
    found = confidence_sequence(order, confidence=0.95)
    ends = [excluded(order[:seen].count(1), order[:seen].count(-1), 0.95) for seen in range(1, len(order) + 1)]
    lows, highs = np.array(ends).T
    assert found.low == pytest.approx(np.maximum.accumulate(lows), abs=1e-9)
    assert found.high == pytest.approx(np.minimum.accumulate(highs), abs=1e-9)


@pytest.mark.parametrize("n", [1, 5, 300])
def test_wins_only(n):
    found = confidence_sequence([1] * n, confidence=0.95)
    assert found.low[-1] == pytest.approx((0.05 / (n + 1)) ** (1 / n))
    assert (found.high == 1).all()
    assert (confidence_sequence([-1] * n).low == 0).all()


def test_before_any_discordant_pair_nothing_is_known():
    found, evidence = confidence_sequence([0, 0]), e_process([0, 0])
    assert (found.low.tolist(), found.high.tolist()) == ([0, 0], [1, 1])
    assert (evidence.log_e.tolist(), evidence.p.tolist()) == ([0, 0], [1, 1])


def test_pairs_that_no_single_theta_explains_end_in_nan():
    found = confidence_sequence([1] * 100 + [-1] * 300)
    assert np.isnan([found.low[-1], found.high[-1]]).all()
    assert not np.isnan(found.low[:100]).any()


@pytest.mark.parametrize("function", [e_process, confidence_sequence])
@pytest.mark.parametrize(
    ("differences", "options", "sentence"),
    [
        ([], {}, "empty"),
        ([1, float("nan")], {}, "NaN"),
        ([1, 0.5], {}, "-1, 0 or 1"),
        ([1], {"prior": 0}, "prior > 0"),
        ([1], {"prior": float("nan")}, "prior > 0"),
    ],
)
def test_what_is_no_sequence_of_pairs_is_refused(function, differences, options, sentence):
    with pytest.raises(ValueError, match=sentence):
        function(differences, **options)


def test_impossible_confidence_is_refused():
    with pytest.raises(ValueError, match="0 < confidence < 1"):
        confidence_sequence([1], confidence=1)
