"""Spread over modes: known values, and what must not matter."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.statistics.diversity import Spread, spread


def test_an_even_spread_over_all_modes_is_one_and_a_single_mode_zero():
    assert spread(range(24), 24) == Spread(24, 24, pytest.approx(np.log2(24)), pytest.approx(1))
    assert spread([7] * 30, 24) == Spread(30, 1, 0.0, 0.0)


@pytest.mark.parametrize(
    ("modes", "bits"), [([1, 2], 1), ([1, 2, 3, 4], 2), ([1, 1, 2, 3], 1.5), ([1, 1, 1, 2], 0.811278)]
)
def test_known_entropies(modes, bits):
    found = spread(modes, 24)
    assert found.bits == pytest.approx(bits, abs=1e-6)
    assert found.normalised == pytest.approx(bits / 4.584963, abs=1e-6)


@given(st.lists(st.integers(1, 24), min_size=1, max_size=60), st.permutations(range(1, 25)))
def test_neither_names_nor_order_of_the_modes_matter(modes, names):
    renamed = [names[mode - 1] for mode in reversed(modes)]
    assert spread(renamed, 24).bits == pytest.approx(spread(modes, 24).bits, abs=1e-12)


@pytest.mark.parametrize(("modes", "kinds"), [([], 24), ([1.0, float("nan")], 24), ([1, 2, 3], 2), ([1, 1], 1)])
def test_what_cannot_be_a_spread_is_refused(modes, kinds):
    with pytest.raises(ValueError, match=r"empty|NaN|kinds"):
        spread(modes, kinds)
