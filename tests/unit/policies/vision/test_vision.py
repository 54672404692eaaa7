"""Recipes, networks and crops of policies that see."""

import numpy as np
import pytest
import torch
import torchvision
from torch.nn import functional

from harness.errors import ContractError
from harness.hashing import content_hash
from policies import act, bc
from policies.act.cells import sinusoid_2d
from policies.training.generators import generator
from policies.vision.crop import cut, middle, places
from policies.vision.eyes import Eyes, Features, scaled
from policies.vision.pooling import SpatialSoftmax
from policies.vision.recipe import Vision

SMALL = {"crop": 16, "channels": (8, 16), "blocks": 1, "keypoints": 4, "features": 6}


@pytest.fixture(autouse=True)
def _restore_global_generator():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def pictures(rows, cameras=("top",), n_obs=1, side=16, seed=0):
    rng = np.random.default_rng(seed)
    return {name: torch.from_numpy(rng.integers(0, 256, (rows, n_obs, side, side, 3), np.uint8)) for name in cameras}


def test_recipes_without_vision_keep_the_hash_that_they_had_before_it():
    tiny = act.method.recipe(steps=6, batch=8, width=8, chunk=8, model=16, feedforward=16, heads=2, latent=4)
    assert content_hash(tiny.model_dump(mode="json")) == "0a30781a3a3219c39001797efbb2fbdc"


def test_a_recipe_with_vision_is_read_back_from_its_document():
    recipe = act.method.recipe(vision={"cameras": ["top"]})
    document = recipe.model_dump(mode="json")
    assert document["vision"]["cameras"] == ["top"]
    assert act.method.recipe.model_validate(document) == recipe


def test_bc_has_no_vision():
    with pytest.raises(ValueError, match="vision"):
        bc.method.recipe(vision={"cameras": ["top"]})


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"cameras": ["front"]}, "a camera of toy-v1: top, wrist.*'front'"),
        ({"crop": 21}, "a crop of at most 20 pixels.*21"),
    ],
)
def test_what_the_task_has_not_is_refused(seeing, settings, words):
    recipe = act.method.recipe(vision={"cameras": ["top"], "crop": 16} | settings)
    with pytest.raises(ContractError, match=f"mine: vision; expected {words}; fix"):
        recipe.check(seeing, lambda setting: f"mine: {setting}")


@pytest.mark.parametrize("settings", [{"cameras": []}, {"cameras": ["a", "a"]}, {"channels": [24]}, {"typo": 1}])
def test_settings_that_cannot_be_are_refused(settings):
    with pytest.raises(ValueError):
        Vision.model_validate({"cameras": ["top"]} | settings)


def test_the_default_network_is_resnet_18():
    eyes, oracle = Eyes(Vision(cameras=("top",), norm="frozen", crop=64)).eval(), torchvision.models.resnet18().eval()
    weights = {name: value for name, value in oracle.state_dict().items() if not name.startswith("fc.")}
    eyes.networks[0].load_state_dict(weights)
    seen = pictures(2, side=64)
    with torch.inference_mode():
        mean = functional.adaptive_avg_pool2d(eyes(seen)[:, 0, 0], 1).flatten(1)
        expected = oracle.fc(mean)
        torch.testing.assert_close(expected, oracle(scaled(seen["top"][:, 0])))


@pytest.mark.parametrize("crop", [16, 20, 84, 96])
def test_the_recipe_knows_the_size_of_the_last_map(crop):
    recipe = Vision(cameras=("top",), **SMALL | {"crop": crop})
    assert Eyes(recipe)(pictures(1, side=crop)).shape == (1, 1, 1, 16, recipe.cells, recipe.cells)


def test_a_spatial_softmax_says_where_the_peak_is():
    pool = SpatialSoftmax(2, 2, 5)
    torch.nn.init.eye_(pool.maps.weight)
    torch.nn.init.zeros_(pool.maps.bias)
    signal = torch.zeros(1, 2, 5, 5)
    signal[0, 0, 4, 0], signal[0, 1, 1, 2] = 50, 50
    torch.testing.assert_close(pool(signal), torch.tensor([[-1.0, 1.0, 0.0, -0.5]]))


def test_cells_of_one_row_share_half_of_their_place():
    place = sinusoid_2d(3, 8).reshape(3, 3, 8)
    assert torch.equal(place[1, 0, :4], place[1, 2, :4])
    assert torch.equal(place[0, 1, 4:], place[2, 1, 4:])
    assert len(torch.unique(place.reshape(9, 8), dim=0)) == 9


def test_cameras_have_a_network_each_or_share_one():
    own, shared = (Features(Vision(cameras=("a", "b"), shared=flag, **SMALL)) for flag in (False, True))
    assert (len(own.eyes.networks), len(shared.eyes.networks)) == (2, 1)
    seen = pictures(3, ("a", "b"), n_obs=2)
    assert own(seen).shape == shared(seen).shape == (3, 2, 12)
    same = {"a": seen["a"], "b": seen["a"]}
    maps = shared.eyes(same)
    assert torch.equal(maps[:, :, 0], maps[:, :, 1])


def test_frozen_norms_hold_the_statistics_of_the_data_and_keep_them():
    eyes = Eyes(Vision(cameras=("top",), norm="frozen", **SMALL))
    seen = pictures(64, seed=3)
    eyes.take_statistics(seen)
    first = eyes.networks[0].conv1(scaled(seen["top"][:, 0])).transpose(0, 1).flatten(1)
    torch.testing.assert_close(eyes.networks[0].bn1.running_mean, first.mean(1))
    torch.testing.assert_close(eyes.networks[0].bn1.running_var, first.var(1))
    kept = {name: value.clone() for name, value in eyes.named_buffers()}
    eyes.train()
    eyes(pictures(8, seed=4)).sum().backward()
    assert all(torch.equal(value, kept[name]) for name, value in eyes.named_buffers())
    assert eyes.networks[0].bn1.weight.grad is not None


def test_the_middle_of_a_picture_is_its_middle():
    frame = np.arange(5 * 6 * 3, dtype=np.uint8).reshape(1, 1, 5, 6, 3)
    np.testing.assert_array_equal(middle(frame, 3), frame[:, :, 1:4, 1:4])
    np.testing.assert_array_equal(middle(frame, 5), frame[:, :, :, 0:5])


def test_random_squares_lie_everywhere_inside_and_are_drawn_from_the_generator():
    where = places(500, 6, 9, 4, generator("a"))
    assert set(where[:, 0]) == {0, 1, 2}
    assert set(where[:, 1]) == {0, 1, 2, 3, 4, 5}
    np.testing.assert_array_equal(where, places(500, 6, 9, 4, generator("a")))


def test_frames_of_a_window_are_cut_at_one_place():
    frames = np.random.default_rng(0).integers(0, 256, (4, 6, 7, 3), np.uint8)
    squares = cut(frames, np.array([[0, 1], [3, 3]]), np.array([[1, 2], [0, 0]]), 4)
    np.testing.assert_array_equal(squares[0], frames[[0, 1], 1:5, 2:6])
    np.testing.assert_array_equal(squares[1], frames[[3, 3], 0:4, 0:4])
