"""Traps that other evaluation code of the field fell into, a test each, on the fakes and on the native simulators."""

from dataclasses import fields

import numpy as np
import pyarrow.parquet as pq
import pytest
from fakes.policies import Spy, Steady, Still
from fakes.scenario import FAULTS, MANIFEST, POLICIES, SEED, assignments, roll, row_of, run_manifest, write_manifest
from fakes.task import CONTRACT, FakeEngine, FakeTask

from harness.artifact.journal import Journal
from harness.cli.tables import summary_json
from harness.conformance import TASK_CHECKS, TaskBench
from harness.contract.fields import bounds
from harness.contract.policy import Execution, NoiseSpec, Plan, PolicyContract
from harness.contract.scenes import draw_scene
from harness.contract.task import Advance, Dynamics
from harness.errors import ContractError
from harness.executors.watcher import Watcher
from harness.faults.effects import Effects, nominal
from harness.faults.realise import realise
from harness.manifest.loading import load_manifest
from harness.registry import load
from harness.rollout.episode import Assignment
from harness.rollout.rounds import rollouts
from tasks.engines.gymnasium_env import TaskEnv

NATIVE = ("pusht-v1", "transfer-cube-v1")
SEVEN = MANIFEST.replace("scenes: 3", "scenes: 7")
"""Scenes of each cell; divided by no number of lanes that is used here."""


@pytest.fixture(params=NATIVE)
def native(request, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # MuJoCo writes its log into the working directory
    return load("tasks", request.param)


class Wanderer:
    """Walks on from the action held, wherever the harness's noise leads; `chunk` steps ahead, on any task."""

    def __init__(self, task):
        self.card = {"weights": "wanderer"}
        low, high = bounds(task.action)
        self._stride = (0.02 * (high - low)).astype(np.float32)
        noise = NoiseSpec(shape=(6, task.action_width), kind="normal")
        self.contract = PolicyContract(method="fake", task=task.id, n_obs=2, chunk=6, width=4, noise=noise)

    def plan(self, query):
        return Plan(query.hold[:, None] + self._stride * query.noise, query.memory)


# The initial state of episode n+1 depends on when the policy ended episode n.


def test_the_start_of_an_episode_does_not_depend_on_when_the_one_before_ended():
    scenes, starts = range(6), []
    for policy in (Steady(), Still(), Steady(sigma=0.3)):
        done = roll(assignments(["everything"], scenes), policy, lanes=1)
        starts.append([(item.states[0].tolist(), item.steps) for item in done.values()])
    states, lengths = zip(*([list(part) for part in zip(*run, strict=True)] for run in starts), strict=True)
    assert lengths[0] != lengths[1]
    assert states[0] == states[1] == states[2]
    alone = [roll(assignments(["everything"], [k]))[f"everything/{k}/0"].states[0].tolist() for k in scenes]
    assert states[0] == alone


def test_the_next_reset_of_an_environment_does_not_depend_on_the_steps_taken(native):
    starts = []
    for steps in (0, 1, 9):
        env = TaskEnv(native)
        env.reset(seed=3)
        for _ in range(steps):
            env.step(env.action_space.low)
        _, info = env.reset()
        starts.append((info, env.state.tolist()))
    assert starts[0] == starts[1] == starts[2]


def test_a_simulator_resets_to_the_same_state_whatever_it_did_before(native):
    engine = native.engine(1)
    first, second = (draw_scene(native.contract, 1, "heldout", k) for k in range(2))
    fresh = engine.reset([second])
    for steps in (1, 9):
        states = engine.reset([first])
        engine.advance(Advance(states, np.repeat(engine.rest(states)[:, None], steps, 1), None, [Dynamics()]))
        np.testing.assert_array_equal(engine.reset([second]), fresh)


# The batch size caps the number of distinct resets.


@pytest.mark.parametrize("lanes", [1, 2, 5, 32])
def test_there_are_as_many_starts_as_scenes_however_few_the_lanes(lanes):
    spy = Spy(sigma=0.1, width=1)
    done = roll(assignments(scenes=range(9)), spy, lanes=lanes)
    assert len({item.states[0].tobytes() for item in done.values()}) == 9
    assert len({query.noise.tobytes() for query in spy.queries if query.steps[0] == 0}) == 9


def test_every_cell_of_a_run_meets_every_scene_however_few_the_lanes(seven):
    starts = {}
    for row in pq.read_table(seven, columns=["policy", "condition", "initial_state"]).to_pylist():
        starts.setdefault((row["policy"], row["condition"]), set()).add(tuple(row["initial_state"]))
    assert {len(met) for met in starts.values()} == {7}
    assert len(set.union(*starts.values())) == 7


# An environment ignores its reset seed.


def test_an_environment_obeys_its_reset_seed(native):
    env, seen = TaskEnv(native), {}
    for seed in (4, 5, 4, 5):
        observation, _ = env.reset(seed=seed)
        seen.setdefault(seed, set()).add((observation.tobytes(), env.state.tobytes()))
    assert [len(starts) for starts in seen.values()] == [1, 1]
    assert seen[4] != seen[5]


def test_another_panel_seed_starts_every_scene_elsewhere(native):
    engine = native.engine(1)
    one, other = (engine.reset([draw_scene(native.contract, seed, "heldout", k) for k in range(4)]) for seed in (1, 2))
    assert (one != other).any(axis=1).all()


def test_the_conformance_checks_catch_a_simulator_that_ignores_the_scene():
    class Deaf(FakeEngine):
        def reset(self, scenes):
            return super().reset([draw_scene(CONTRACT, 0, "heldout", 0)] * len(scenes))

    TASK_CHECKS["scenes_vary"](TaskBench(FakeTask()))
    with pytest.raises(ContractError, match="32 different first observations; got 1"):
        TASK_CHECKS["scenes_vary"](TaskBench(FakeTask(make_engine=Deaf)))


def test_the_conformance_checks_catch_a_simulator_that_draws_its_own_start():
    rng = np.random.default_rng(0)

    class Wilful(FakeEngine):
        def reset(self, scenes):
            return super().reset(scenes) + 0.01 * rng.random((len(scenes), 1))

    TASK_CHECKS["resets_repeat"](TaskBench(FakeTask()))
    with pytest.raises(ContractError, match="the same state for the same scene"):
        TASK_CHECKS["resets_repeat"](TaskBench(FakeTask(make_engine=Wilful)))


# Action chunks leak from one episode into the next.


@pytest.mark.parametrize("execution", [Execution(execute=2), Execution(execute=1, ensemble=0.0)])
@pytest.mark.parametrize("condition", ["nominal", "slow", "glacial"])
def test_no_command_of_an_episode_comes_from_the_one_before(execution, condition):
    class Goer(Steady):
        """Commands the goal that it sees: a command names the episode that it was planned in."""

        def actions(self, query):
            return np.repeat(query.observations[:, -1:, 4:6], self.contract.chunk, axis=1)

    done = list(roll(assignments([condition], range(5)), Goer(chunk=8), execution=execution, lanes=1).values())
    assert all(rollout.steps < CONTRACT.horizon for rollout in done[:-1])
    for rollout in done:
        goal, rest = rollout.measured[0, 4:6], rollout.measured[0, :2]
        planned = rollout.plan_step >= 0
        np.testing.assert_allclose(rollout.commanded[planned], np.tile(goal, (planned.sum(), 1)), atol=1e-6)
        until = int(np.argmax(planned))
        np.testing.assert_array_equal(rollout.commanded[:until], np.tile(rest, (until, 1)))


@pytest.mark.parametrize("ensemble", [None, 0.1])
def test_a_lane_that_was_used_is_as_good_as_a_new_one_on_a_native_simulator(native, ensemble):
    contract = native.contract
    scenes = [draw_scene(contract, 1, "heldout", k) for k in range(3)]
    todo = [Assignment(str(scene.index), scene, nominal(contract), (scene.index, "noise")) for scene in scenes]
    execution = Execution(execute=3, ensemble=ensemble)

    def states(lanes):
        done = rollouts(native.engine(1), Wanderer(contract), execution, todo, lanes=lanes)
        return {item.assignment.episode: item.states for item in done}

    fresh, used = states(lanes=3), states(lanes=1)
    assert set(fresh) == set(used) == {"0", "1", "2"}
    for episode, expected in fresh.items():
        np.testing.assert_array_equal(used[episode], expected)


# Success at the end against success ever.


@pytest.fixture
def passed_by():
    """Episodes that go on after success, of a policy that runs past its goal."""

    class Passing(Steady):
        def actions(self, query):
            return np.repeat(query.observations[:, :1, 4:6] * 6, 4, axis=1).astype(np.float32)

    contract = CONTRACT.model_copy(update={"termination_threshold": 2.0, "settle_steps": CONTRACT.horizon})
    done = roll(assignments(scenes=range(12)), Passing(), engine=FakeEngine(contract=contract))
    left = [rollout for rollout in done.values() if rollout.success.any() and not rollout.success[-1]]
    assert len(left) > 1
    return contract, left


def test_an_episode_that_succeeded_and_left_the_goal_is_a_success_and_says_when(passed_by):
    contract, left = passed_by
    for rollout in left:
        row, closeness = row_of(rollout, contract=contract), rollout.signals[:, 1]
        assert (row["outcome"], row["success"], row["stage"]) == ("success", True, "there")
        before, at = closeness[: row["success_step"] - 1], closeness[row["success_step"] - 1]
        assert at >= np.float32(contract.success_threshold)
        assert (before < np.float32(contract.success_threshold)).all()
        assert row["progress"] == 1
        assert row["trace"]["progress"][-1] < 1


def test_an_environment_remembers_a_success_that_was_left(passed_by):
    contract, (rollout, *_) = passed_by
    env = TaskEnv(FakeTask(contract, lambda threads: FakeEngine(contract=contract)), seed=SEED)
    env.reset(options={"scene": rollout.assignment.scene.index})
    said = [env.step(action)[4]["success"] for action in rollout.applied]
    assert said == np.logical_or.accumulate(rollout.success).tolist()
    assert said[-1]
    assert not rollout.success[-1]


# Only the first n of the requested scenes are averaged.


@pytest.fixture(scope="module")
def seven(workplace, tmp_path_factory):
    """The artifact of a run of seven scenes on three lanes."""
    from fakes.scenario import plugins  # noqa: PLC0415 -- a fixture of that name exists, too

    folder = tmp_path_factory.mktemp("seven")
    policies = POLICIES | {"noisy": {"method": "fake", "recipe": {"sigma": 0.9}, "execution": {"execute": 4}}}
    with plugins():
        run_manifest(write_manifest(folder, text=SEVEN, policies=policies), folder / "seven.parquet", lanes=3)
    return folder / "seven.parquet"


@pytest.mark.parametrize("lanes", [1, 2, 3, 6, 7, 8])
def test_every_scene_asked_for_is_rolled_out_whether_lanes_divide_them_or_not(lanes):
    done = roll(assignments(["nominal", "slow"], range(7)), lanes=lanes)
    assert set(done) == {f"{condition}/{scene}/0" for condition in ("nominal", "slow") for scene in range(7)}


def test_every_scene_asked_for_is_averaged(seven):
    solved = {}
    for row in pq.read_table(seven, columns=["policy", "condition", "scene", "success"]).to_pylist():
        solved.setdefault((row["policy"], row["condition"]), {})[row["scene"]] = row["success"]
    rates = {(cell["policy"], cell["condition"]): cell["rate"] for cell in summary_json(seven)["cells"]}
    assert {tuple(scenes) for scenes in solved.values()} == {tuple(range(7))}
    assert rates == {cell: pytest.approx(sum(scenes.values()) / 7) for cell, scenes in solved.items()}
    # The average of the first scenes would have been another number.
    assert any(sum(scenes[k] for k in range(6)) / 6 != sum(scenes.values()) / 7 for scenes in solved.values())


# Removing an earlier fault reseeds the later ones.

TOUCHES = {
    "observation.frame_drop": {"observation_source"},
    "observation.noise": {"observation_offset"},
    "action.dropout": {"action_source"},
    "timing.latency": {"latency"},
    "dynamics.scale": {"dynamics"},
    "dynamics.push": {"push"},
    "scene.object_shift": {"shift_step", "shift"},
}


@pytest.mark.parametrize("removed", FAULTS["everything"], ids=[fault["fault"] for fault in FAULTS["everything"]])
def test_removing_a_fault_from_a_manifest_reseeds_none_of_the_others(plugins, tmp_path, removed):
    def drawn(everything):
        text = MANIFEST.replace("nominal, drops, slow, shift", "nominal, everything")
        path = write_manifest(tmp_path, text=text, conditions=FAULTS | {"everything": everything})
        panel = load_manifest(path).panel
        scenes = [draw_scene(CONTRACT, panel.seed, "heldout", k) for k in range(3)]
        acting = panel.conditions["everything"]
        return [realise(CONTRACT, acting, seed=panel.seed, scene=scene, replicate=0).effects for scene in scenes]

    whole, fewer = drawn(FAULTS["everything"]), drawn([item for item in FAULTS["everything"] if item is not removed])
    changed = [
        {
            field.name
            for field in fields(Effects)
            if not np.array_equal(getattr(one, field.name), getattr(two, field.name))
        }
        for one, two in zip(whole, fewer, strict=True)
    ]
    assert all(names <= TOUCHES[removed["fault"]] for names in changed)
    assert TOUCHES[removed["fault"]] in changed


# A merge of a re-run double-counts.


class Impatient(Watcher):
    """Interrupts a run after its second part."""

    def rolling(self, total, done):
        told = []

        def tell(group, count):
            told.append(count)
            if len(told) == 2:
                raise KeyboardInterrupt

        return tell


def test_a_part_that_a_re_run_left_twice_counts_once(plugins, fake_artifact, tmp_path):
    path, out = write_manifest(tmp_path), tmp_path / "fake.parquet"
    with pytest.raises(KeyboardInterrupt):
        run_manifest(path, out, watcher=Impatient())
    parts = sorted((tmp_path / "fake.parquet.journal").glob("part-*.parquet"))
    kept = sum(pq.read_metadata(part).num_rows for part in parts)
    for number, part in enumerate(parts):
        part.with_name(f"part-{90 + number:06d}.parquet").write_bytes(part.read_bytes())
    summary = run_manifest(path, out)
    assert 0 < summary.fresh == summary.total - kept
    ids = pq.read_table(out, columns=["episode"])["episode"].to_pylist()
    assert len(ids) == len(set(ids)) == 60
    assert summary_json(out) == summary_json(fake_artifact)


def test_a_row_that_is_appended_twice_counts_once(tmp_path):
    rows = [row_of(item) for item in roll(assignments(scenes=range(3))).values()]
    journal = Journal(tmp_path / "out.parquet", "run")
    journal.append([rows[0], rows[0]])
    journal.append([rows[1], rows[0]])
    journal.append(rows)
    ids = [row["episode"] for row in rows]
    assert journal.finished == set(ids)
    assert journal.read(ids)["episode"].to_pylist() == ids
    journal.close(remove=True)
