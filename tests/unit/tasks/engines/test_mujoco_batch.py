"""Law 4: a physics step is a pure function of (state, control, model), however it is batched; and breakdown is told."""

import mujoco
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.contract.task import Dynamics
from tasks.engines.mujoco_batch import BatchSimulator

# A ball that bounces on a floor and against a driven slider: contacts, quaternions, an actuator and a sensor.
SCENE = """
<mujoco>
  <option timestep="0.01"/>
  <worldbody>
    <geom type="plane" size="1 1 .1"/>
    <body name="ball" pos="0 0 .06"><freejoint/><geom size=".05"/></body>
    <body pos=".08 0 .06"><joint name="slide" axis="1 0 0" type="slide" damping="1"/><geom size=".05"/></body>
  </worldbody>
  <actuator><position joint="slide" kp="20"/></actuator>
  <sensor><jointpos joint="slide"/></sensor>
</mujoco>
"""
LANES, STEPS = 5, 6
HEAVY = Dynamics((("mass", 2.0),))


def scale_mass(model, factor):
    model.body_mass[model.body("ball").id] *= factor


def make(threads=1, interpolate=True):
    model = mujoco.MjModel.from_xml_string(SCENE)
    return BatchSimulator(model, substeps=5, threads=threads, scalers={"mass": scale_mass}, interpolate=interpolate)


def problem(simulator, seed):
    """Start states, controls, forces and a mix of models."""
    rng = np.random.default_rng(seed)
    qpos = np.tile(np.array([0, 0, 0.06, 1, 0, 0, 0, 0.0]), (LANES, 1))
    qpos[:, :2] += rng.normal(size=(LANES, 2)) * 0.02
    controls = rng.normal(size=(LANES, STEPS, 1)) * 0.1
    forces = rng.normal(size=(LANES, STEPS, simulator.model.nv))
    dynamics = [HEAVY if lane % 2 else Dynamics() for lane in range(LANES)]
    return simulator.pack(qpos, np.zeros((LANES, 1))), controls, forces, dynamics


@pytest.fixture(scope="module")
def simulators():
    return {threads: make(threads) for threads in (1, 2, 3)}


seeds = st.integers(0, 2**32 - 1)


@settings(max_examples=15, deadline=None)
@given(seed=seeds, threads=st.sampled_from([2, 3]))
def test_any_number_of_threads_gives_the_same_bits(simulators, seed, threads):
    one, many = (simulators[n].simulate(*problem(simulators[n], seed)) for n in (1, threads))
    np.testing.assert_array_equal(one.states, many.states)
    np.testing.assert_array_equal(one.sensors, many.sensors)


@settings(max_examples=15, deadline=None)
@given(seed=seeds, cuts=st.sets(st.integers(1, STEPS - 1)))
def test_any_chunking_gives_the_same_bits(simulators, seed, cuts):
    simulator = simulators[2]
    states, controls, forces, dynamics = problem(simulator, seed)
    whole = simulator.simulate(states, controls, forces, dynamics)
    parts, at = [], states
    for low, high in zip([0, *sorted(cuts)], [*sorted(cuts), STEPS], strict=True):
        part = simulator.simulate(at, controls[:, low:high], forces[:, low:high], dynamics)
        parts.append(part.states)
        at = part.states[:, -1]
    np.testing.assert_array_equal(np.concatenate(parts, axis=1), whole.states)


@settings(max_examples=15, deadline=None)
@given(seed=seeds, order=st.lists(st.integers(0, LANES - 1), min_size=1, max_size=7))
def test_a_lane_does_not_depend_on_its_neighbours(simulators, seed, order):
    simulator = simulators[2]
    states, controls, forces, dynamics = problem(simulator, seed)
    whole = simulator.simulate(states, controls, forces, dynamics)
    some = simulator.simulate(states[order], controls[order], forces[order], [dynamics[lane] for lane in order])
    np.testing.assert_array_equal(some.states, whole.states[order])


def test_a_snapshot_is_exact_in_another_simulator():
    first, other = make(), make()
    states, controls, forces, dynamics = problem(first, 3)
    whole = first.simulate(states, controls, forces, dynamics)
    snapshot = np.frombuffer(whole.states[:, 2].tobytes()).reshape(LANES, -1)
    rest = other.simulate(snapshot, controls[:, 3:], forces[:, 3:], dynamics)
    np.testing.assert_array_equal(rest.states, whole.states[:, 3:])


def test_a_dynamics_factor_touches_only_its_lanes(simulators):
    simulator = simulators[1]
    states, controls, forces, _ = problem(simulator, 0)
    nominal = simulator.simulate(states, controls, forces)
    mixed = simulator.simulate(states, controls, forces, [HEAVY] + [Dynamics()] * (LANES - 1))
    assert (mixed.states[0, -1] != nominal.states[0, -1]).any()
    np.testing.assert_array_equal(mixed.states[1:], nominal.states[1:])


def test_a_ramp_ends_where_a_step_does_and_lags_it_on_the_way():
    ends = {}
    for interpolate in (False, True):
        simulator = make(interpolate=interpolate)
        states, _, _, _ = problem(simulator, 0)
        result = simulator.simulate(states, np.full((LANES, 1, 1), -0.1))
        ends[interpolate] = simulator.qpos(result.states)[:, 0, -1], simulator.controls(result.states)[:, 0, 0]
    assert (ends[False][0] < ends[True][0]).all()
    np.testing.assert_array_equal(ends[False][1], ends[True][1])


def test_a_breakdown_is_reported_from_its_step_on_and_in_its_lane_only(simulators, tmp_path, monkeypatch, capfd):
    """And nowhere else: nothing is printed into what a command says, and no log is written."""
    monkeypatch.chdir(tmp_path)
    simulator = simulators[2]
    states, controls, forces, _ = problem(simulator, 0)
    calm = simulator.simulate(states, controls, forces)
    forces[1, 3, 0] = 1e30
    result = simulator.simulate(states, controls, forces)
    expected = np.zeros((LANES, STEPS), bool)
    expected[1, 3:] = True
    np.testing.assert_array_equal(result.diverged, expected)
    np.testing.assert_array_equal(result.states[[0, 2, 3, 4]], calm.states[[0, 2, 3, 4]])
    np.testing.assert_array_equal(result.states[1, :3], calm.states[1, :3])
    assert capfd.readouterr() == ("", "")
    assert not list(tmp_path.iterdir())


def test_native_time_is_counted(simulators):
    simulator = simulators[1]
    before = simulator.physics_seconds
    simulator.simulate(*problem(simulator, 0))
    assert simulator.physics_seconds > before


def test_the_silent_reset_of_a_broken_simulation_is_off(simulators):
    """`mujoco.rollout` stops at a warning either way, but `load` and whoever steps the model would read the reset."""
    flags = simulators[1].model.opt.disableflags
    assert flags & mujoco.mjtDisableBit.mjDSBL_AUTORESET


def test_models_of_finished_episodes_are_dropped_and_made_again_alike():
    made = []

    def scale(model, factor):
        made.append(factor)
        scale_mass(model, factor)

    model = mujoco.MjModel.from_xml_string(SCENE)
    simulator = BatchSimulator(model, substeps=5, threads=1, scalers={"mass": scale}, interpolate=True)
    states, controls, forces, _ = problem(simulator, 1)

    def under(first):
        dynamics = [Dynamics((("mass", first + lane / 10),)) for lane in range(LANES)]
        return simulator.simulate(states, controls, forces, dynamics).states

    early = under(1.5)
    np.testing.assert_array_equal(under(1.5), early)
    assert len(made) == LANES
    for first in range(2, 12):
        under(float(first))
    assert len(simulator._models) <= 2 * LANES
    np.testing.assert_array_equal(under(1.5), early)
    assert len(made) == 12 * LANES
