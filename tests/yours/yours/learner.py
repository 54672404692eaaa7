from torch import nn

from policies.training.learner import Decision, Learner
from policies.training.losses import l1_within_episode


class Mine(Learner):
    def __init__(self, layout, recipe, device):
        super().__init__(layout, recipe)
        seen, hidden, planned = recipe.n_obs * layout.observation, recipe.hidden, recipe.chunk * layout.action
        self.net = nn.Sequential(
            *(nn.Flatten(), nn.Linear(seen, hidden), nn.ReLU()),
            *(nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, planned)),
            nn.Unflatten(1, (recipe.chunk, layout.action)),
        )

    def loss(self, phase, batch, generator):
        return l1_within_episode(self.net(batch.observations), batch)

    def act(self, observations, noise):
        return Decision(self.net(observations))
