"""What a task and a policy promise: the public face of the harness for `tasks` and `policies`."""
