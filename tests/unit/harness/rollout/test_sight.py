"""What a policy's cameras show: the delivered measurements, drawn only when a query is about to see them, and once."""

from dataclasses import replace

import numpy as np
import pytest
from fakes.pictures import drawn_afterwards
from fakes.policies import Looking, Steady
from fakes.scenario import CONDITIONS, SEED, assignment, assignments, digests, roll, same
from fakes.task import CONTRACT, FakeEngine, FakeTask
from pydantic import TypeAdapter

from harness.contract.policy import Execution
from harness.errors import PrerequisiteError
from harness.evidence.exposure import EXPOSURE, exposure
from harness.evidence.labels import Elsewhere, label
from harness.faults.catalogue import AnyFault
from harness.faults.realise import realise
from harness.rollout.episode import Beginning
from harness.rollout.rounds import Clock, rollouts
from harness.rollout.sight import Painted, Solo


class Counting(Solo):
    """Keeps what was asked for."""

    def __init__(self, task=None):
        super().__init__(task or FakeTask())
        self.shots = []

    def paint(self, shots):
        self.shots += shots
        return super().paint(shots)


@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize(("n_obs", "execute"), [(1, 2), (3, 1)])
def test_lazy_pictures_are_those_of_every_step(condition, n_obs, execute):
    policy = Looking(n_obs=n_obs)
    [rollout] = roll([assignment(condition)], policy, execution=Execution(execute=execute), lanes=1).values()
    asked = [query for query in policy.queries if query.steps[0] < rollout.steps]
    assert [int(query.steps[0]) for query in asked] == rollout.query_steps.tolist()
    for query in asked:
        expected = drawn_afterwards(FakeTask(), rollout, "top", int(query.steps[0]), n_obs)
        np.testing.assert_array_equal(query.images["top"][0], expected)


@pytest.mark.parametrize("condition", ["nominal", "drops", "late", "shift"])
def test_no_frame_of_an_episode_is_drawn_twice_in_a_row_of_queries(condition):
    artist = Counting()
    roll([assignment(condition)], Looking(n_obs=4), execution=Execution(execute=1), artist=artist, lanes=1)
    times = [float(shot.state[0]) for shot in artist.shots]
    assert len(times) == len(set(times))


def test_frames_that_nobody_sees_are_not_drawn():
    artist, clock = Counting(), Clock()
    done = roll(assignments(), Looking(n_obs=1), execution=Execution(execute=4), artist=artist, clock=clock)
    assert len(artist.shots) == clock.pictures == clock.queries
    assert clock.pictures < 0.4 * sum(rollout.steps for rollout in done.values())
    assert 0 < clock.pictures_s < clock.total_s
    assert clock.efficiency == pytest.approx((clock.physics_s + clock.inference_s + clock.pictures_s) / clock.total_s)


def test_drawing_every_step_changes_nothing_but_the_time():
    lazy = roll(assignments(("nominal", "late")), Looking(), execution=Execution(execute=4))
    clock = Clock()
    eager = roll(
        assignments(("nominal", "late")), Looking(), execution=Execution(execute=4), clock=clock, every_step=True
    )
    assert digests(lazy) == digests(eager)
    assert clock.pictures >= clock.steps


def test_no_bit_depends_on_the_lanes():
    todo = assignments(("nominal", "drops", "shift"))
    alone = roll(todo, Looking(width=4), lanes=1)
    for lanes in (3, 8):
        together = roll(todo[::-1], Looking(width=4), lanes=lanes)
        for episode, rollout in alone.items():
            same(rollout, together[episode])


def test_padding_repeats_the_pictures_of_the_first_lane():
    policy = Looking(width=4)
    roll([assignment()], policy, lanes=1)
    shown = policy.queries[0].images["top"]
    assert shown.shape == (4, 2, 32, 32, 3)
    np.testing.assert_array_equal(shown[1:], np.repeat(shown[:1], 3, axis=0))


def test_hashes_cover_pictures():
    class Dim(FakeTask):
        def render(self, *asked):
            return super().render(*asked) // 2

    [plain] = roll([assignment()], Looking()).values()
    [dim] = roll([assignment()], Looking(), artist=Solo(Dim())).values()
    assert plain.query_hashes[0] != dim.query_hashes[0]


def test_a_picture_that_cannot_be_drawn_costs_its_own_episode():
    class Fogged(FakeTask):
        def render(self, states, *asked):
            if states[0, 7] == 1 and states[0, 0] > 0.5:
                raise OSError("fog")
            return super().render(states, *asked)

    clear = roll(assignments(scenes=range(6)), Looking(), lanes=3)
    fogged = roll(assignments(scenes=range(6)), Looking(), lanes=3, artist=Solo(Fogged()))
    assert set(fogged) == set(clear)
    for episode, rollout in fogged.items():
        if rollout.assignment.scene.index == 1:
            assert rollout.error == "renderer: OSError: fog"
            assert rollout.steps == 0
        else:
            same(rollout, clear[episode])


def test_every_picture_may_fail():
    class Blind(Solo):
        def paint(self, shots):
            return Painted([None] * len(shots), dict.fromkeys(range(len(shots)), "dark"))

    for offloaded in (False, True):
        policy = Looking()
        policy.contract = policy.contract.model_copy(update={"offloaded": offloaded})
        done = roll(assignments(scenes=range(5)), policy, lanes=2, artist=Blind(FakeTask()))
        assert [rollout.error for rollout in done.values()] == ["renderer: dark"] * 5


def test_an_episode_that_goes_on_sees_what_the_first_one_saw():
    whole = next(iter(roll([assignment("shift")], Looking(n_obs=4), execution=Execution(execute=1)).values()))
    step = whole.assignment.effects.shift_step + 1
    assert 0 < step < whole.steps - 1
    policy = Looking(n_obs=4)
    begun = replace(assignment("shift"), beginning=Beginning(whole, step))
    [rest] = roll([begun], policy, execution=Execution(execute=1), lanes=1).values()
    assert rest.query_hashes == whole.query_hashes[step:]


def test_a_policy_without_cameras_needs_nobody_who_draws():
    done = rollouts(FakeEngine(), Steady(), Execution(execute=2), assignments(), lanes=2)
    assert all(not rollout.error for rollout in done)
    with pytest.raises(PrerequisiteError, match="somebody who draws"):
        list(rollouts(FakeEngine(), Looking(), Execution(execute=2), assignments(), lanes=2))


def test_the_size_is_that_of_the_camera():
    policy = Looking(camera="side")
    roll([assignment()], policy)
    side = next(camera for camera in CONTRACT.cameras if camera.name == "side")
    assert policy.queries[0].images["side"].shape[2:] == (side.height, side.width, 3)


VISUAL = {
    "camera.pose_shift": {"angle": "10 deg", "distance": "1 m"},
    "camera.patch": {"size": "90 %"},
    "camera.blur": {"sigma": "2 px"},
    "camera.exposure": {"stops": "2 stops"},
    "camera.colour_shift": {"shift": "50 %"},
    "camera.noise": {"std": "20 %"},
    "camera.blackout": {"duration": "2 s"},
    "camera.freeze": {"duration": "2 s"},
    "camera.drop": {"probability": "80 %", "burst": "400 ms"},
    "camera.desync": {"delay": "400 ms"},
    "scene.distractors": {"count": 8},
}


def spoiled(*names, scene=0, **more):
    documents = [{"fault": name, **VISUAL[name], **more} for name in names]
    faults = TypeAdapter(tuple[AnyFault, ...]).validate_python(documents)
    plain = assignment(scene=scene)
    effects = realise(CONTRACT, faults, seed=SEED, scene=plain.scene, replicate=0).effects
    return replace(plain, episode=f"{'+'.join(names)}/{scene}", effects=effects)


@pytest.mark.parametrize("name", VISUAL)
def test_a_fault_of_cameras_changes_what_a_policy_of_pictures_does_and_nobody_else(name):
    plain, fault = assignment(), spoiled(name)
    seen = [next(iter(roll([todo], Looking()).values())) for todo in (plain, fault)]
    assert seen[0].query_hashes != seen[1].query_hashes
    if name not in ("camera.blur", "camera.colour_shift"):  # which leave the middle of the light where it is
        assert seen[0].applied.tobytes() != seen[1].applied.tobytes()
    same(*(next(iter(roll([todo], Steady()).values())) for todo in (plain, fault)))


@pytest.mark.parametrize("name", VISUAL)
def test_a_fault_of_a_camera_that_is_not_read_does_nothing(name):
    if name == "scene.distractors":
        return
    plain, fault = assignment(), spoiled(name, camera="side")
    same(*(next(iter(roll([todo], Looking()).values())) for todo in (plain, fault)))


def test_faults_of_cameras_change_no_bit_with_lanes():
    todo = [spoiled(*VISUAL, scene=scene) for scene in range(5)]
    alone, together = roll(todo, Looking(n_obs=3), lanes=1), roll(todo[::-1], Looking(n_obs=3), lanes=4)
    for episode, rollout in alone.items():
        same(rollout, together[episode])


def test_late_pictures_are_those_of_an_earlier_step():
    policy = Looking(n_obs=1)
    [rollout] = roll([spoiled("camera.desync")], policy, execution=Execution(execute=1), lanes=1).values()
    for query in policy.queries[: rollout.steps]:
        step = int(query.steps[0])
        expected = drawn_afterwards(FakeTask(), rollout, "top", max(0, step - 4), 1)
        np.testing.assert_array_equal(query.images["top"][0], expected)


def test_the_row_says_how_much_of_what_was_seen_was_spoiled():
    black = spoiled("camera.blackout", window={"start": "0 s", "stop": "2 s"})
    [rollout] = roll([black], Looking(), execution=Execution(execute=1)).values()
    share = np.mean([step < 20 for step in rollout.query_steps])
    assert exposure(rollout, CONTRACT)["pictures_touched"] == pytest.approx(share)
    [other] = roll([black], Steady()).values()
    assert "pictures_touched" not in exposure(other, CONTRACT)
    [clear] = roll([assignment()], Looking()).values()
    assert "pictures_touched" not in exposure(clear, CONTRACT)


def test_a_failure_under_spoiled_pictures_is_labelled_perception():
    row = {
        "outcome": "failure",
        "policy": "looking-s0",
        "exposure": {"pictures_touched": 0.5},
        "faults": [{"start": 3}],
        "deadline_misses": 0,
        "latency_steps": [],
        "steps": 40,
        "saturation": 0.0,
        "action_error": 0.0,
        "diverged": False,
        "trace": {"progress": [0.0, 0.1], "plan_step": [0, 0]},
    }
    row["exposure"] |= dict.fromkeys(EXPOSURE, 0.0)
    found = label(row, Elsewhere(expert=True, nominal=True))
    assert (found.category, found.evidence["rule"]) == ("perception", "pictures spoiled")
