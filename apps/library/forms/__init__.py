"""Validation of what people type about the catalogue."""

from apps.library.forms.labels import PerformerForm, StudioForm, TagForm
from apps.library.forms.library import LibraryForm
from apps.library.forms.video import MarkerForm, VideoForm

__all__ = [
    "LibraryForm",
    "MarkerForm",
    "PerformerForm",
    "StudioForm",
    "TagForm",
    "VideoForm",
]
