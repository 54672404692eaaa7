"""A method is more than a checkpoint."""

from dataclasses import replace

import numpy as np
import pytest
from fakes.outcomes import entrant

from harness.reports.comparison import Rules
from harness.reports.methods import methods, trained
from harness.reports.pairing import Entrant, Scope

RULES = Rules()


def checkpoints(method, rate, seeds, *, file="", scenes=30):
    rng = np.random.default_rng([len(method), int(rate * 100), *seeds])
    return [
        entrant(f"{file}{method}-s{k}", list(rng.random(scenes) < rate), method=method, seed=k, file=file)
        for k in seeds
    ]


def test_a_method_is_spoken_of_only_with_three_training_seeds():
    few = [*checkpoints("a", 0.9, range(3)), *checkpoints("b", 0.2, range(2))]
    assert methods(few, [Scope()], RULES) == ()
    [claim] = methods([*few, *checkpoints("c", 0.2, range(3))], [Scope()], RULES)
    assert (claim.first, claim.second, claim.seeds, claim.scenes) == ("a", "c", (3, 3), 30)
    assert claim.difference.interval.low > 0.3
    assert (claim.verdict, claim.p_adjusted) == ("better", claim.difference.p_value)


def test_the_same_two_seeds_in_two_files_are_not_four():
    files = ("old", "new")
    entered = [one for file in files for m in "ab" for one in checkpoints(m, 0.5, range(2), file=file)]
    assert methods(entered, [Scope()], RULES) == ()
    assert {name: len(group) for name, group in trained(entered).items()} == {
        "old:a": 2, "old:b": 2, "new:a": 2, "new:b": 2,
    }  # fmt: skip


def test_controls_are_no_methods():
    assert trained([replace(entrant("zero", [False]), training_seed=None)]) == {}


def test_seeds_that_disagree_outweigh_many_scenes():
    """One of three trainings failed: many scenes make sure of the checkpoints, and not of the method."""
    lucky = [entrant(f"a{k}", [k != 0] * 200, method="a", seed=k) for k in range(3)]
    steady = [entrant(f"b{k}", [False] * 200, method="b", seed=k) for k in range(3)]
    [claim] = methods([*lucky, *steady], [Scope()], RULES)
    assert claim.verdict == "inconclusive"
    assert claim.shares[0].training_seed == pytest.approx(1.0)


def test_claims_are_adjusted_together_and_follow_alpha():
    entered = [one for m, rate in (("a", 0.9), ("bb", 0.7), ("ccc", 0.5)) for one in checkpoints(m, rate, range(3))]
    claims = methods(entered, [Scope()], RULES)
    assert len(claims) == 3
    assert max(c.p_adjusted / c.difference.p_value for c in claims) == pytest.approx(3)
    [wide, *_] = methods(entered, [Scope()], Rules(alpha=0.01))
    assert wide.difference.interval.low < claims[0].difference.interval.low


def test_policy_noise_is_told_apart_where_there_are_replicates():
    """Whatever checkpoint and scene, the replicates disagree: all of the variance is policy noise."""

    def noisy(name, method, seed):
        parts = [entrant(name, [True] * 6, replicate=0), entrant(name, [False] * 6, replicate=1)]
        merged = {world: success for part in parts for world, success in part.outcomes.items()}
        return Entrant(**vars(parts[0]) | {"method": method, "training_seed": seed, "outcomes": merged})

    [claim] = methods([noisy(f"{m}{k}", m, k) for m in "ab" for k in range(3)], [Scope()], RULES)
    # The entries are all 1/2, so nothing varies between them, and the shares are not known.
    assert np.isnan(claim.shares[0].policy_noise)
    single = methods([*checkpoints("a", 0.5, range(3)), *checkpoints("b", 0.4, range(3))], [Scope()], RULES)
    assert single[0].shares[0].policy_noise is None
    rng = np.random.default_rng(8)

    def drawn(name, method, seed):
        parts = [entrant(name, list(rng.random(40) < 0.5), replicate=k) for k in range(4)]
        merged = {world: success for part in parts for world, success in part.outcomes.items()}
        return Entrant(**vars(parts[0]) | {"method": method, "training_seed": seed, "outcomes": merged})

    [coins] = methods([drawn(f"{m}{k}", m, k) for m in "ab" for k in range(3)], [Scope()], RULES)
    assert coins.shares[0].policy_noise > 0.8


def test_a_scene_in_which_one_checkpoint_was_not_scored_is_left_out():
    entered = [*checkpoints("a", 0.9, range(3)), *checkpoints("bb", 0.2, range(3))]
    broken = next(iter(entered[4].outcomes))
    entered[4].outcomes[broken] = None
    [claim] = methods(entered, [Scope()], RULES)
    assert claim.scenes == 29
