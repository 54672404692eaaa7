"""What faults of cameras make of pictures."""

import numpy as np
import pytest
from fakes.arm import ARM, STEPS, effects_of, specimen, written

from harness.errors import ManifestError
from harness.faults import catalogue

PICTURE = np.random.default_rng(0).integers(40, 200, (16, 24, 3)).astype(np.uint8)
PIXELS = ["camera.patch", "camera.blur", "camera.exposure", "camera.colour_shift", "camera.noise", "camera.blackout"]
LINKS = ["camera.freeze", "camera.drop", "camera.desync"]
VISUAL = [fault for fault in catalogue.ids() if fault.startswith("camera.") or fault == "scene.distractors"]


def delivered(fault, step=30, camera="top", **settings):
    vision = effects_of(fault, **settings).vision
    return vision.delivered(PICTURE, camera, step)


def apart(first, second):
    return np.abs(first.astype(float) - second).mean()


@pytest.mark.parametrize("fault", [fault for fault in PIXELS if fault != "camera.blackout"])
def test_a_worse_level_leaves_less_of_the_picture(fault):
    off = [apart(delivered(specimen(fault, level)), PICTURE) for level in range(1, 6)]
    assert off[0] > 0
    assert off == sorted(off)


@pytest.mark.parametrize("fault", PIXELS)
def test_pictures_stay_pictures_and_are_not_overwritten(fault):
    kept = PICTURE.copy()
    for camera in ("top", "side"):
        shown = delivered(specimen(fault, 5), camera=camera)
        assert (shown.shape, shown.dtype) == (PICTURE.shape, np.uint8)
    np.testing.assert_array_equal(PICTURE, kept)


def test_a_patch_is_a_grey_rectangle_and_changes_nothing_beside_it():
    shown = delivered(written("camera.patch", size=0.5))
    changed = (shown != PICTURE).any(axis=2)
    rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
    inside = shown[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    assert inside.shape[:2] == (8, 12)
    assert len(np.unique(inside)) == 1
    np.testing.assert_array_equal(shown[~changed], PICTURE[~changed])


def test_a_blur_spreads_a_point_and_keeps_its_light():
    point = np.zeros((31, 31, 3), np.uint8)
    point[15, 15] = 250
    blurred = effects_of(written("camera.blur", sigma="1 px")).vision.delivered(point, "top", 0).astype(float)
    assert blurred[15, 15, 0] == pytest.approx(250 / (2 * np.pi), abs=2)
    assert blurred[..., 0].sum() == pytest.approx(250, rel=0.1)
    np.testing.assert_array_equal(blurred, blurred[::-1, ::-1])
    grey = np.full((9, 9, 3), 77, np.uint8)
    np.testing.assert_array_equal(
        effects_of(written("camera.blur", sigma="5 px")).vision.delivered(grey, "top", 0), grey
    )


@pytest.mark.parametrize(("way", "factor"), [("over", 2), ("under", 0.5)])
def test_a_stop_doubles_or_halves(way, factor):
    shown = delivered(written("camera.exposure", stops="1 stops", way=way))
    np.testing.assert_allclose(shown, np.minimum(PICTURE.astype(float) * factor, 255), atol=0.5)


def test_noise_is_drawn_for_every_step_and_camera_and_stays_with_its_picture():
    noise = written("camera.noise", std="10 %")
    first = delivered(noise, step=3)
    np.testing.assert_array_equal(first, delivered(noise, step=3))
    for other in (delivered(noise, step=4), delivered(noise, step=3, camera="side"), delivered(noise, step=3, seed=2)):
        assert apart(first, other) > 5
    assert (first.astype(float) - PICTURE).std() == pytest.approx(25.5, rel=0.1)


def test_a_colour_shift_keeps_proportions():
    shown = delivered(written("camera.colour_shift", shift="20 %")).astype(float)
    gains = [np.median(shown[..., k] / PICTURE[..., k]) for k in range(3)]
    assert max(abs(gain - 1) for gain in gains) == pytest.approx(0.2, abs=0.02)
    assert np.ptp(gains) > 0.02


def test_a_blackout_is_black_for_as_long_as_it_says():
    black = written("camera.blackout", duration="10 steps")
    dark = [not delivered(black, step=step).any() for step in range(STEPS)]
    assert sum(dark) == 10
    first = dark.index(True)
    assert all(dark[first : first + 10])


def test_a_frozen_camera_gives_one_picture_for_as_long_as_it_says():
    vision = effects_of(written("camera.freeze", duration="10 steps")).vision
    source = [vision.taken("top", step) for step in range(STEPS)]
    assert sum(taken != step for step, taken in enumerate(source)) == 10


def test_a_camera_out_of_step_is_late_by_a_constant():
    vision = effects_of(written("camera.desync", delay="300 ms", camera="side")).vision
    assert [vision.taken("side", step) for step in (0, 2, 3, 50)] == [0, 0, 0, 47]
    assert vision.taken("top", 50) == 50


def test_lost_pictures_are_repeated():
    vision = effects_of(written("camera.drop", probability="50 %")).vision
    source = np.array([vision.taken("top", step) for step in range(STEPS)])
    assert 0.3 < np.mean(source != np.arange(STEPS)) < 0.7
    assert (source <= np.arange(STEPS)).all()
    assert (np.diff(source) >= 0).all()


@pytest.mark.parametrize("fault", [fault for fault in VISUAL if fault != "scene.distractors"])
def test_a_camera_that_is_not_named_is_left_alone(fault):
    for severity in (1, 5):
        own = effects_of(specimen(fault, severity, camera="side")).vision
        assert own.of("top").idle
        assert not own.of("side").idle


@pytest.mark.parametrize("fault", ["camera.pose_shift", "scene.distractors", "camera.noise"])
def test_nothing_happens_to_pictures_outside_the_window(fault):
    vision = effects_of(specimen(fault, 5, window={"start": "20 steps", "stop": "40 steps"})).vision
    for step in (0, 19, 40, STEPS - 1):
        assert not vision.touched("top", step)
        assert vision.staging("top", step) is None
        assert vision.delivered(PICTURE, "top", step) is PICTURE
    assert vision.touched("top", 20)


def test_a_camera_that_was_knocked_is_turned_and_moved_by_so_much():
    staging = effects_of(written("camera.pose_shift", angle="4 deg", distance="2 cm")).vision.staging("top", 0)
    assert np.linalg.norm(staging.turn) == pytest.approx(np.deg2rad(4))
    assert np.linalg.norm(staging.move) == pytest.approx(0.02)
    twice = effects_of(
        written("camera.pose_shift", angle="4 deg"), written("camera.pose_shift", angle="4 deg", name="again")
    )
    assert twice.vision.staging("top", 0).turn != staging.turn


def test_more_distractors_are_the_same_ones_and_others():
    few, many = (effects_of(written("scene.distractors", count=count)).vision for count in (2, 5))
    first, second = (vision.staging("top", 0).props for vision in (few, many))
    assert (len(first), len(second)) == (2, 5)
    assert second[:2] == first
    for prop in second:
        assert all(-1 <= place <= 1 for place in prop.position[:2])
        assert prop.position[2] == prop.size[2] > 0


def test_errors_compose_in_the_order_of_optics_and_chip():
    both = effects_of(written("camera.exposure", stops="1 stops", way="under"), written("camera.patch", size="100 %"))
    shown = both.vision.delivered(PICTURE, "top", 0)
    grey = effects_of(written("camera.patch", size="100 %")).vision.delivered(PICTURE, "top", 0)
    np.testing.assert_allclose(shown, grey / 2, atol=0.5)


@pytest.mark.parametrize("fault", VISUAL)
def test_a_task_without_a_camera_is_refused(fault):
    blind = ARM.model_copy(update={"cameras": ()})
    with pytest.raises(ManifestError, match=r"expected a task with a camera; got arm-v1, which has none; fix: give"):
        catalogue.check([specimen(fault)], blind, "here")


def test_an_unknown_camera_is_refused_with_the_nearest():
    with pytest.raises(ManifestError, match=r"got unknown camera 'topp'; fix: did you mean 'top'\?"):
        catalogue.check([specimen("camera.blur", camera="topp")], ARM, "here")


def test_distractors_need_to_know_where_the_object_may_be():
    nowhere = ARM.model_copy(update={"observation": ARM.observation[2:3]})
    with pytest.raises(ManifestError, match="measures where its object or robot is"):
        catalogue.check([specimen("scene.distractors")], nowhere, "here")
