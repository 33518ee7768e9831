"""Playlists as files that other players read: extended M3U in UTF-8."""

import re
from collections.abc import Iterator
from enum import StrEnum
from urllib.parse import quote_from_bytes

from django.db.models import QuerySet

from apps.library.models import Video
from apps.playlists.models import MOST_VIDEOS, Playlist

_BREAKS = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")
_COLUMNS = (
    "title", "duration_ms", "library__root", "primary_file__folder__path", "primary_file__name",
)  # fmt: skip


class Paths(StrEnum):
    """How files are named: from the root of the machine, or of their library."""

    ABSOLUTE = "absolute"
    RELATIVE = "relative"


def m3u8_lines(playlist: Playlist, videos: QuerySet[Video], *, paths: Paths) -> Iterator[str]:
    """The file. Videos whose file is missing are left out.

    A path that a line can't hold (with a line break, or not in UTF-8) stands as a ``file:``
    address, which is always absolute.
    """
    yield f"#EXTM3U\n#PLAYLIST:{_one_line(playlist.name)}\n"
    present = videos.filter(missing_since__isnull=True, primary_file__isnull=False)
    rows = present.values_list(*_COLUMNS)[:MOST_VIDEOS]
    for title, duration_ms, root, folder, name in rows:
        relative = b"/".join(part for part in (bytes(folder), bytes(name)) if part)
        seconds = -1 if duration_ms is None else round(duration_ms / 1_000)
        yield f"#EXTINF:{seconds},{_one_line(title)}\n{_path(root, relative, paths)}\n"


def _path(root: str, relative: bytes, paths: Paths) -> str:
    whole = root.rstrip("/").encode("utf-8", "surrogateescape") + b"/" + relative
    try:
        text = (relative if paths == Paths.RELATIVE else whole).decode()
    except UnicodeDecodeError:
        return f"file://{quote_from_bytes(whole)}"
    if _BREAKS.search(text) or text != text.strip():
        return f"file://{quote_from_bytes(whole)}"
    return f"./{text}" if text.startswith("#") or "://" in text else text


def _one_line(text: str) -> str:
    return _BREAKS.sub(" ", text).strip()
