"""Mode entropy over replicates of a scene, from rows."""

import math

import pytest

from harness.evidence.modes import mode_use


def row(mode, *, scene=0, success=True, policy="p", purpose="panel", pairs=False):
    signals = {"mode": [0.0, 5.0, float(mode)]}
    return {
        "policy": policy,
        "task": "avoid-v1",
        "split": "heldout",
        "condition": "nominal",
        "purpose": purpose,
        "scene": scene,
        "success": success,
        "trace": {"signals": list(signals.items()) if pairs else signals},
    }


def test_the_last_value_of_the_signal_is_the_way():
    (found,) = mode_use([row(mode) for mode in (1, 2, 3, 4) * 3], "mode", 24)
    assert (found.scenes, found.episodes, found.bits) == (1, 12, pytest.approx(2))
    assert found.normalised == pytest.approx(2 / math.log2(24))


def test_a_way_that_depends_on_the_scene_alone_is_no_diversity():
    (found,) = mode_use([row(scene + 1, scene=scene) for scene in range(24) for _ in range(10)], "mode", 24)
    assert (found.scenes, found.bits) == (24, 0)


def test_entropies_are_averaged_over_scenes():
    rows = [row(1 + k % 2, scene=0) for k in range(10)] + [row(9, scene=1) for _ in range(40)]
    (found,) = mode_use(rows, "mode", 24)
    assert found.bits == pytest.approx(0.5)


def test_failures_errors_and_probes_took_no_way():
    others = [row(3, success=False), row(3, success=None), row(3, purpose="probe")]
    (found,) = mode_use([row(mode) for mode in (1, 2) * 5] + others, "mode", 24)
    assert (found.episodes, found.bits) == (10, pytest.approx(1))


def test_a_scene_with_few_successes_says_nothing():
    (found,) = mode_use([row(1)] * 9, "mode", 24)
    assert (found.scenes, found.episodes) == (0, 0)
    assert math.isnan(found.bits)
    assert math.isnan(found.normalised)


def test_cells_are_apart_and_maps_may_be_pairs_as_parquet_reads_them():
    rows = [row(1, policy=policy, pairs=True) for policy in "ba" for _ in range(10)]
    assert [found.policy for found in mode_use(rows, "mode", 24)] == ["a", "b"]
