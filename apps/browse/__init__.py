"""The page on which people look for videos, and the views of it that they keep."""
