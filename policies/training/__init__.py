"""What all methods share: windows, normalisation, the one trainer, checkpoints; `method` and `recipe` need no torch."""
