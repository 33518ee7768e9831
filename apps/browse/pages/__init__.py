"""The pages of browse."""
