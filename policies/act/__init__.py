"""Action Chunking with Transformers (ACT; Zhao et al. 2023, arXiv:2304.13705), on states or pictures."""

from policies.act.recipe import ActRecipe
from policies.training.method import LearnedMethod

__all__ = ["ActRecipe", "method"]

method = LearnedMethod("act", version=1, recipe=ActRecipe, learner="policies.act.learner:ActLearner")
