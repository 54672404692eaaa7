"""From YAML to a frozen, validated, hashed panel, the policies that meet it, and the plan of episodes."""
