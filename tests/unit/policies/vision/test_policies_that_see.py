"""Every method with vision: its training repeats, its policies read what they say, and law 5 holds for pictures."""

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
import torch

from harness.contract.policy import Execution, Runtime, TrainingJob
from harness.errors import ContractError
from policies import act, diffusion, vqbet
from policies.training.corpus import Corpus
from policies.training.learner import Layout
from policies.training.policy import LearnedPolicy

EYES = {"cameras": ("wrist", "top"), "crop": 16, "channels": (8, 16), "blocks": 1, "keypoints": 4, "features": 6}
METHODS = {
    "act": (act.method, {"chunk": 6, "model": 16, "feedforward": 16, "heads": 2, "latent": 4}),
    "diffusion": (diffusion.method, {"chunk": 6, "denoiser": "mlp", "hidden": 16, "embedding": 8}),
    "vqbet": (
        vqbet.method,
        {"chunk": 5, "model": 16, "heads": 2, "tokenizer_steps": 3, "tokenizer_hidden": 16, "latent": 8, "codes": 4},
    ),
}


@pytest.fixture(params=sorted(METHODS))
def method(request):
    return METHODS[request.param][0]


def recipe_of(method, vision=(), **changes):
    settings = {"steps": 4, "batch": 8, "warmup": 1, **METHODS[method.name][1], **changes}
    return method.recipe(**settings, vision=EYES | dict(vision))


@pytest.fixture
def train(seeing, demonstrations, frames, tmp_path, monkeypatch):
    monkeypatch.setattr("policies.training.session.read", lambda directory, task: demonstrations)

    def call(method, name="run", pictures=lambda cameras: {c: frames[c] for c in cameras}, **settings):
        recipe = recipe_of(method, **settings)
        runtime, execution = Runtime(threads=1, device="cpu"), Execution(execute=1)
        directory = tmp_path / name
        job = TrainingJob(seeing, tmp_path, "0" * 32, recipe, execution, 0, directory, runtime, pictures)
        method.train(job, lambda *_: None)
        return directory

    return call


@pytest.fixture
def asked(query_of, seeing):
    def build(policy, seed=0):
        rng, promise = np.random.default_rng(seed), policy.contract
        sizes = {camera.name: (camera.height, camera.width) for camera in seeing.cameras}
        images = {
            name: rng.integers(0, 256, (promise.width, promise.n_obs, *sizes[name], 3), np.uint8)
            for name in promise.cameras
        }
        return replace(query_of(policy, seeing, seed), images=images)

    return build


def weights(directory):
    return (directory / "weights.safetensors").read_bytes()


def test_the_same_pictures_give_the_same_weights_and_others_others(method, train, frames):
    before = torch.get_rng_state()
    first = weights(train(method, "a"))
    assert torch.equal(before, torch.get_rng_state())
    assert first == weights(train(method, "b"))
    assert first != weights(train(method, "c", lambda cameras: {name: 255 - frames[name] for name in cameras}))


def test_a_policy_reads_its_pictures_and_what_the_robot_measures_and_nothing_else(method, train, seeing, asked):
    policy = method.load(train(method), seeing, Runtime(1, "cpu"))
    assert policy.contract.cameras == ("wrist", "top")
    assert policy.contract.reads == ("hand",)
    assert set(policy.card["pictures"]) == {"wrist", "top"}
    query = asked(policy)
    plan = policy.plan(query).actions
    for name in ("wrist", "top"):
        darker = query.images | {name: query.images[name] // 2}
        assert not np.array_equal(plan, policy.plan(replace(query, images=darker)).actions)
    hand, block = query.observations.copy(), query.observations.copy()
    hand[..., :2] += 1
    block[..., 2:] += 1
    assert not np.array_equal(plan, policy.plan(replace(query, observations=hand)).actions)
    assert np.array_equal(plan, policy.plan(replace(query, observations=block)).actions)


def test_a_training_without_pictures_is_refused(train):
    with pytest.raises(ContractError, match="pictures of the demonstrations; got none"):
        train(act.method, pictures=None)
    with pytest.raises(ContractError, match="'front'"):
        train(act.method, vision={"cameras": ("front",)})


@pytest.mark.parametrize("width", [8, 32])
@pytest.mark.parametrize("norm", ["group", "frozen"])
def test_bits_depend_on_neither_slot_nor_neighbours_nor_threads(method, seeing, asked, width, norm):
    recipe = recipe_of(method, {"norm": norm, "channels": (16, 32, 64)}, width=width)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        learner = method.learner_type()(Layout.of(seeing, recipe), recipe, torch.device("cpu"))
    policy = LearnedPolicy(learner, {"method": method.name, "task": seeing.id}, torch.device("cpu"), seeing)
    query, other = asked(policy), asked(policy, seed=1)
    expected = policy.plan(query).actions
    order, mine = np.random.default_rng(2).permutation(width), np.arange(width) % 3 == 0
    assert np.array_equal(expected[order], policy.plan(mixed(query, query, order, np.ones(width, bool))).actions)
    assert np.array_equal(expected[mine], policy.plan(mixed(query, other, np.arange(width), mine)).actions[mine])
    torch.set_num_threads(2)
    assert np.array_equal(expected, policy.plan(query).actions)


def mixed(query, other, order, mine):
    """Rows of `query` in an order, or those of `other` where they are not `mine`."""

    def mix(a, b):
        return np.ascontiguousarray(np.where(mine.reshape(-1, *[1] * (a.ndim - 1)), a[order], b[order]))

    noise = None if query.noise is None else mix(query.noise, other.noise)
    images = {name: mix(query.images[name], other.images[name]) for name in query.images}
    return replace(query, observations=mix(query.observations, other.observations), noise=noise, images=images)


@pytest.fixture
def corpus(seeing, demonstrations, frames):
    recipe = recipe_of(vqbet.method)
    learner = vqbet.method.learner_type()(Layout.of(seeing, recipe), recipe, torch.device("cpu"))
    return Corpus(demonstrations, learner, torch.device("cpu"), {name: frames[name] for name in ("wrist", "top")})


def test_batches_with_pictures_can_begin_in_the_middle(corpus):
    whole = list(islice(corpus.batches(20, 0, "a"), 6))
    for batch, expected in zip(corpus.batches(20, 4, "a"), whole[4:], strict=False):
        assert batch.pictures.keys() == {"wrist", "top"}
        for name, seen in batch.pictures.items():
            assert seen.shape == (20, 3, 16, 16, 3)
            assert torch.equal(seen, expected.pictures[name])


def test_pictures_are_of_the_frames_that_the_window_observes(corpus, frames):
    index = torch.arange(12)
    seen = corpus.glance(index, "somewhere")["wrist"].numpy()
    for row, window in enumerate(seen):
        frame = frames["wrist"][row]
        squares = [frame[y : y + 16, x : x + 16] for y in range(5) for x in range(5)]
        assert any(np.array_equal(window[-1], square) for square in squares)


def test_a_phase_that_does_not_see_loads_no_pictures(corpus):
    assert next(corpus.batches(20, 0, "a", sees=False)).pictures == {}
    recipe = recipe_of(vqbet.method)
    learner = vqbet.method.learner_type()(Layout(2, 2, (0, 1)), recipe, torch.device("cpu"))
    assert [phase.sees for phase in learner.phases] == [False, True]
