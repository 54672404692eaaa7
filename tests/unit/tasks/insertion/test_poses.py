"""Keyframes reach every scene inside the action bounds, and hold peg and socket in line."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.contract.fields import bounds
from tasks.aloha.kinematics import arm
from tasks.insertion import task
from tasks.insertion.layout import INSERTED
from tasks.insertion.poses import STANDOFF, OnTable, fetch, raised, ready
from tasks.insertion.style import DRAWS, Style

RESETS = task.contract.resets
LOW, HIGH = (bound[:6] for bound in bounds(task.contract.action))
THING = {"left": "socket", "right": "peg"}


def scenes(split, side):
    x, y, yaw = (RESETS[split][f"{THING[side]}_{name}"] for name in ("x", "y", "yaw"))
    place = st.builds(OnTable, st.floats(x.low, x.high), st.floats(y.low, y.high), st.floats(yaw.low, yaw.high))
    return st.tuples(st.just(side), place)


draws = st.lists(st.floats(0, 1, exclude_max=True), min_size=DRAWS, max_size=DRAWS)


@given(st.one_of(*(scenes(split, side) for split in ("train", "stress") for side in THING)), draws)
def test_every_scene_can_be_grasped_from_above(scene, drawn):
    side, thing = scene
    style = Style.of(drawn, side)
    poses = fetch(side, thing, style)
    pinch, rotation = arm(side).pose(poses.grasp)
    across = np.array([-np.sin(thing.yaw), np.cos(thing.yaw), 0])
    gap = pinch[:2] - [thing.x + style.slip_x, thing.y + style.slip_y]
    assert np.linalg.norm(gap) == pytest.approx(abs(style.grip), abs=1e-6)
    assert abs(gap @ across[:2]) < 1e-6
    np.testing.assert_allclose(rotation[:, 0], [0, 0, -1], atol=1e-6)
    assert abs(rotation[:, 1] @ across) == pytest.approx(1, abs=1e-6)
    for joints in (poses.hover, poses.grasp, poses.lift, ready(side, style)):
        assert ((joints >= LOW) & (joints <= HIGH)).all()


@given(draws)
def test_the_ready_peg_is_a_stand_off_away_from_the_socket_and_in_line(drawn):
    left, right = Style.of(drawn, "left"), Style.of(drawn, "right")
    socket = arm("left").pose(ready("left", left))[0] + [left.grip, 0, 0]
    peg = arm("right").pose(ready("right", right))[0] - [right.grip, 0, 0]
    np.testing.assert_allclose(peg - socket, [INSERTED + 0.02 + STANDOFF, 0, 0], atol=1e-6)


def test_a_thing_looks_the_same_after_half_a_turn():
    def yawed(yaw):
        return OnTable.of(np.array([0.1, 0.5, 0.01, np.cos(yaw / 2), 0, 0, np.sin(yaw / 2)])).yaw

    assert yawed(0.4) == pytest.approx(0.4)
    assert yawed(0.4 + np.pi) == pytest.approx(0.4)


def test_a_low_gripper_rises_and_a_high_one_need_not():
    poses = fetch("left", OnTable(-0.15, 0.5, 0.0), Style.of(np.full(DRAWS, 0.5), "left"))
    up = raised("left", poses.grasp)
    assert up is not None
    low, high = arm("left").pose(poses.grasp)[0], arm("left").pose(up)[0]
    np.testing.assert_allclose(high - low, [0, 0, 0.08], atol=1e-6)
    assert raised("left", poses.hover) is None
