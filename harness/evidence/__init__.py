"""What a trajectory shows: measures and recovery from a rollout, labels from rows."""
