"""ALOHA: two ViperX 300 S arms on one table, as gym-aloha models them. The robot, of which tasks are made."""
