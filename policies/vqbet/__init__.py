"""VQ-BeT (Lee et al. 2024, arXiv:2403.03181): tokens of action chunks, predicted by a small GPT, on states."""

from policies.training.method import LearnedMethod
from policies.vqbet.recipe import VqBetRecipe

__all__ = ["VqBetRecipe", "method"]

method = LearnedMethod("vqbet", version=1, recipe=VqBetRecipe, learner="policies.vqbet.learner:VqBetLearner")
