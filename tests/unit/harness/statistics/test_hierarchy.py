"""Methods over training seeds and scenes, against simulations whose truth is known."""

import numpy as np
import pytest

from harness.statistics.hierarchy import method_difference, variance_shares


def crossed(rng, seeds, scenes, *, seed_sd, scene, rest_sd):
    return rng.normal(0, seed_sd, (seeds, 1)) + scene + rng.normal(0, rest_sd, (seeds, scenes))


def test_shares_find_the_components_they_were_made_of():
    rng = np.random.default_rng(0)
    found = [
        variance_shares(crossed(rng, 40, 40, seed_sd=1.0, scene=rng.normal(0, 2.0, 40), rest_sd=1.0)) for _ in range(30)
    ]
    assert np.mean([share.training_seed for share in found]) == pytest.approx(1 / 6, abs=0.03)
    assert np.mean([share.scene for share in found]) == pytest.approx(4 / 6, abs=0.04)
    assert np.mean([share.rest for share in found]) == pytest.approx(1 / 6, abs=0.03)


@pytest.mark.parametrize(("seed_sd", "rest_sd"), [(1.0, 0.5), (0.3, 1.0), (0.0, 1.0)])
def test_equal_methods_differ_significantly_no_more_often_than_alpha(seed_sd, rest_sd):
    rng, alarms, covered, times = np.random.default_rng(1), 0, 0, 600
    for _ in range(times):
        scene = rng.normal(0, 1.0, 20)
        tables = [crossed(rng, 3, 20, seed_sd=seed_sd, scene=scene, rest_sd=rest_sd) for _ in range(2)]
        found = method_difference(*tables)
        alarms += found.p_value <= 0.05
        covered += found.interval.low <= 0 <= found.interval.high
    assert alarms / times <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / times)
    assert covered == times - alarms


def test_scenes_that_all_share_do_not_widen_the_interval():
    rng = np.random.default_rng(2)
    one, other = (crossed(rng, 3, 20, seed_sd=0.1, scene=0.0, rest_sd=0.1) for _ in range(2))
    scene = rng.normal(0, 5.0, 20)
    plain, shared = method_difference(one, other), method_difference(one + scene, other + scene)
    assert shared.interval.high - shared.interval.low == pytest.approx(plain.interval.high - plain.interval.low)


def test_a_large_difference_is_seen():
    rng = np.random.default_rng(3)
    one, other = (crossed(rng, 3, 20, seed_sd=0.1, scene=0.0, rest_sd=0.1) for _ in range(2))
    assert method_difference(one + 2, other).p_value < 0.01


def test_a_variance_that_was_not_seen_is_still_doubt():
    sure = method_difference(np.ones((3, 4)), np.zeros((3, 4)))
    assert 0 < sure.p_value < 1e-3
    assert sure.interval.estimate == 1
    assert sure.interval.low < 0.9
    same = method_difference(np.ones((3, 4)), np.ones((3, 4)))
    # By hand: q = 1/14, variance 2 q (1 - q) / 12 = 0.01105, 2 + 2 degrees of freedom, t = 2.776.
    assert same.interval.high == -same.interval.low == pytest.approx(2.776 * np.sqrt(2 * 13 / 14**2 / 12), rel=1e-3)
    assert same.p_value == 1
    assert np.isnan(variance_shares(np.ones((3, 4))).scene)


def test_replicates_tell_policy_noise_from_what_a_checkpoint_makes_of_a_scene():
    """Entries are means of 4 replicates: true parts 1 (seed), 4 (scene), 1 (seed x scene), 4 / 4 (noise)."""
    rng = np.random.default_rng(6)
    found = []
    for _ in range(30):
        mean = crossed(rng, 40, 40, seed_sd=1.0, scene=rng.normal(0, 2.0, 40), rest_sd=1.0)
        replicates = mean[..., None] + rng.normal(0, 2.0, (40, 40, 4))
        noise = float(replicates.var(axis=2, ddof=1).mean()) / 4
        found.append(variance_shares(replicates.mean(axis=2), noise))
    assert np.mean([share.policy_noise for share in found]) == pytest.approx(1 / 7, abs=0.02)
    assert np.mean([share.rest for share in found]) == pytest.approx(1 / 7, abs=0.02)
    assert variance_shares(np.eye(3)).policy_noise is None
    with pytest.raises(ValueError, match="noise"):
        variance_shares(np.eye(3), -1.0)


@pytest.mark.parametrize("wrong", [np.ones((1, 5)), np.ones((3, 1)), np.ones(4), np.full((3, 3), np.nan)])
def test_what_is_no_table_of_seeds_and_scenes_is_refused(wrong):
    with pytest.raises(ValueError, match=r"seeds|NaN|matrix|dimension"):
        method_difference(wrong, np.ones((3, 5)))


def test_other_scenes_are_refused():
    with pytest.raises(ValueError, match="same scenes"):
        method_difference(np.ones((3, 4)), np.ones((3, 5)))
