import warnings

import pytest
import torch

from policies.diffusion import method
from policies.diffusion.schedule import alphas_bar, estimate, sampler_steps, step_back
from policies.training.learner import Batch, Layout, Phase


@pytest.fixture(scope="module")
def diffusers():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("diffusers")


@pytest.fixture(autouse=True)
def _restore_global_generator():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def reference(kind, **settings):
    return kind(num_train_timesteps=100, beta_schedule="squaredcos_cap_v2", clip_sample=True, **settings)


def test_schedule_is_that_of_diffusers(diffusers):
    expected = reference(diffusers.DDIMScheduler).alphas_cumprod
    torch.testing.assert_close(alphas_bar(100).float(), expected, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("spacing", ["leading", "trailing"])
@pytest.mark.parametrize("prediction", ["epsilon", "sample"])
@pytest.mark.parametrize("count", [1, 5, 10, 100])
def test_ddim_steps_are_those_of_diffusers(diffusers, spacing, prediction, count):
    scheduler = reference(diffusers.DDIMScheduler, timestep_spacing=spacing, prediction_type=prediction)
    scheduler.set_timesteps(count)
    steps = sampler_steps(alphas_bar(100), count, spacing)
    assert [step.time for step in steps] == scheduler.timesteps.tolist()
    for step in steps:
        noisy, output = torch.randn(4, 6, 2), torch.randn(4, 6, 2)
        ours = step_back(estimate(output, noisy, step.alpha_bar, prediction), noisy, step, None)
        theirs = scheduler.step(output, step.time, noisy, eta=0.0, use_clipped_model_output=True).prev_sample
        torch.testing.assert_close(ours, theirs, rtol=2e-4, atol=2e-4)


@pytest.mark.parametrize("count", [3, 8, 33])
def test_steps_that_do_not_divide_the_schedule_are_chained(count):
    """Each step ends where the next begins; diffusers assumes a constant stride there and lands beside it."""
    power = alphas_bar(100)
    steps = sampler_steps(power, count, "trailing")
    assert steps[0].time == 99
    assert [step.alpha_bar_next for step in steps] == [*(float(power[step.time]) for step in steps[1:]), 1.0]


def test_ddpm_steps_have_the_mean_and_variance_of_diffusers(diffusers):
    scheduler = reference(diffusers.DDPMScheduler, variance_type="fixed_small", timestep_spacing="leading")
    scheduler.set_timesteps(10)
    for step in sampler_steps(alphas_bar(100), 10, "leading")[:-1]:
        noisy, output = torch.randn(4, 6, 2), torch.randn(4, 6, 2)
        generator = torch.Generator().manual_seed(3)
        theirs = scheduler.step(output, step.time, noisy, generator=generator).prev_sample
        draw = torch.randn(4, 6, 2, generator=torch.Generator().manual_seed(3))
        ours = step_back(estimate(output, noisy, step.alpha_bar, "epsilon"), noisy, step, draw)
        torch.testing.assert_close(ours, theirs, rtol=2e-4, atol=2e-4)


def test_a_perfect_denoiser_recovers_the_clean_chunk():
    clean = torch.rand(4, 6, 2) * 2 - 1
    noisy = torch.randn(4, 6, 2)
    for step in sampler_steps(alphas_bar(100), 8, "trailing"):
        noisy = step_back(clean, noisy, step, None)
    torch.testing.assert_close(noisy, clean)


def learner(**settings):
    recipe = method.recipe(**{"channels": (8, 16, 16), "embedding": 8, "n_obs": 2, **settings})
    return method.learner_type()(Layout(5, 2, (0, 1)), recipe, torch.device("cpu"))


@pytest.mark.parametrize(("chunk", "internal"), [(8, 8), (5, 8), (1, 4)])
def test_the_unet_works_on_a_chunk_that_it_can_halve(chunk, internal):
    model = learner(chunk=chunk)
    assert model.chunk == internal
    assert model.noise.shape == (internal, 2)
    assert model.act(torch.randn(3, 2, 5), torch.randn(3, internal, 2)).actions.shape == (3, internal, 2)


def test_ddpm_draws_noise_for_every_step_and_uses_it():
    model = learner(chunk=4, sampler="ddpm", inference_steps=3)
    assert model.noise.shape == (3, 4, 2)
    observations, noise = torch.randn(2, 2, 5), torch.randn(2, 3, 4, 2)
    changed = noise.clone()
    changed[:, 2] += 1
    assert not torch.equal(model.act(observations, noise).actions, model.act(observations, changed).actions)


@pytest.mark.parametrize("denoiser", ["unet", "mlp"])
def test_actions_depend_on_every_observed_frame_and_stay_in_range(denoiser):
    model = learner(chunk=8, denoiser=denoiser, hidden=16)
    observations, noise = torch.randn(3, 2, 5), torch.randn(3, 8, 2)
    actions = model.act(observations, noise).actions
    assert float(actions.detach().abs().max()) <= 1
    for frame in (0, 1):
        moved = observations.clone()
        moved[:, frame] += 1
        assert not torch.equal(actions, model.act(moved, noise).actions)


@pytest.mark.parametrize("prediction", ["epsilon", "sample"])
def test_the_loss_is_the_error_against_what_is_predicted(prediction):
    model = learner(chunk=8, prediction=prediction)
    for parameter in model.parameters():
        parameter.data.zero_()
    batch = Batch(torch.randn(512, 2, 5), torch.full((512, 8, 2), 0.5), torch.zeros(512, 8, dtype=torch.bool))
    loss = model.loss(Phase("policy", 1, 1e-3), batch, torch.Generator().manual_seed(0))
    assert loss.item() == pytest.approx(1.0 if prediction == "epsilon" else 0.25, rel=0.05)


@pytest.mark.parametrize("bad", [{"inference_steps": 101}, {"kernel": 4}, {"channels": (12,)}, {"embedding": 7}])
def test_recipes_that_cannot_work_are_refused(bad):
    with pytest.raises(ValueError, match=r"exceeds|odd|divide"):
        method.recipe(**bad)


def test_acting_without_noise_is_refused():
    with pytest.raises(ValueError, match="noise"):
        learner(chunk=8).act(torch.randn(1, 2, 5), None)
