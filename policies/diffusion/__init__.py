"""Diffusion Policy (Chi et al. 2023, arXiv:2303.04137), on states or pictures."""

from policies.diffusion.recipe import DiffusionRecipe
from policies.training.method import LearnedMethod

__all__ = ["DiffusionRecipe", "method"]

method = LearnedMethod(
    "diffusion", version=1, recipe=DiffusionRecipe, learner="policies.diffusion.learner:DiffusionLearner"
)
