"""Payload, slope, damping and friction that changes on the way: on a model of a few lines and on the native tasks."""

import math

import mujoco
import numpy as np
import pytest

from harness.contract.scenes import draw_scene
from harness.contract.task import Advance, Dynamics
from harness.errors import ContractError
from tasks.engines.mujoco_batch import BatchSimulator
from tasks.engines.mujoco_models import arms, changed, wrists
from tasks.pusht import task as pusht
from tasks.transfer_cube import task as transfer

SCENE = """
<mujoco>
  <option timestep="0.01"/>
  <worldbody>
    <geom type="plane" size="1 1 .1" friction="0.3"/>
    <body name="puck" pos="0 0 .05"><freejoint/><geom name="puck" type="box" size=".05 .05 .05" friction="0.3"/></body>
    <body name="upper" pos="0 1 1">
      <joint name="lift" type="slide" axis="0 0 1" damping="20"/><geom size=".05" mass="1"/>
      <body name="hand" pos=".2 0 0">
        <joint name="turn" type="hinge" axis="0 0 1" damping="1"/><geom size=".04" mass=".2"/>
        <body name="thumb"><joint name="thumb" type="slide" axis="0 1 0"/><geom size=".01" mass=".01"/></body>
        <body name="finger"><joint name="finger" type="slide" axis="0 1 0"/><geom size=".01" mass=".01"/></body>
      </body>
    </body>
  </worldbody>
  <actuator>
    <position joint="lift" kp="500"/><position joint="turn" kp="10"/>
    <position joint="thumb" kp="10"/><position joint="finger" kp="10"/>
  </actuator>
</mujoco>
"""
STEPS = 12


def scale_friction(model, factor):
    model.geom_friction[model.geom("puck").id] *= factor
    model.geom_friction[0] *= factor


@pytest.fixture(scope="module")
def simulator():
    model = mujoco.MjModel.from_xml_string(SCENE)
    scalers = {"object_friction": scale_friction}
    return BatchSimulator(model, substeps=5, threads=1, scalers=scalers, interpolate=True)


def run(simulator, *dynamics, cuts=()):
    """A puck that is thrown along x while the arm rests, in pieces."""
    qpos = np.tile(simulator.model.qpos0, (len(dynamics), 1))
    states = simulator.pack(qpos, np.zeros((len(dynamics), simulator.model.nu)))
    simulator.qvel(states)[:, 0] = 3.0
    parts = []
    for start, stop in zip((0, *cuts), (*cuts, STEPS), strict=True):
        controls = np.zeros((len(dynamics), stop - start, simulator.model.nu))
        parts.append(simulator.simulate(states, controls, None, dynamics).states)
        states = np.ascontiguousarray(parts[-1][:, -1])
    return np.concatenate(parts, axis=1)


def test_an_arm_ends_where_its_fingers_begin(simulator):
    assert [simulator.model.body(body).name for body in arms(simulator.model)] == ["upper"]
    assert [simulator.model.body(body).name for body in wrists(simulator.model)] == ["hand"]


def test_the_native_tasks_have_their_wrists():
    aloha, planar = (task.engine(1).simulator.model for task in (transfer, pusht))
    names = [aloha.body(body).name for body in wrists(aloha)]
    assert names == ["vx300s_left/gripper_link", "vx300s_right/gripper_link"]
    assert [planar.body(body).name for body in wrists(planar)] == ["pusher"]


def test_a_payload_weighs_on_the_wrist_and_pulls_the_arm_down(simulator):
    loaded = changed(simulator.model, Dynamics(payload=0.5), {})
    added = loaded.body_mass - simulator.model.body_mass
    assert added[simulator.model.body("hand").id] == pytest.approx(0.5)
    assert np.count_nonzero(added) == 1
    states = run(simulator, Dynamics(), Dynamics(payload=0.5))
    height = simulator.qpos(states)[:, -1, 7]
    assert height[1] < height[0]


def test_what_slides_on_a_slope_slides_downhill(simulator):
    tilts = [Dynamics(tilt=(math.radians(angle), 0.0)) for angle in (0.001, 30, -30)]
    x = simulator.qpos(run(simulator, *tilts))[:, -1, 0]
    assert x[2] < x[0] < x[1]


def test_gravity_keeps_its_size_on_a_slope(simulator):
    gravity = changed(simulator.model, Dynamics(tilt=(0.3, -0.4)), {}).opt.gravity
    assert np.linalg.norm(gravity) == pytest.approx(9.81)
    assert gravity[0] / gravity[1] == pytest.approx(-0.75)
    assert math.acos(-gravity[2] / 9.81) == pytest.approx(0.5)


def test_robot_damping_slows_driven_joints_only(simulator):
    damped = changed(simulator.model, Dynamics((("robot_damping", 3.0),)), {})
    assert damped.dof_damping[6:].tolist() == [60.0, 3.0, 0.0, 0.0]
    assert not damped.dof_damping[:6].any()


def test_an_unknown_factor_is_refused(simulator):
    with pytest.raises(ContractError, match=r"'gravity'.*expected one of object_friction, robot_damping"):
        run(simulator, Dynamics((("gravity", 2.0),)))


def test_friction_changes_inside_its_window_only(simulator):
    plain, oily = Dynamics(), Dynamics(windowed=(("object_friction", 0.01, 3, 7),))
    states = run(simulator, plain, oily)
    np.testing.assert_array_equal(states[0, :3], states[1, :3])
    speed = simulator.qvel(states)[:, :, 0]
    lost_inside, lost_after = speed[:, 2] - speed[:, 6], speed[:, 6] - speed[:, 10]
    assert lost_inside[1] < 0.05 * lost_inside[0]
    assert lost_after[1] > 20 * lost_inside[1]


@pytest.mark.parametrize("cuts", [(3,), (1, 5, 6), tuple(range(1, STEPS))])
def test_windows_give_the_same_bits_in_any_chunks(simulator, cuts):
    mix = (
        Dynamics(windowed=(("object_friction", 0.1, 2, 5), ("object_friction", 0.5, 4, 9))),
        Dynamics(),
        Dynamics((("object_friction", 2.0),), windowed=(("object_friction", 0.1, 6, 20),)),
    )
    np.testing.assert_array_equal(run(simulator, *mix), run(simulator, *mix, cuts=cuts))


def test_windows_leave_other_lanes_alone(simulator):
    oily = Dynamics(windowed=(("object_friction", 0.1, 2, 5),))
    np.testing.assert_array_equal(run(simulator, oily, Dynamics())[1], run(simulator, Dynamics())[0])
    np.testing.assert_array_equal(run(simulator, Dynamics(), oily)[1], run(simulator, oily)[0])


def test_models_without_a_change_are_the_nominal_one(simulator):
    same = changed(simulator.model, Dynamics((("robot_damping", 1.0),)), {})
    assert np.array_equal(same.dof_damping, simulator.model.dof_damping)
    assert simulator._models_of([Dynamics()]) == [simulator.model]


NATIVE = {"pusht-v1": pusht, "transfer-cube-v1": transfer}
CHANGES = {
    "payload": Dynamics(payload=0.4),
    "tilt": Dynamics(tilt=(math.radians(8), 0.0)),
    "damping": Dynamics((("robot_damping", 3.0),)),
    "slip": Dynamics(windowed=(("object_friction", 0.1, 2, 30),)),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", NATIVE)
def test_every_change_acts_on_the_native_tasks_and_stays_finite(name, change):
    engine = NATIVE[name].engine(1)
    scenes = [draw_scene(engine.contract, 0, "heldout", index) for index in range(2)]
    states = engine.reset(scenes)
    target = np.repeat(engine.rest(states)[:, None], 20, axis=1)
    target[:, :, 0] += np.linspace(0, 0.1, 20, dtype=np.float32)
    pushes = np.full((2, 20, 2), 0.3)
    moved = engine.advance(Advance(states, target, pushes, [Dynamics(), CHANGES[change]]))
    assert not moved.diverged.any()
    alone = engine.advance(Advance(states, target, pushes, [Dynamics(), Dynamics()]))
    np.testing.assert_array_equal(moved.states[0], alone.states[0])
    assert not np.array_equal(moved.states[1], alone.states[1])


def test_on_a_slope_the_block_of_pusht_creeps_downhill():
    engine = pusht.engine(1)
    states = engine.reset([draw_scene(engine.contract, 0, "heldout", 0)] * 2)
    still = np.repeat(engine.rest(states)[:, None], 30, axis=1)
    slopes = [Dynamics(tilt=(math.radians(5), 0.0)), Dynamics(tilt=(0.0, math.radians(5)))]
    moved = engine.advance(Advance(states, still, None, slopes)).states
    x, y = (moved[:, -1] - states)[:, 1:3].T
    assert x[0] > 0.01 > abs(y[0])
    assert y[1] > 0.01 > abs(x[1])
