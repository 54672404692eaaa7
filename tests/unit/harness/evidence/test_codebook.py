"""Use of discrete codes over rollouts."""

import numpy as np
import pytest

from harness.evidence.codebook import CodeUse, code_use


def test_even_use_of_k_codes_has_perplexity_k_and_one_code_has_one():
    even, single = code_use([[[0, 7], [1, 7]], [[2, 7], [3, 7]]])
    assert even.used == 4
    assert even.perplexity == pytest.approx(4)
    assert single == CodeUse(1, 1.0)


def test_perplexity_is_the_exponential_of_the_entropy():
    (layer,) = code_use([[[0]] * 3 + [[1]]])
    assert layer.perplexity == pytest.approx(np.exp(-(0.75 * np.log(0.75) + 0.25 * np.log(0.25))))


def test_no_query_has_no_layer():
    assert code_use([]) == code_use([[]]) == ()
