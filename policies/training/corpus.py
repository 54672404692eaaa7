"""All demonstrations of a task in memory, normalised, ready to be cut into batches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
import torch
from jaxtyping import UInt8
from torch import Tensor

from harness.contract.fields import Array
from harness.demonstrations import Demonstrations
from policies.training.generators import generator
from policies.training.learner import Batch, Learner
from policies.training.windows import windows
from policies.vision.crop import cut, places

__all__ = ["Corpus"]


class Corpus:
    """Normalised windows on the device that trains; fits the learner's normalisation when built."""

    def __init__(
        self,
        demonstrations: Demonstrations,
        learner: Learner,
        device: torch.device,
        pictures: Mapping[str, UInt8[Array, "frames height width 3"]] | None = None,
    ) -> None:
        recipe = learner.settings
        whole = torch.from_numpy(np.concatenate(demonstrations.observations))
        observations = learner.layout.visible(whole).to(device)
        actions = torch.from_numpy(np.concatenate(demonstrations.actions)).to(device)
        learner.observation.fit(observations, recipe.normalise_observation)
        learner.action.fit(actions, recipe.normalise_action)
        where = windows([len(episode) for episode in demonstrations.actions], recipe.n_obs, learner.chunk)
        self._observations, self._actions = learner.observation(observations), learner.action(actions)
        self._history = torch.from_numpy(where.history).to(device)
        self._future = torch.from_numpy(where.future).to(device)
        self._padded = torch.from_numpy(where.padded).to(device)
        self._noise, self._device = recipe.observation_noise, device
        self._frames, self._pictures = where.history, pictures or {}
        self._crop = recipe.vision.crop if recipe.vision else 0

    def __len__(self) -> int:
        """Number of windows."""
        return len(self._future)

    def take(self, index: Tensor) -> Batch:
        """The windows of the given indices, without pictures."""
        return Batch(self._observations[self._history[index]], self._actions[self._future[index]], self._padded[index])

    def glance(self, index: Tensor, *key: str | int) -> dict[str, Tensor]:
        """Per camera, squares of the pictures of the given windows, at places drawn from the stream `key`."""
        seen, rows = {}, self._frames[index.cpu().numpy()]
        for camera, pictures in self._pictures.items():
            height, width = pictures.shape[1:3]
            where = places(len(rows), height, width, self._crop, generator("train/crop", camera, *key))
            seen[camera] = torch.from_numpy(cut(pictures, rows, where, self._crop)).to(self._device)
        return seen

    def batches(self, size: int, start: int, *key: str | int, sees: bool = True) -> Iterator[Batch]:
        """Shuffled batches without end, from the `start`-th on; epoch e is shuffled by the stream (key, e).

        Pictures are read for one batch at a time, and only if it `sees`.
        An epoch is cut into whole batches and its rest is dropped, so batch i is known without the ones before it.
        """
        size = min(size, len(self))
        per_epoch = len(self) // size
        epoch, position = divmod(start, per_epoch)
        while True:
            order = torch.randperm(len(self), generator=generator("train/order", epoch, *key)).to(self._device)
            for number in range(position, per_epoch):
                index = order[number * size : (number + 1) * size]
                batch = self.take(index)
                batch = self._perturbed(batch, epoch, number, *key) if self._noise else batch
                yield (
                    replace(batch, pictures=self.glance(index, epoch, number, *key))
                    if sees and self._pictures
                    else batch
                )
            epoch, position = epoch + 1, 0

    def _perturbed(self, batch: Batch, *key: str | int) -> Batch:
        noise = generator("train/observation_noise", *key)
        draw = torch.randn(batch.observations.shape, generator=noise).to(self._device)
        return replace(batch, observations=batch.observations + self._noise * draw)
