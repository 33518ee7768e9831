"""The catalogue for machines."""

from apps.library.api.views.files import FileViewSet
from apps.library.api.views.labels import (
    CustomFieldViewSet,
    MarkerViewSet,
    PerformerViewSet,
    StudioViewSet,
    TagViewSet,
)
from apps.library.api.views.libraries import LibraryViewSet
from apps.library.api.views.scans import ScanFindingViewSet, ScanViewSet
from apps.library.api.views.videos import VideoViewSet

__all__ = [
    "CustomFieldViewSet",
    "FileViewSet",
    "LibraryViewSet",
    "MarkerViewSet",
    "PerformerViewSet",
    "ScanFindingViewSet",
    "ScanViewSet",
    "StudioViewSet",
    "TagViewSet",
    "VideoViewSet",
]
