import functools
import json
import math

import pytest
import torch

from harness.contract.fields import width
from harness.errors import CheckpointError
from policies.training import session
from policies.training.snapshot import Snapshots


def weights(directory):
    return (directory / "weights.safetensors").read_bytes()


def card(directory):
    return json.loads((directory / "card.json").read_text())


@pytest.fixture
def eager_snapshots(monkeypatch):
    monkeypatch.setattr(session, "Snapshots", functools.partial(Snapshots, interval=0.0))


class Interruption:
    """Raises KeyboardInterrupt at a step, once."""

    def __init__(self, at):
        self.at, self.resumed_at = at, None

    def __call__(self, step, total, loss):
        if self.at == step:
            self.at = None
            raise KeyboardInterrupt
        if self.at is None and self.resumed_at is None:
            self.resumed_at = step


def test_the_same_job_gives_the_same_weights_and_another_seed_others(shop, variant):
    first, again, other = (shop.train(variant, name=name, seed=seed) for name, seed in (("a", 0), ("b", 0), ("c", 1)))
    assert weights(first) == weights(again)
    assert weights(first) != weights(other)
    assert card(first)["weights"] == card(again)["weights"]


def test_weights_do_not_depend_on_the_number_of_threads(shop):
    size = {"hidden": 256, "embedding": 64, "batch": 64, "steps": 4}
    one, two = (shop.train("diffusion-mlp", name=str(threads), threads=threads, **size) for threads in (1, 2))
    assert weights(one) == weights(two)


def test_training_reads_and_changes_no_global_generator(shop, variant):
    torch.manual_seed(1)
    before = torch.get_rng_state()
    first = shop.train(variant, name="a")
    assert torch.equal(before, torch.get_rng_state())
    torch.manual_seed(2)
    assert weights(first) == weights(shop.train(variant, name="b"))


@pytest.mark.parametrize("at", [14, 30])
def test_resumed_training_gives_the_bits_of_an_uninterrupted_one(shop, variant, at, eager_snapshots, monkeypatch):
    monkeypatch.setattr("policies.training.trainer._PROGRESS_SECONDS", 0.0)
    whole = shop.train(variant, name="whole")
    interruption = Interruption(at)
    with pytest.raises(KeyboardInterrupt):
        shop.train(variant, interruption, name="broken")
    assert not (shop.root / "broken" / "card.json").exists()
    broken = shop.train(variant, interruption, name="broken")
    assert interruption.resumed_at == at
    assert weights(whole) == weights(broken)
    assert card(whole)["training_curve"] == card(broken)["training_curve"]
    assert not (broken / "snapshot.pt").exists()


def test_a_snapshot_of_another_job_is_not_resumed_from(shop, eager_snapshots, monkeypatch):
    monkeypatch.setattr("policies.training.trainer._PROGRESS_SECONDS", 0.0)
    with pytest.raises(KeyboardInterrupt):
        shop.train("bc", Interruption(20), name="x", seed=5)
    assert weights(shop.train("bc", name="x", seed=0)) == weights(shop.train("bc", name="y", seed=0))


def test_a_damaged_snapshot_costs_only_time(shop, eager_snapshots, monkeypatch):
    monkeypatch.setattr("policies.training.trainer._PROGRESS_SECONDS", 0.0)
    with pytest.raises(KeyboardInterrupt):
        shop.train("bc", Interruption(20), name="x")
    path = shop.root / "x" / "snapshot.pt"
    path.write_bytes(path.read_bytes()[:-100])
    assert weights(shop.train("bc", name="x")) == weights(shop.train("bc", name="y"))


def test_progress_spans_all_phases_and_ends_at_the_total(shop, variant):
    calls = []
    shop.train(variant, lambda *call: calls.append(call))
    total = 50 if variant == "vqbet" else 30
    assert calls[-1][:2] == (total, total)
    assert all(call[1] == total and math.isfinite(call[2]) for call in calls)


def test_the_card_says_what_an_auditor_needs(shop, variant, contract):
    found = card(shop.train(variant, seed=3))
    assert {key: found[key] for key in ("task", "dataset", "seed", "device")} == {
        "task": "toy-v1",
        "dataset": "0" * 32,
        "seed": 3,
        "device": "cpu",
    }
    assert found["recipe"]["steps"] == 30
    assert found["execution"] == {"execute": found["recipe"]["chunk"], "ensemble": None}
    assert found["parameters"] > 0
    assert 0 < len(found["training_curve"]) <= 200
    assert found["final_loss"] == found["training_curve"][-1][1]


def test_training_lowers_the_loss(shop, variant):
    curve = card(shop.train(variant, steps=120, learning_rate=5e-3))["training_curve"]
    losses = [loss for step, loss in curve if step > curve[-1][0] - 120]
    assert sum(losses[-10:]) < sum(losses[:10])


def test_a_loss_that_is_no_number_stops_training(shop):
    with pytest.raises(CheckpointError, match="learning_rate"):
        shop.train("act", learning_rate=1e30, clip=1e30)


def test_a_policy_keeps_its_contract(shop, variant, contract, query_of):
    policy = shop.load(variant, shop.train(variant))
    promise = policy.contract
    query = query_of(policy, contract)
    plan = policy.plan(query)
    assert plan.actions.shape == (32, promise.chunk, width(contract.action))
    assert plan.actions.dtype == "float32"
    assert {name: value.shape for name, value in plan.diagnostics.items()} == {
        name: (32, length) for name, length in promise.diagnostics.items()
    }
    assert policy.card["method"] == promise.method


def test_actions_are_in_action_units(shop, contract, query_of):
    """A clipped sample lies inside the range of the demonstrated actions, tanh of a walk."""
    policy = shop.load("diffusion", shop.train("diffusion"))
    assert abs(policy.plan(query_of(policy, contract)).actions).max() <= 1.0


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda d: (d / "card.json").unlink(), "no file"),
        (lambda d: (d / "card.json").write_text("{"), "JSON"),
        (lambda d: (d / "weights.safetensors").unlink(), "no file"),
        (lambda d: (d / "weights.safetensors").write_bytes(weights(d)[:-1] + b"\x01"), "hash"),
        (lambda d: (d / "card.json").write_text((d / "card.json").read_text().replace("toy-v1", "other-v1")), "task"),
        (lambda d: (d / "card.json").write_text((d / "card.json").read_text().replace('"block"', '"brick"')), "layout"),
    ],
)
def test_a_damaged_or_foreign_checkpoint_is_refused(shop, damage, message):
    directory = shop.train("bc")
    damage(directory)
    with pytest.raises(CheckpointError, match=message) as caught:
        shop.load("bc", directory)
    assert caught.value.expected
    assert caught.value.fix


def test_weights_that_do_not_fit_the_recipe_are_refused(shop):
    directory = shop.train("bc")
    path = directory / "card.json"
    content = card(directory)
    content["recipe"]["hidden"] = [17]
    path.write_text(json.dumps(content))
    with pytest.raises(CheckpointError, match="weights of its recipe"):
        shop.load("bc", directory)
