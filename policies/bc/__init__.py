"""Behaviour cloning as robomimic 0.3.0 does it (Mandlekar et al. 2021, arXiv:2108.03298), on states."""

from policies.bc.recipe import BcRecipe
from policies.training.method import LearnedMethod

__all__ = ["BcRecipe", "method"]

method = LearnedMethod("bc", version=1, recipe=BcRecipe, learner="policies.bc.learner:BcLearner")
