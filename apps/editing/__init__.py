"""Changes of many videos at once."""
