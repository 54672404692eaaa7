"""What a stage keeps: the engines of a few tasks, however many a manifest has."""

import weakref

from harness.contract.policy import Runtime
from harness.executors import stage as module
from harness.executors.stage import ENGINES, Stage


class Engine:
    pass


class Task:
    made = 0

    def engine(self, threads):
        Task.made += 1
        return Engine()


def test_engines_of_tasks_that_are_done_are_let_go(monkeypatch):
    monkeypatch.setattr(module, "load", lambda group, name: Task())
    monkeypatch.setattr(module, "check_engine", lambda engine: None)
    stage = object.__new__(Stage)
    stage._engines, stage._runtime = {}, Runtime(threads=1)
    engines = [weakref.ref(stage._engine(f"task-{k}")) for k in range(ENGINES + 3)]
    assert [engine() is None for engine in engines] == [True] * 3 + [False] * ENGINES
    assert stage._engine(f"task-{ENGINES + 2}") is engines[-1]()
    assert Task.made == ENGINES + 3
