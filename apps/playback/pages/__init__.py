"""The pages on which videos are watched."""
