"""`validate --cost`: a forecast that covers the whole plan, trains nothing and leaves nothing behind."""

import math

import pytest
from fakes.scenario import write_manifest

from harness.cli import main
from harness.errors import PrerequisiteError
from harness.executors.forecasting import forecast
from harness.executors.stage import Stage
from harness.executors.training import cache_folder, make_ticket, train_missing
from harness.executors.watcher import Watcher
from harness.manifest.loading import load_manifest
from harness.manifest.plan import episodes


@pytest.fixture
def manifest(plugins, tmp_path, monkeypatch):
    """The fake manifest, with a cache of its own that holds nothing."""
    monkeypatch.setenv("SAMEPANEL_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return load_manifest(write_manifest(tmp_path))


def train(manifest, *labels):
    tickets = [make_ticket(spec, "cpu") for spec in manifest.policies if spec.label in labels]
    train_missing(tickets, workers=1, report=Watcher().training(tickets))


def test_it_covers_the_whole_plan(manifest):
    train(manifest, "steady-s0", "noisy-s0", "noisy-s1")
    found = forecast(manifest, lanes=4, threads=1)
    assert found.episodes == len(episodes(manifest))
    assert found.guessed == 0
    assert found.trainings.missing == 0
    assert found.rollouts_s > 0
    assert found.labelling_s > 0
    assert found.artifact_bytes > 0
    assert {(group.label, group.task) for group in found.groups} == {
        (key.cell.policy, key.cell.task) for key in episodes(manifest)
    }


def test_seeds_of_a_policy_share_a_pilot(manifest):
    train(manifest, "steady-s0", "noisy-s0", "noisy-s1")
    first, second = (group for group in forecast(manifest, lanes=4, threads=1).groups if group.label[:5] == "noisy")
    assert first.total_s == pytest.approx(second.total_s)
    assert first.piloted == second.piloted > 0


def test_all_who_can_act_are_in_memory_while_it_tries_some(manifest, monkeypatch):
    """As in a run: else its peak of memory would be that of one seed."""
    train(manifest, "noisy-s0", "noisy-s1")
    held, actor = set(), Stage.actor
    monkeypatch.setattr(Stage, "actor", lambda stage, *group: held.add(group) or actor(stage, *group))
    acting = {(key.cell.policy, key.cell.task) for key in episodes(manifest)}
    forecast(manifest, lanes=4, threads=1)
    assert {label for label, _ in acting - held} == {"steady-s0", "shuffled-steady-s0"}


def test_what_is_not_trained_is_said_and_not_trained(manifest):
    train(manifest, "noisy-s0")
    found = forecast(manifest, lanes=4, threads=1)
    assert found.trainings.missing == 2
    assert found.trainings.known == 2  # both are of the method of the one that is there, on its task
    assert found.trainings.seconds > 0
    assert [group.label for group in found.groups if not group.piloted] == ["shuffled-steady-s0", "steady-s0"]
    assert len(list(cache_folder().glob("checkpoints/*/card.json"))) == 1


def test_training_of_unknown_length_is_no_number(manifest):
    assert math.isnan(forecast(manifest, lanes=4, threads=1).trainings.seconds)


def test_nothing_to_try_is_one_sentence(plugins, tmp_path, monkeypatch):
    monkeypatch.setenv("SAMEPANEL_CACHE", str(tmp_path / "cache"))
    text = write_manifest(tmp_path).read_text().split("controls:")[0]
    (tmp_path / "mine.yaml").write_text(text)
    with pytest.raises(PrerequisiteError, match="samepanel train fake"):
        forecast(load_manifest(tmp_path / "mine.yaml"), lanes=4, threads=1)


def test_the_command_prints_it_and_leaves_nothing(manifest, tmp_path, capsys):
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(SystemExit) as left:
        main(["validate", "mine.yaml", "--cost", "--threads", "1"])
    assert left.value.code == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "fake: forecast for 1 threads" in said
    assert "training: 3 checkpoints, time unknown" in said
    assert "episodes are of policies not trained yet" in said
    assert "memory: " in said
    assert sorted(tmp_path.rglob("*")) == before
