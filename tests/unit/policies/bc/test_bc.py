import pytest
import torch

from policies.bc import method
from policies.bc.algorithm import OBSERVATION
from policies.bc.learner import draw
from policies.training.learner import Batch, Layout, Phase


def learner(**settings):
    recipe = method.recipe(**{"hidden": (16, 16), **settings})
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return method.learner_type()(Layout(5, 2, (0, 1)), recipe, torch.device("cpu")).eval()


@pytest.mark.parametrize("settings", [{}, {"n_obs": 2}, {"chunk": 3}])
def test_the_mlp_acts_as_robomimics_own_policy(settings):
    model = learner(**settings)
    observations = torch.linspace(-1, 1, 32 * model.settings.n_obs * 5).reshape(32, -1, 5)
    expected = model._algorithm.get_action({OBSERVATION: observations.flatten(1)})
    assert torch.equal(model.act(observations, None).actions.flatten(1), expected)


def test_the_mixture_is_robomimics_and_draws_follow_it():
    model = learner(variant="gmm", low_noise=False)
    observations = torch.linspace(-1, 1, 5).expand(20_000, 1, 5)
    mixture = model.policy.forward_train({OBSERVATION: observations[:, 0]})
    noise = torch.randn(20_000, 3, generator=torch.Generator().manual_seed(0))
    sample = draw(mixture, noise).detach()
    torch.testing.assert_close(sample.mean(0), mixture.mean[0].detach(), atol=0.03, rtol=0)
    torch.testing.assert_close(sample.var(0), mixture.variance[0].detach(), atol=0.03, rtol=0.05)


def test_low_noise_acts_at_a_mode():
    model = learner(variant="gmm")
    observations = torch.linspace(-1, 1, 32 * 5).reshape(32, 1, 5)
    mixture = model.policy.forward_train({OBSERVATION: observations[:, 0]})
    noise = torch.randn(32, 3, generator=torch.Generator().manual_seed(0))
    actions = model.act(observations, noise).actions.detach()
    nearest = (mixture.component_distribution.base_dist.loc.detach() - actions).norm(dim=-1).amin(-1)
    assert float(nearest.max()) < 1e-3


@pytest.mark.parametrize("variant", ["mlp", "gmm"])
def test_one_update_is_one_train_on_batch(variant):
    model, other = learner(variant=variant).train(), learner(variant=variant).train()
    batch = Batch(
        torch.linspace(-1, 1, 40).reshape(8, 1, 5), torch.linspace(-1, 1, 16).reshape(8, 1, 2), torch.zeros(8, 1)
    )
    phase = Phase("policy", 1, 1e-3)
    loss = model.update(phase, batch, torch.Generator(), model.optimizer(phase))
    assert loss.item() == other.loss(phase, batch, torch.Generator()).item()
    other._algorithm.train_on_batch(
        {"obs": {OBSERVATION: batch.observations[:, 0]}, "goal_obs": None, "actions": batch.actions[:, 0]}, epoch=0
    )
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), other.parameters(), strict=True))


def test_robomimic_keeps_quiet(capsys):
    learner()
    assert capsys.readouterr() == ("", "")


def test_a_mixture_without_noise_is_refused():
    with pytest.raises(ValueError, match="noise"):
        learner(variant="gmm").act(torch.zeros(32, 1, 5), None)
