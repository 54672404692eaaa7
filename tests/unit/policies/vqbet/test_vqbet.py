import json

import numpy as np
import pytest
import torch
from torch.nn import functional

from policies.training.learner import Batch, Layout, Phase
from policies.vqbet import method
from policies.vqbet.gpt import Block
from policies.vqbet.heads import focal_loss, invert_cdf
from policies.vqbet.quantiser import ResidualQuantiser, nearest


@pytest.fixture(autouse=True)
def _restore_global_generator():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def test_nearest_is_brute_force_nearest():
    latents, book = torch.randn(50, 7), torch.randn(9, 7)
    for row, found in zip(latents, nearest(latents, book), strict=True):
        assert found == min(range(9), key=lambda code: float((row - book[code]).norm()))


def quantiser(**settings):
    return ResidualQuantiser(**{"layers": 2, "codes": 4, "latent": 3, "decay": 0.9, "revive": 0.05, **settings})


def test_each_layer_quantises_what_is_left_over():
    model = quantiser()
    model.codebooks.normal_()
    latents = torch.randn(20, 3)
    found = model(latents)
    first = nearest(latents, model.codebooks[0])
    second = nearest(latents - model.codebooks[0][first], model.codebooks[1])
    assert torch.equal(found.codes, torch.stack([first, second], -1))
    torch.testing.assert_close(found.vector, model.codebooks[0][first] + model.codebooks[1][second])
    torch.testing.assert_close(found.vector, model.vectors(found.codes))


def test_codebooks_find_clusters():
    model, centres = quantiser(layers=1), torch.tensor([[5.0, 0, 0], [-5, 0, 0], [0, 5, 0], [0, 0, 5]])
    for step in range(200):
        generator = torch.Generator().manual_seed(step)
        picks = torch.randint(4, (64,), generator=generator)
        model.adapt(centres[picks] + 0.1 * torch.randn(64, 3, generator=generator), generator)
    gaps = torch.cdist(centres, model.codebooks[0]).amin(-1)
    assert float(gaps.max()) < 0.2


def test_a_code_that_nothing_uses_is_revived():
    model, latents = quantiser(layers=1), torch.randn(64, 3)
    model.adapt(latents, torch.Generator().manual_seed(0))
    model.codebooks[0, 2], model.totals[0, 2] = 1e3, 1e3 * model.usage[0, 2]
    for step in range(60):
        model.adapt(latents, torch.Generator().manual_seed(step))
    assert float(model.codebooks.abs().max()) < 10


def test_a_code_is_the_moving_average_of_its_latents():
    model = quantiser(layers=1, codes=2, decay=0.5)
    model.codebooks[0] = torch.tensor([[10.0, 0, 0], [-10, 0, 0]])
    model.usage[0], model.totals[0] = torch.tensor([2.0, 2.0]), 2 * model.codebooks[0]
    model.adapt(torch.tensor([[8.0, 0, 0], [6, 0, 0], [-10, 0, 0], [-10, 0, 0]]), torch.Generator())
    torch.testing.assert_close(model.codebooks[0], torch.tensor([[8.5, 0, 0], [-10, 0, 0]]))


def test_focal_loss_without_focus_is_cross_entropy_and_focus_discounts_the_easy():
    logits, codes = torch.randn(6, 2, 5), torch.randint(5, (6, 2))
    plain = focal_loss(logits, codes, 0.0)
    expected = [functional.cross_entropy(logits[:, layer], codes[:, layer]) for layer in range(2)]
    torch.testing.assert_close(plain, torch.stack(expected))
    sure = torch.tensor([[[8.0, 0, 0]]])
    assert focal_loss(sure, torch.tensor([[0]]), 2.0) < 1e-4 * focal_loss(sure, torch.tensor([[0]]), 0.0)


def test_inverse_cdf_draws_each_code_as_often_as_it_is_likely():
    probabilities = torch.tensor([0.1, 0.0, 0.6, 0.3])
    uniform = (torch.arange(1000) + 0.5) / 1000
    codes = invert_cdf(probabilities.expand(1000, -1), uniform)
    assert torch.bincount(codes, minlength=4).tolist() == [100, 0, 600, 300]


@pytest.mark.parametrize("uniform", [0.0, 0.9999999])
def test_inverse_cdf_stays_inside_the_codebook(uniform):
    code = invert_cdf(torch.full((1, 16), 0.0625) * 0.9999, torch.tensor([uniform]))
    assert 0 <= int(code) <= 15


def learner(**settings):
    recipe = method.recipe(**{"chunk": 5, "model": 16, "heads": 2, "latent": 8, "codes": 4, "layers": 3, **settings})
    model = method.learner_type()(Layout(5, 2, (0, 1)), recipe, torch.device("cpu"))
    model.tokenizer.quantiser.codebooks.normal_()
    model.codes.before.data.normal_()
    return model


def test_sampled_codes_follow_the_logits_that_training_sees():
    model = learner()
    feature = torch.randn(6, 16)
    greedy = model.codes.sample(feature, 1.0, lambda layer, probabilities: probabilities.argmax(-1))
    assert torch.equal(greedy, model.codes(feature, greedy).argmax(-1))


def test_logits_of_a_layer_depend_on_earlier_codes_only():
    model, feature = learner(), torch.randn(1, 16)
    codes, other = torch.tensor([[1, 2, 3]]), torch.tensor([[1, 0, 0]])
    one, two = model.codes(feature, codes), model.codes(feature, other)
    assert torch.equal(one[:, :2], two[:, :2])
    assert not torch.equal(one[:, 2], two[:, 2])


def test_low_temperature_is_greedy():
    model, observations = learner(temperature=1e-6), torch.randn(6, 3, 5)
    draws = [model.act(observations, torch.full((6, 3), u)).diagnostics["tokens"] for u in (0.05, 0.95)]
    assert torch.equal(*draws)


def test_diagnostics_say_which_tokens_and_how_far_the_correction_moved_them():
    model = learner()
    model.action.scale.copy_(torch.tensor([2.0, 10.0]))
    decision = model.act(torch.randn(6, 3, 5), torch.rand(6, 3))
    tokens = decision.diagnostics["tokens"].long()
    moved = (decision.actions - model.tokenizer.decode(tokens)) * model.action.scale
    torch.testing.assert_close(decision.diagnostics["token_reconstruction_error"][:, 0], moved.abs().mean((1, 2)))


def test_the_policy_phase_leaves_the_tokeniser_as_it_is():
    model = learner()
    before = {name: value.clone() for name, value in model.tokenizer.state_dict().items()}
    batch = Batch(torch.randn(8, 3, 5), torch.randn(8, 5, 2), torch.zeros(8, 5, dtype=torch.bool))
    phase = model.phases[1]
    model.update(phase, batch, torch.Generator(), model.optimizer(phase))
    assert all(torch.equal(value, before[name]) for name, value in model.tokenizer.state_dict().items())


def test_padded_actions_do_not_teach_the_correction():
    model = learner(primary_weight=0.0, residual_weight=0.0)
    padded = torch.arange(5).expand(8, -1) >= 2
    actions = torch.randn(8, 5, 2)
    batch = Batch(torch.randn(8, 3, 5), actions, padded)
    phase = Phase("policy", 1, 1e-3)
    model.loss(phase, batch, torch.Generator()).backward()
    assert model.offset.out.bias.grad.reshape(3, 4, 5, 2)[:, :, 2:].abs().max() == 0


def test_the_newest_token_alone_is_that_of_the_causal_block():
    block, tokens = Block(16, 2), torch.randn(3, 4, 16)
    torch.testing.assert_close(block(tokens, newest=True), block(tokens, newest=False)[:, -1:])


def test_the_gpt_is_causal():
    block, tokens = Block(16, 2), torch.randn(3, 4, 16)
    later = tokens.clone()
    later[:, 2:] += 1
    assert torch.equal(block(tokens, newest=False)[:, :2], block(later, newest=False)[:, :2])


def test_the_card_reports_the_codebooks(shop):
    report = json.loads((shop.train("vqbet", tokenizer_steps=100) / "card.json").read_text())["report"]
    assert len(report["codebook_coverage"]) == len(report["codebook_perplexity"]) == 2
    assert all(0 < share <= 1 for share in report["codebook_coverage"])
    assert all(1 <= perplexity <= 4 for perplexity in report["codebook_perplexity"])
    assert 0 < report["token_reconstruction_error"] < np.tanh(4)
