"""Checkpoints are trained once, in processes of their own, whose end is understood."""

import json
import os
import subprocess
import sys
import time

import psutil
import pytest
from fakes.methods import Recipe
from fakes.scenario import MANIFEST, environment, write_manifest

from harness.contract.policy import Execution
from harness.errors import CheckpointError, WorkerError
from harness.executors.training import make_ticket, train_missing
from harness.executors.watcher import Watcher
from harness.manifest.manifest import PolicySpec


@pytest.fixture
def ticket(plugins, tmp_path, monkeypatch):
    monkeypatch.setenv("SAMEPANEL_CACHE", str(tmp_path / "cache"))

    def make(seed=0, execute=2, **recipe):
        spec = PolicySpec("p", "fake", 1, "fake-v1", seed, Recipe(**recipe), Execution(execute=execute))
        return make_ticket(spec, "cpu")

    return make


def train(*tickets, workers=2):
    said = []
    train_missing(tickets, workers=workers, report=lambda *report: said.append(report))
    return said


def card(ticket):
    return json.loads((ticket.directory / "card.json").read_text())


def test_checkpoints_are_trained_in_other_processes_and_tell_their_progress(ticket):
    tickets = [ticket(seed=seed) for seed in range(2)]
    said = train(*tickets)
    assert all(item.trained for item in tickets)
    assert os.getpid() not in {card(item)["pid"] for item in tickets}
    for item in tickets:
        assert [(step, total) for who, step, total, _ in said if who.seed == item.seed] == [(1, 2), (2, 2)]


def test_what_is_cached_is_not_trained_again(ticket):
    first = ticket()
    train(first)
    before = card(first)
    assert train(ticket()) == []
    assert card(first) == before
    assert not ticket(chunk=5).trained


def test_the_key_is_all_that_decides_the_weights(ticket):
    keys = [ticket().key, ticket(seed=1).key, ticket(chunk=5).key, ticket(sigma=0.1).key]
    assert len(set(keys)) == 4
    assert ticket(execute=1).key == ticket().key
    assert ticket().directory == ticket().directory


def test_an_error_in_training_reaches_the_caller(ticket, capfd):
    with pytest.raises(WorkerError, match=r"training of p-s0 on fake-v1.*RuntimeError: out of ideas"):
        train(ticket(training="raises"))
    with pytest.raises(CheckpointError, match="expected patience"):
        train(ticket(training="repairable"))


def test_a_process_that_dies_is_an_error_that_says_what_to_do(ticket):
    with pytest.raises(WorkerError, match=r"ended with code 9.*run the same command again"):
        train(ticket(training="dies"))


def test_a_training_that_writes_nothing_is_no_success(ticket):
    with pytest.raises(WorkerError, match="got none"):
        train(ticket(training="writes nothing"))


def test_an_interrupted_process_interrupts_the_run(ticket):
    with pytest.raises(KeyboardInterrupt):
        train(ticket(training="interrupted"))


def test_a_training_whose_run_was_killed_ends(plugins, tmp_path):
    policies = {"steady": {"method": "fake", "recipe": {"training": "patient"}, "execution": {"execute": 2}}}
    text = MANIFEST.replace("  - {policy: noisy, seeds: [0, 1]}\n", "")
    write_manifest(tmp_path, text=text, policies=policies)
    command = [sys.executable, "-c", "from harness.cli import main; main()", "train", "mine.yaml"]
    with subprocess.Popen(command, cwd=tmp_path, env=environment(), stderr=subprocess.DEVNULL) as run:
        trainings = waited_for(lambda: spawned(psutil.Process(run.pid)))
        run.kill()
    gone, alive = psutil.wait_procs(trainings, timeout=30)
    assert gone and not alive


def spawned(process):
    return [child for child in process.children() if any("spawn_main" in word for word in child.cmdline())]


def waited_for(something, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := something():
            return found
        time.sleep(0.05)
    raise AssertionError("waited in vain")


def test_a_watcher_may_say_nothing(ticket):
    watcher = Watcher()
    watcher.training([ticket()])(ticket(), 1, 2, 0.1)
    watcher.rolling(3, 0)("group", 1)


def test_a_method_gets_the_pictures_that_it_asks_for(ticket):
    seeing = ticket(cameras=("side",))
    train(seeing)
    frames = sum(len(episode) for episode in seeing.demonstrations().actions)
    assert card(seeing)["pictures"] == {"side": [frames, 16, 32, 3]}
