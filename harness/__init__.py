"""The engine of samepanel. It imports no policy, no task, no torch, no mujoco and no gymnasium."""

__version__ = "0.1.0"
