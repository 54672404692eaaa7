"""What a policy sees and what reaches the actuators, step by step."""

import numpy as np
import pytest
from fakes.policies import Spy, Steady
from fakes.scenario import ACTION_HIGH, CONDITIONS, assignment, roll

from harness.contract.policy import Execution


def watched(condition, n_obs=3):
    spy = Spy(width=1, n_obs=n_obs, chunk=2)
    [rollout] = roll([assignment(condition, 1)], spy, execution=Execution(execute=1), lanes=1).values()
    return spy.queries, rollout


@pytest.mark.parametrize("condition", CONDITIONS)
def test_every_query_sees_the_last_delivered_frames_and_what_the_sensor_added(condition):
    queries, rollout = watched(condition)
    effects = rollout.assignment.effects
    for query, step in zip(queries, rollout.query_steps, strict=False):
        for back in range(3):
            source = effects.observation_source[max(step - back, 0)]
            expected = rollout.measured[source] + effects.observation_offset[source]
            np.testing.assert_array_equal(query.observations[0, -1 - back], expected)


def test_frames_before_the_start_repeat_the_first():
    queries, rollout = watched("nominal")
    np.testing.assert_array_equal(queries[0].observations[0], np.repeat(rollout.measured[:1], 3, axis=0))


@pytest.mark.parametrize("condition", CONDITIONS)
def test_the_applied_action_is_the_arriving_command_disturbed_and_limited(condition):
    [rollout] = roll([assignment(condition, 2)], Steady(sigma=0.4)).values()
    effects = rollout.assignment.effects
    rest = rollout.states[0, 1:3].astype(np.float32)
    for t in range(rollout.steps):
        source = effects.action_source[t]
        command = rest if source < 0 else rollout.commanded[source]
        limited = np.clip(command + effects.action_offset[t], effects.action_low[t], effects.action_high[t])
        np.testing.assert_array_equal(rollout.applied[t], limited)


def test_commands_beyond_the_actuator_are_recorded_and_not_applied():
    class Eager(Steady):
        def actions(self, query):
            return np.full((4, 4, 2), 9, np.float32)

    [rollout] = roll([assignment()], Eager()).values()
    assert (rollout.commanded == 9).all()
    assert (rollout.applied == ACTION_HIGH).all()


def test_obs_id_never_runs_ahead_of_time():
    for condition in ("drops", "late", "everything"):
        [rollout] = roll([assignment(condition, 0)]).values()
        assert (rollout.obs_id <= np.arange(rollout.steps)).all()
        assert (np.diff(rollout.obs_id) >= 0).all()
