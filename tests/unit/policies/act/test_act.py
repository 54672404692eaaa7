from dataclasses import replace

import pytest
import torch
from torch import nn

from policies.act import method
from policies.act.transformer import Attention, DecoderLayer, EncoderLayer, sinusoid
from policies.training.learner import Batch, Layout, Phase

PHASE = Phase("policy", 1, 1e-3)
BOTH = Layout(5, 2, (0, 1))


def learner(layout=BOTH, **settings):
    recipe = method.recipe(**{"chunk": 6, "model": 16, "feedforward": 16, "heads": 2, "latent": 4, **settings})
    torch.manual_seed(0)
    model = method.learner_type()(layout, recipe, torch.device("cpu"))
    nn.init.normal_(model.posterior_out.weight)
    return model


def test_the_posterior_starts_at_the_prior(batch):
    recipe = method.recipe(chunk=6, model=16, feedforward=16, heads=2)
    posterior = method.learner_type()(BOTH, recipe, torch.device("cpu")).posterior(batch)
    assert not posterior.mean.any()
    assert not posterior.log_variance.any()


@pytest.fixture(autouse=True)
def _restore_global_generator():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


@pytest.fixture
def batch():
    padded = torch.arange(6) >= torch.tensor([6, 3, 1, 5])[:, None]
    return Batch(torch.randn(4, 1, 5), torch.randn(4, 6, 2), padded)


def loss(model, batch):
    return model.loss(PHASE, batch, torch.Generator().manual_seed(7))


def test_padded_actions_do_not_change_the_loss(batch):
    model = learner()
    garbage = torch.where(batch.padded[..., None], torch.randn_like(batch.actions) * 100, batch.actions)
    assert loss(model, batch).item() == pytest.approx(loss(model, replace(batch, actions=garbage)).item(), rel=1e-6)


def test_real_actions_do_change_the_loss(batch):
    model = learner()
    assert loss(model, batch) != loss(model, replace(batch, actions=batch.actions + 0.1))


def test_the_posterior_sees_the_robots_own_state_only(batch):
    model = learner()
    moved = batch.observations.clone()
    moved[..., 2:] += 1
    assert torch.equal(model.posterior(batch).mean, model.posterior(replace(batch, observations=moved)).mean)
    assert not torch.equal(
        model.decode(batch.observations[:, 0], torch.zeros(4, 4)), model.decode(moved[:, 0], torch.zeros(4, 4))
    )


@pytest.mark.parametrize("own", [(), (0, 1, 2, 3, 4)])
def test_a_task_without_one_of_the_two_states_works(own, batch):
    assert torch.isfinite(loss(learner(Layout(5, 2, own)), batch))


def test_the_kl_term_is_that_of_torch(batch):
    model = learner(kl_weight=1.0)
    posterior = model.posterior(batch)
    deviation = (posterior.log_variance / 2).exp()
    expected = torch.distributions.kl_divergence(
        torch.distributions.Normal(posterior.mean, deviation), torch.distributions.Normal(0.0, 1.0)
    )
    heavier = learner(kl_weight=3.0)
    difference = loss(heavier, batch) - loss(model, batch)
    torch.testing.assert_close(difference, 2 * expected.sum(-1).mean())


def test_attention_is_torchs_multi_head_attention():
    ours, theirs = Attention(16, 4), nn.MultiheadAttention(16, 4, batch_first=True)
    nn.init.xavier_uniform_(ours.in_proj_weight)
    theirs.load_state_dict(ours.state_dict())
    query, key, value = torch.randn(3, 5, 16), torch.randn(3, 7, 16), torch.randn(3, 7, 16)
    hidden = torch.arange(7) >= torch.tensor([7, 4, 1])[:, None]
    expected, _ = theirs(query, key, value, key_padding_mask=hidden, need_weights=False)
    torch.testing.assert_close(ours(query, key, value, hidden), expected)


def test_wanted_tokens_are_those_of_the_full_layer():
    layer, tokens, position = EncoderLayer(16, 2, 8), torch.randn(3, 5, 16), torch.randn(5, 16)
    nn.init.xavier_uniform_(layer.self_attn.in_proj_weight)
    torch.testing.assert_close(layer(tokens, position, wanted=2), layer(tokens, position)[:, :2])


def test_queries_that_come_once_serve_all_rows():
    layer, memory = DecoderLayer(16, 2, 8), torch.randn(3, 4, 16)
    for attention in (layer.self_attn, layer.multihead_attn):
        nn.init.xavier_uniform_(attention.in_proj_weight)
    query, position, memory_position = torch.randn(1, 6, 16), torch.randn(6, 16), torch.randn(4, 16)
    once = layer(query, position, memory, memory_position)
    torch.testing.assert_close(once, layer(query.expand(3, -1, -1), position, memory, memory_position))


def test_position_embedding_alternates_sine_and_cosine():
    table = sinusoid(10, 8)
    assert table[0].tolist() == [0, 1] * 4
    assert table[3, :2].tolist() == pytest.approx([0.14112, -0.98999], abs=1e-5)
    assert table[3, 2].item() == pytest.approx(0.29552, abs=1e-5)


def test_the_default_size_is_that_of_a_cpu():
    model = method.learner_type()(Layout(20, 2, (0, 1)), method.recipe(), torch.device("cpu"))
    assert 500_000 < sum(parameter.numel() for parameter in model.parameters()) < 800_000
