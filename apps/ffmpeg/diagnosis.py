"""Says why FFmpeg would not read a file, from what it logged and how the file begins."""

import re

from apps.ffmpeg.formats import PLAYLIST_BEGINNINGS, PLAYLISTS
from apps.ffmpeg.reasons import MediaRefused, Reason

LogLine = tuple[str, str]
"""Who logged (a demuxer's name), and what."""

_PRINTED = re.compile(r"^\[([\w,.]+) @ 0x[0-9a-f]+\] (.*)$", re.MULTILINE)
_BOXES = (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot")
_BEGINNINGS = (
    b"\x1aE\xdf\xa3", b"RIFF", b"RF64", b"OggS", b"FLV\x01", b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",
    b"\x00\x00\x01\xba", b"\x00\x00\x01\xb3", b"ID3", b"fLaC", b".RMF", b"FORM",
    b"\x06\x0e\x2b\x34",
)  # fmt: skip


def printed_lines(output: str) -> list[LogLine]:
    """The lines of ffprobe's or ffmpeg's stderr that name who wrote them."""
    return [(found[1], found[2]) for found in _PRINTED.finditer(output)]


def refusal(log: list[LogLine], head: bytes) -> MediaRefused:
    """Why a file could not be opened as media; ``head`` is how the file begins.

    What FFmpeg logs may follow from the file's name alone: it takes any text called ``x.mp4`` for
    an mp4 that lacks its index.
    """
    for name, message in log:
        if "Format not on whitelist" in message:
            is_playlist = not PLAYLISTS.isdisjoint(name.split(","))
            return MediaRefused(Reason.PLAYLIST_REFUSED if is_playlist else Reason.NOT_MEDIA, name)
    if head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(PLAYLIST_BEGINNINGS):
        return MediaRefused(Reason.PLAYLIST_REFUSED)
    if not _begins_like_media(head):
        return MediaRefused(Reason.NOT_MEDIA)
    if any("moov atom not found" in message for _, message in log):
        return MediaRefused(Reason.MOOV_MISSING)
    return MediaRefused(Reason.DAMAGED)


def _begins_like_media(head: bytes) -> bool:
    if head[4:8] in _BOXES or head.startswith(_BEGINNINGS):
        return True
    return any(head[at : at + 377 : 188] == b"GGG" for at in (0, 4))  # MPEG-TS sync bytes
