"""The one trainer: every method's phases run through this loop, a fixed number of steps, the same bits every time."""

from __future__ import annotations

import math
import time

import torch
from torch import Tensor

from harness.contract.policy import Progress
from harness.errors import CheckpointError
from policies.training.averaging import Average
from policies.training.corpus import Corpus
from policies.training.generators import generator
from policies.training.learner import Batch, Learner, Phase
from policies.training.schedule import learning_rate_factor
from policies.training.snapshot import History, Moment, Snapshots

__all__ = ["Trainer"]

_CURVE_POINTS = 200
_PROGRESS_SECONDS = 0.1


class Trainer:
    """Trains a learner on a corpus; `seed` is the training seed that every shuffle and draw derives from."""

    def __init__(
        self, learner: Learner, corpus: Corpus, seed: int, snapshots: Snapshots | None, progress: Progress
    ) -> None:
        self._learner, self._corpus, self._seed = learner, corpus, seed
        self._snapshots, self._progress = snapshots, progress
        self._phases = learner.phases
        self._steps = sum(phase.steps for phase in self._phases)
        self._every = math.ceil(self._steps / _CURVE_POINTS)
        self._reported = -math.inf
        self._history = History()

    def run(self) -> History:
        """Train from the snapshot, or from the start. Raises CheckpointError if the loss stops being a number."""
        moment = self._snapshots.read() if self._snapshots else None
        if moment:
            self._learner.load_state_dict(moment.learner)
            self._history = History(**moment.history)
        for index in range(moment.phase if moment else 0, len(self._phases)):
            self._run_phase(index, moment if moment and moment.phase == index else None)
        return self._history

    def _run_phase(self, index: int, moment: Moment | None) -> None:
        phase, learner = self._phases[index], self._learner
        optimizer, power = learner.optimizer(phase), learner.settings.ema
        average = Average(learner.trainable(phase), power) if power else None
        if moment:
            optimizer.load_state_dict(moment.optimizer)
            if average and moment.average:
                average.restore(moment.average)
        first, before = moment.step if moment else 0, sum(earlier.steps for earlier in self._phases[:index])
        learner.train()
        for step, batch in self._batches(phase, first):
            begun = time.perf_counter()
            loss = self._step(phase, step, batch, optimizer)
            if average:
                average.update(step + 1)
            self._record(before + step + 1, float(loss), time.perf_counter() - begun)
            if self._snapshots and self._snapshots.due():
                self._snapshots.write(self._moment(index, step + 1, optimizer, average))
        if average:
            average.apply()

    def _batches(self, phase: Phase, first: int) -> zip[tuple[int, Batch]]:
        batches = self._corpus.batches(self._learner.settings.batch, first, phase.name, self._seed, sees=phase.sees)
        return zip(range(first, phase.steps), batches, strict=False)

    def _step(self, phase: Phase, step: int, batch: Batch, optimizer: torch.optim.Optimizer) -> Tensor:
        rate = phase.learning_rate * learning_rate_factor(step, phase.steps, self._learner.settings.warmup)
        for group in optimizer.param_groups:
            group["lr"] = rate
        noise = generator("train/noise", phase.name, self._seed, step)
        return self._learner.update(phase, batch, noise, optimizer)

    def _moment(self, phase: int, step: int, optimizer: torch.optim.Optimizer, average: Average | None) -> Moment:
        return Moment(
            phase=phase,
            step=step,
            learner=self._learner.state_dict(),
            optimizer=optimizer.state_dict(),
            average=average.values if average else None,
            history=vars(self._history),
        )

    def _record(self, done: int, loss: float, seconds: float) -> None:
        history = self._history
        history.total, history.count, history.seconds = (
            history.total + loss,
            history.count + 1,
            history.seconds + seconds,
        )
        if done % self._every == 0 or done == self._steps:
            self._close_point(done)
        now = time.monotonic()
        if now - self._reported >= _PROGRESS_SECONDS or done == self._steps:
            self._reported = now
            self._progress(done, self._steps, loss)

    def _close_point(self, done: int) -> None:
        history = self._history
        mean = history.total / history.count
        if not math.isfinite(mean):
            raise CheckpointError(
                f"training of {type(self._learner).__name__}, seed {self._seed}",
                expected="a finite loss",
                got=f"{mean} before step {done}",
                fix="lower `learning_rate` or `clip` in the recipe, or check the demonstrations for outliers",
            )
        history.curve.append((done, mean))
        history.total, history.count = 0.0, 0
