"""Ways round the block."""

import numpy as np
import pytest
import shapely

from tasks.pusht import roadmap, shape
from tasks.pusht.faces import INWARD, PLACES

BLOCK = shapely.Polygon(shape.OUTLINE)
CENTRE = np.array([0.256, 0.256, 0.7])
RADIUS = 0.015


def ways_from(pusher, pose=CENTRE):
    return roadmap.ways(pose[None], np.array([pusher]), PLACES[None])


def test_places_stand_off_the_face_that_they_point_at():
    for place, inward in zip(PLACES, INWARD, strict=True):
        assert BLOCK.distance(shapely.Point(place)) == pytest.approx(roadmap.CLEARANCE, abs=1e-9)
        assert BLOCK.distance(shapely.Point(place + roadmap.CLEARANCE * inward)) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_legs_are_free_only_if_the_pusher_misses_the_block(seed):
    ends = np.random.default_rng(seed).uniform(-0.15, 0.15, (2, 200, 2))
    clear = roadmap.free(*ends)
    gaps = np.array([BLOCK.distance(shapely.LineString(leg)) for leg in ends.transpose(1, 0, 2)])
    assert (gaps[clear] > RADIUS).all()
    # A disc's true margin is rounder than the boxes', by less than 8 mm at the corners.
    assert (gaps[~clear] < roadmap.CLEARANCE + 0.008).all()


def test_every_place_is_reached_without_touching_the_block():
    for start in PLACES:
        found = ways_from(start)
        assert np.isfinite(found.length).all()
        for goal in range(len(PLACES)):
            pusher, walked = start, 0.0
            for _ in range(6):
                towards = ways_from(pusher).towards[0, goal]
                leg = shapely.LineString([pusher, towards])
                assert BLOCK.distance(leg) > RADIUS
                walked += leg.length
                pusher = towards
            np.testing.assert_allclose(pusher, PLACES[goal])
            assert walked == pytest.approx(found.length[0, goal])


def test_a_straight_way_is_as_long_as_the_line():
    found = ways_from(np.array([0.0, -0.2]))
    below = int(np.argmin(PLACES[:, 1]))
    assert found.length[0, below] == pytest.approx(np.hypot(*(PLACES[below] - [0.0, -0.2])))
    np.testing.assert_array_equal(found.towards[0, below], PLACES[below])


def touching_points():
    ring = np.array(BLOCK.buffer(RADIUS + 0.001).exterior.coords)
    return ring[:: max(1, len(ring) // 60)]


def test_a_touching_pusher_steps_straight_back():
    for point in touching_points():
        towards = ways_from(point).towards[0, 0]
        if roadmap.inside(point[None])[0]:
            assert not roadmap.inside(towards[None])[0]
            assert np.hypot(*(towards - point)) < 0.01
            assert BLOCK.distance(shapely.LineString([point, towards])) > RADIUS - 0.001


def test_places_beyond_the_border_are_out_of_reach():
    pose = np.array([0.09, 0.256, np.pi / 2])
    found = ways_from(np.array([0.1, -0.1]), pose)
    world = shape.to_world(pose, PLACES)
    np.testing.assert_array_equal(np.isfinite(found.length[0]), world[:, 0] >= 0)
    assert np.isinf(found.length).any()


def test_a_lane_does_not_depend_on_its_neighbours():
    rng = np.random.default_rng(0)
    poses = np.column_stack([rng.uniform(0.1, 0.4, (40, 2)), rng.uniform(-3, 3, 40)])
    pushers, places = rng.uniform(-0.15, 0.15, (40, 2)), np.repeat(PLACES[None], 40, axis=0)
    whole = roadmap.ways(poses, pushers, places)
    for lane in range(40):
        one = roadmap.ways(poses[lane : lane + 1], pushers[lane : lane + 1], places[:1])
        np.testing.assert_array_equal(one.length[0], whole.length[lane])
        np.testing.assert_array_equal(one.towards[0], whole.towards[lane])
