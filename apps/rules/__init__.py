"""What is done to videos by rules: tags from names in paths, changes by queries."""
