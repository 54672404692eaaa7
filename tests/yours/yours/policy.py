from policies.training.method import LearnedMethod
from policies.training.recipe import TrainingRecipe


class Recipe(TrainingRecipe):
    chunk: int = 4
    steps: int = 1000
    hidden: int = 128
    learning_rate: float = 3e-3


method = LearnedMethod("mine", version=1, recipe=Recipe, learner="yours.learner:Mine")
