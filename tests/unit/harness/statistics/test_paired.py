"""The table of pairs, McNemar's exact test and Tango's interval, against scipy, published values and enumeration."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import optimize, stats

from harness.statistics.paired import PairTable, mcnemar_exact, pair_table, tango

Z = 1.959963984540054
count = st.integers(0, 40)

# (n11, n10, n01, n00), confidence, low, high. The first two are Tango's own examples (1998); the third is Bentur et al.
# 2009 as analysed by Fagerland, Lydersen and Laake 2014, Statistics in Medicine 33:2850-2875.
PUBLISHED = [
    ((4, 9, 3, 16), 0.95, -0.027, 0.390),
    ((43, 0, 1, 0), 0.90, -0.096, 0.037),
    ((1, 1, 7, 12), 0.95, -0.517, -0.026),
]


@pytest.mark.parametrize(("cells", "confidence", "low", "high"), PUBLISHED)
def test_published_tango_intervals(cells, confidence, low, high):
    found = tango(*cells, confidence)
    assert (found.low, found.high) == (pytest.approx(low, abs=5e-4), pytest.approx(high, abs=5e-4))


def numeric_score(cells, difference):
    """Tango's score with the nuisance rate found by a numeric search instead of the closed form."""
    _, n10, n01, _ = cells
    n = sum(cells)

    def cost(p01):
        terms = [(n10, p01 + difference), (n01, p01), (n - n10 - n01, 1 - 2 * p01 - difference)]
        return -sum(k * math.log(max(p, 1e-300)) for k, p in terms if k)

    inside = (max(0.0, -difference), (1 - difference) / 2)
    p01 = optimize.minimize_scalar(cost, bounds=inside, method="bounded", options={"xatol": 1e-12}).x
    return (n10 - n01 - n * difference) / math.sqrt(n * (2 * p01 + difference * (1 - difference)))


@given(cells=st.tuples(count, count, count, count))
def test_the_ends_of_tango_solve_the_score_equation(cells):
    assume(sum(cells) > 0)
    found = tango(*cells)
    assert -1 <= found.low <= found.estimate <= found.high <= 1
    if found.low > -1:
        assert numeric_score(cells, found.low) == pytest.approx(Z, rel=1e-3)
    if found.high < 1:
        assert numeric_score(cells, found.high) == pytest.approx(-Z, rel=1e-3)


@given(cells=st.tuples(count, count, count, count))
def test_exchanging_the_methods_mirrors_tango(cells):
    assume(sum(cells) > 0)
    n11, n10, n01, n00 = cells
    ours, theirs = tango(n11, n10, n01, n00), tango(n11, n01, n10, n00)
    assert (ours.low, ours.high) == (pytest.approx(-theirs.high, abs=1e-10), pytest.approx(-theirs.low, abs=1e-10))


@pytest.mark.parametrize("cells", [(1, 0, 0, 0), (0, 0, 0, 1), (7, 0, 0, 5), (500, 0, 0, 500)])
def test_tango_without_discordant_pairs_is_still_wide(cells):
    reach = Z**2 / (sum(cells) + Z**2)
    found = tango(*cells)
    assert (found.estimate, found.low, found.high) == (0, pytest.approx(-reach), pytest.approx(reach))


@pytest.mark.parametrize("n", [1, 6, 400])
def test_tango_with_all_pairs_discordant_one_way(n):
    found = tango(0, n, 0, 0)
    assert (found.estimate, found.high) == (1, 1)
    assert found.low == pytest.approx((n - Z**2) / (n + Z**2))
    assert tango(0, 0, n, 0).low == -1


@pytest.mark.parametrize(("p10", "p01"), [(0.2, 0.1), (0.3, 0.3), (0.5, 0.1)])
def test_tango_covers_near_its_confidence(p10, p01):
    n, covered = 30, 0.0
    for n10 in range(n + 1):
        for n01 in range(n + 1 - n10):
            found = tango(0, n10, n01, n - n10 - n01)
            if found.low <= p10 - p01 <= found.high:
                covered += stats.multinomial.pmf([n10, n01, n - n10 - n01], n, [p10, p01, 1 - p10 - p01])
    assert 0.93 <= covered <= 0.98


@given(n10=st.integers(0, 200), n01=st.integers(0, 200))
def test_mcnemar_is_the_binomial_test(n10, n01):
    assume(n10 + n01 > 0)
    assert mcnemar_exact(n10, n01) == pytest.approx(stats.binomtest(n10, n10 + n01).pvalue, rel=1e-9)


def test_mcnemar_without_discordant_pairs_has_nothing_to_say():
    assert mcnemar_exact(0, 0) == 1


@pytest.mark.parametrize("discordance", [0.1, 0.5, 1.0])
def test_mcnemar_keeps_its_level(discordance):
    n, rejected = 30, 0.0
    for n10 in range(n + 1):
        for n01 in range(n + 1 - n10):
            if mcnemar_exact(n10, n01) <= 0.05:
                rates = [discordance / 2, discordance / 2, 1 - discordance]
                rejected += stats.multinomial.pmf([n10, n01, n - n10 - n01], n, rates)
    assert 0 < rejected <= 0.05


@given(outcomes=st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), min_size=2, max_size=60))
def test_pairs_are_counted_and_correlated(outcomes):
    first, second = np.array(outcomes).T
    table = pair_table(first, second)
    assert table.pairs == len(outcomes)
    assert table.discordant == np.sum(first != second)
    assert table.difference == pytest.approx(np.mean(first) - np.mean(second))
    if first.std() > 0 and second.std() > 0:
        assert table.phi == pytest.approx(np.corrcoef(first, second)[0, 1])
    else:
        assert math.isnan(table.phi)


@pytest.mark.parametrize(("first", "second"), [([1, 0], [1, 0]), ([1, 1, 0, 0], [1, 0, 1, 0]), ([1, 0], [0, 1])])
def test_phi_of_same_unrelated_and_opposite_outcomes(first, second):
    assert pair_table(first, second).phi == pytest.approx(np.corrcoef(first, second)[0, 1])


def test_cells_are_named_after_first_then_second():
    assert pair_table([1, 1, 1, 0, 0, 1], [1, 0, 0, 1, 0, 0]) == PairTable(n11=1, n10=3, n01=1, n00=1)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: PairTable(0, 0, 0, 0), "empty"),
        (lambda: PairTable(1, -1, 0, 0), ">= 0"),
        (lambda: tango(0, 0, 0, 0), "empty"),
        (lambda: tango(1, 1, 1, 1, 1.0), "0 < confidence < 1"),
        (lambda: mcnemar_exact(-1, 3), ">= 0"),
        (lambda: pair_table([], []), "empty"),
        (lambda: pair_table([1, float("nan")], [1, 0]), "NaN"),
        (lambda: pair_table([1, 0.5], [1, 0]), "0 .failure. or 1"),
        (lambda: pair_table([1, 0], [1]), "as many outcomes"),
        (lambda: pair_table([[1, 0]], [[1, 0]]), r"1 dimension"),
    ],
)
def test_what_cannot_be_compared_is_refused(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()
