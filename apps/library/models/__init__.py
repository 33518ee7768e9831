"""The catalogue. Each module holds one noun with what belongs to it."""

from apps.library.models.file import File, Folder
from apps.library.models.label import CustomField, Studio, Tag, TagParent, Word
from apps.library.models.library import Library, LibraryPrefix
from apps.library.models.performer import Performer, PerformerImage
from apps.library.models.scan import Scan, ScanFinding
from apps.library.models.video import Marker, Play, Video, VideoPerformer, VideoTag, Viewing
from apps.library.models.video_labels import VideoLabels

__all__ = [
    "CustomField",
    "File",
    "Folder",
    "Library",
    "LibraryPrefix",
    "Marker",
    "Performer",
    "PerformerImage",
    "Play",
    "Scan",
    "ScanFinding",
    "Studio",
    "Tag",
    "TagParent",
    "Video",
    "VideoLabels",
    "VideoPerformer",
    "VideoTag",
    "Viewing",
    "Word",
]
