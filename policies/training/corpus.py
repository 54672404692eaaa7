"""All demonstrations of a task in memory, normalised, ready to be cut into batches."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from harness.demonstrations import Demonstrations
from policies.training.generators import generator
from policies.training.learner import Batch, Learner
from policies.training.windows import windows

__all__ = ["Corpus"]


class Corpus:
    """Normalised windows on the device that trains; fits the learner's normalisation when built."""

    def __init__(self, demonstrations: Demonstrations, learner: Learner, device: torch.device) -> None:
        recipe = learner.settings
        observations = torch.from_numpy(np.concatenate(demonstrations.observations)).to(device)
        actions = torch.from_numpy(np.concatenate(demonstrations.actions)).to(device)
        learner.observation.fit(observations, recipe.normalise_observation)
        learner.action.fit(actions, recipe.normalise_action)
        where = windows([len(episode) for episode in demonstrations.actions], recipe.n_obs, learner.chunk)
        self._observations, self._actions = learner.observation(observations), learner.action(actions)
        self._history = torch.from_numpy(where.history).to(device)
        self._future = torch.from_numpy(where.future).to(device)
        self._padded = torch.from_numpy(where.padded).to(device)
        self._noise, self._device = recipe.observation_noise, device

    def __len__(self) -> int:
        """Number of windows."""
        return len(self._future)

    def take(self, index: Tensor) -> Batch:
        """The windows of the given indices."""
        return Batch(self._observations[self._history[index]], self._actions[self._future[index]], self._padded[index])

    def batches(self, size: int, start: int, *key: str | int) -> Iterator[Batch]:
        """Shuffled batches without end, from the `start`-th on; epoch e is shuffled by the stream (key, e).

        An epoch is cut into whole batches and its rest is dropped, so batch i is known without the ones before it.
        """
        size = min(size, len(self))
        per_epoch = len(self) // size
        epoch, position = divmod(start, per_epoch)
        while True:
            order = torch.randperm(len(self), generator=generator("train/order", epoch, *key)).to(self._device)
            for number in range(position, per_epoch):
                batch = self.take(order[number * size : (number + 1) * size])
                yield self._perturbed(batch, epoch, number, *key) if self._noise else batch
            epoch, position = epoch + 1, 0

    def _perturbed(self, batch: Batch, *key: str | int) -> Batch:
        noise = generator("train/observation_noise", *key)
        draw = torch.randn(batch.observations.shape, generator=noise).to(self._device)
        return Batch(batch.observations + self._noise * draw, batch.actions, batch.padded)
