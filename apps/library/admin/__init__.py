"""The catalogue in the admin."""

from apps.library.admin import files, labels, libraries, markers, people, video

__all__ = ["files", "labels", "libraries", "markers", "people", "video"]
