"""Taking over only some of what was read anew."""

from collections.abc import Set as AbstractSet
from copy import copy

from apps.library.choices import Refresh
from apps.library.models import File

_COLUMNS: dict[Refresh, tuple[str, ...]] = {
    Refresh.SIZE: ("size_bytes", "mtime_ns", "inode", "device"),
    Refresh.DURATION: ("duration_ms",),
    Refresh.FACTS: (
        "container", "video_codec", "audio_codec", "width", "height", "frame_rate", "bitrate",
        "streams", "chapters", "facts",
    ),
    Refresh.FINGERPRINTS: ("oshash", "content"),
    Refresh.MD5: ("md5",),
}  # fmt: skip


def refreshed(before: File, after: File, refresh: AbstractSet[Refresh]) -> File:
    """``before`` with the columns of ``after`` that ``refresh`` names, and how the reading went."""
    row = copy(before)
    names = [name for what in refresh for name in _COLUMNS[what]]
    for name in (*names, "probe_state", "probe_error", "probe_message"):
        setattr(row, name, getattr(after, name))
    return row
