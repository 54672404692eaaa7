from itertools import islice

import torch

from policies.act import method
from policies.training.corpus import Corpus
from policies.training.learner import Layout


def corpus(contract, demonstrations, **settings):
    recipe = method.recipe(chunk=3, model=8, feedforward=8, heads=2, **settings)
    learner = method.learner_type()(Layout.of(contract), recipe, torch.device("cpu"))
    return Corpus(demonstrations, learner, torch.device("cpu"))


def test_batches_from_the_middle_are_those_of_the_beginning(contract, demonstrations):
    data = corpus(contract, demonstrations, observation_noise=0.1)
    whole = list(islice(data.batches(20, 0, "a", 1), 12))
    for start in (1, 4, 7):
        for batch, expected in zip(data.batches(20, start, "a", 1), whole[start:], strict=False):
            assert torch.equal(batch.observations, expected.observations)
            assert torch.equal(batch.actions, expected.actions)


def test_an_epoch_shows_every_window_at_most_once(contract, demonstrations):
    data = corpus(contract, demonstrations)
    batches = islice(data.batches(21, 0, 0), len(data) // 21)
    seen = torch.cat([batch.observations[:, 0] for batch in batches])
    assert len(seen) == len(data) == len(torch.unique(seen, dim=0))


def test_another_seed_shuffles_otherwise(contract, demonstrations):
    data = corpus(contract, demonstrations)
    first, other = (next(data.batches(20, 0, seed)) for seed in (0, 1))
    assert not torch.equal(first.observations, other.observations)


def test_a_batch_larger_than_the_data_is_all_of_it(contract, demonstrations):
    data = corpus(contract, demonstrations)
    assert len(next(data.batches(10_000, 0)).actions) == len(data)


def test_normalised_actions_span_minus_one_to_one(contract, demonstrations):
    data = corpus(contract, demonstrations)
    actions = data.take(torch.arange(len(data))).actions
    assert float(actions.min()) == -1
    assert float(actions.max()) == 1


def test_layout_knows_what_is_measured_on_the_robot(contract):
    assert Layout.of(contract) == Layout(observation=5, action=2, proprioceptive=(0, 1))
