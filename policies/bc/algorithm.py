"""The only place that imports robomimic: makes its algorithm from our recipe, quietly."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Iterator
from typing import Any

import torch

from policies.bc.recipe import BcRecipe

__all__ = ["OBSERVATION", "algorithm"]

OBSERVATION = "flat"
"""Key of the flat observation in robomimic's batches."""


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Swallow the banner, the prints and the deprecation warnings of robomimic and what it imports."""
    silence = io.StringIO()
    with contextlib.redirect_stdout(silence), contextlib.redirect_stderr(silence), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def algorithm(recipe: BcRecipe, observation: int, action: int, device: torch.device) -> Any:
    """The `BC` or `BC_GMM` of robomimic for flat vectors of the given widths, with its networks and its optimiser."""
    with _quiet():
        from robomimic.algo import algo_factory  # noqa: PLC0415 -- prints a banner
        from robomimic.config import config_factory  # noqa: PLC0415 -- prints a banner
        from robomimic.utils.obs_utils import initialize_obs_utils_with_config  # noqa: PLC0415 -- prints a banner

        config = config_factory("bc")
        with config.unlocked():
            _configure(config, recipe)
        initialize_obs_utils_with_config(config)
        return algo_factory("bc", config, {OBSERVATION: (observation,)}, action, device)


def _configure(config: Any, recipe: BcRecipe) -> None:
    config.observation.modalities.obs.low_dim = [OBSERVATION]
    algo = config.algo
    algo.actor_layer_dims = recipe.hidden
    algo.optim_params.policy.optimizer_type = "adamw"
    algo.optim_params.policy.learning_rate.initial = recipe.learning_rate
    algo.optim_params.policy.regularization.L2 = recipe.weight_decay
    algo.gmm.enabled = recipe.variant == "gmm"
    algo.gmm.num_modes = recipe.modes
    algo.gmm.min_std = recipe.min_std
    algo.gmm.low_noise_eval = recipe.low_noise
