import pytest
import torch

from policies.training.normalisation import Normaliser

DATA = torch.tensor([[1.0, 5.0, 1e-9], [3.0, 5.0, -1e-9], [7.0, 5.0, 0.0]])


def fitted(kind):
    normaliser = Normaliser(3)
    normaliser.fit(DATA, kind)
    return normaliser


@pytest.mark.parametrize("kind", ["minmax", "meanstd"])
def test_inverse_undoes_forward(kind):
    normaliser = fitted(kind)
    torch.testing.assert_close(normaliser.inverse(normaliser(DATA)), DATA)


def test_minmax_maps_the_range_to_minus_one_and_one():
    assert fitted("minmax")(DATA)[:, 0].tolist() == pytest.approx([-1, -1 / 3, 1])


def test_meanstd_gives_zero_mean_and_unit_deviation():
    column = fitted("meanstd")(DATA)[:, 0]
    assert float(column.mean()) == pytest.approx(0, abs=1e-6)
    assert float(column.std(correction=0)) == pytest.approx(1)


@pytest.mark.parametrize("kind", ["minmax", "meanstd"])
def test_constant_components_become_zero_and_are_not_blown_up(kind):
    normaliser = fitted(kind)
    assert normaliser(DATA)[:, 1].tolist() == [0, 0, 0]
    assert float(normaliser(DATA + 0.1)[:, 2].abs().max()) < 0.2


def test_the_numbers_travel_with_the_weights():
    other = Normaliser(3)
    other.load_state_dict(fitted("minmax").state_dict())
    assert torch.equal(other(DATA), fitted("minmax")(DATA))
