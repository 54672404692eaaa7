"""What a policy ought to have seen, drawn from the stored states of a rollout when it is over."""

import numpy as np


def state_measured(rollout, step):
    """The state that a measurement is of: a shift of the object comes after it."""
    if rollout.unmoved is not None and step == rollout.assignment.effects.shift_step:
        return rollout.unmoved
    return rollout.states[step]


def drawn_afterwards(task, rollout, camera, step, n_obs):
    """Pictures of the last frames that were delivered at a step, oldest first."""
    view = next(item for item in task.contract.cameras if item.name == camera)
    delivered = np.maximum(np.arange(step - n_obs + 1, step + 1), 0)
    states = np.stack([state_measured(rollout, at) for at in rollout.obs_id[delivered]])
    return task.render(states, camera, view.width, view.height)
