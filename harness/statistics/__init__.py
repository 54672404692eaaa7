"""Statistics: arrays in, dataclasses out. Knows nothing of episodes, artifacts or reports."""
