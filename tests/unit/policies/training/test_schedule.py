from itertools import pairwise

import pytest
import torch
from torch import nn

from policies.training.averaging import Average
from policies.training.schedule import average_decay, learning_rate_factor


def test_learning_rate_warms_up_then_falls_along_a_cosine():
    factors = [learning_rate_factor(step, 110, 10) for step in range(110)]
    assert factors[:10] == pytest.approx([0.1 * k for k in range(1, 11)])
    assert factors[10] == pytest.approx(1)
    assert factors[60] == pytest.approx(0.5)
    assert 0 < factors[-1] < 0.001
    assert all(a >= b for a, b in pairwise(factors[10:]))


def test_learning_rate_without_warm_up_starts_at_its_peak():
    assert learning_rate_factor(0, 5, 0) == 1


def test_average_decay_grows_from_zero_towards_one():
    assert average_decay(0, 0.75) == 0
    assert average_decay(15, 0.75) == pytest.approx(1 - 16**-0.75)


def test_average_follows_its_formula():
    weight = nn.Parameter(torch.tensor([1.0]))
    average = Average([weight], 0.5)
    expected = 1.0
    for step, value in enumerate([3.0, -2.0, 5.0], start=1):
        weight.data.fill_(value)
        average.update(step)
        decay = 1 - (1 + step) ** -0.5
        expected = decay * expected + (1 - decay) * value
    average.apply()
    assert weight.item() == pytest.approx(expected)
