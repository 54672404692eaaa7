"""The methods (ACT, Diffusion Policy, VQ-BeT, BC), their one trainer, and the controls."""
