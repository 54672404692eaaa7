"""The fault catalogue, a file a channel, and how the faults of a condition become the effects of an episode."""
