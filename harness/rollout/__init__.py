"""Lanes and rounds: the only step loop."""
