"""Law 5 for every method: an episode's bits do not depend on its slot, its neighbours or the number of threads."""

from dataclasses import fields, replace

import numpy as np
import pytest
import torch

from policies.act import method as act
from policies.bc import method as bc
from policies.diffusion import method as diffusion
from policies.training.learner import Layout
from policies.training.policy import LearnedPolicy
from policies.vqbet import method as vqbet

FULL_SIZE = {
    "act": (act, {}),
    "unet": (diffusion, {"inference_steps": 2}),
    "mlp": (diffusion, {"denoiser": "mlp", "inference_steps": 2}),
    "ddpm": (diffusion, {"inference_steps": 2, "sampler": "ddpm"}),
    "vqbet": (vqbet, {}),
    "bc": (bc, {}),
    "gmm": (bc, {"variant": "gmm", "low_noise": False, "chunk": 3}),
}


@pytest.fixture(params=sorted(FULL_SIZE))
def policy(request, contract):
    method, settings = FULL_SIZE[request.param]
    device = torch.device("cpu")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        learner = method.learner_type()(Layout.of(contract), method.recipe(**settings), device)
        for buffer in (learner.tokenizer.quantiser.codebooks,) if method is vqbet else ():
            buffer.normal_()
    return LearnedPolicy(learner, {"method": method.name, "task": contract.id}, device, contract)


def rows(query, order):
    changed = {}
    for field in fields(query):
        value = getattr(query, field.name)
        if isinstance(value, np.ndarray):
            changed[field.name] = np.ascontiguousarray(value[order])
    return replace(query, **changed)


def outputs(policy, query):
    plan = policy.plan(query)
    return [plan.actions, *(plan.diagnostics[name] for name in sorted(plan.diagnostics))]


def test_the_slot_does_not_matter(policy, contract, query_of):
    query = query_of(policy, contract)
    order = np.random.default_rng(1).permutation(32)
    for straight, shuffled in zip(outputs(policy, query), outputs(policy, rows(query, order)), strict=True):
        assert np.array_equal(straight[order], shuffled)


def test_the_neighbours_do_not_matter(policy, contract, query_of):
    query, other = query_of(policy, contract), query_of(policy, contract, seed=9)
    mixed = np.arange(32) % 3 == 0
    changed = {}
    for name in ("observations", "noise"):
        mine, theirs = getattr(query, name), getattr(other, name)
        if mine is not None:
            changed[name] = np.where(mixed.reshape(-1, *[1] * (mine.ndim - 1)), mine, theirs)
    for alone, among in zip(outputs(policy, query), outputs(policy, replace(query, **changed)), strict=True):
        assert np.array_equal(alone[mixed], among[mixed])


def test_the_number_of_threads_does_not_matter(policy, contract, query_of):
    query = query_of(policy, contract)
    results = []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        results.append(outputs(policy, query))
    for one, two in zip(*results, strict=True):
        assert np.array_equal(one, two)


def test_the_same_query_gives_the_same_plan(policy, contract, query_of):
    query = query_of(policy, contract)
    policy.plan(query_of(policy, contract, seed=3))
    for first, second in zip(outputs(policy, query), outputs(policy, query), strict=True):
        assert np.array_equal(first, second)
