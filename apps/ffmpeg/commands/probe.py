"""ffprobe: everything about one file as JSON."""

import os

from apps.ffmpeg.formats import FORMAT_WHITELIST, PROTOCOL_WHITELIST


def probe(ffprobe: str, path: bytes) -> list[str | bytes]:
    """The command that prints format, streams and chapters of the file at an absolute ``path``.

    ``file:`` keeps names such as ``http:x.mp4`` from being taken for addresses. The whitelists
    keep a playlist that calls itself video from opening other files or connections.
    """
    return [
        ffprobe,
        "-hide_banner",
        "-loglevel", "error",
        "-protocol_whitelist", PROTOCOL_WHITELIST,
        "-format_whitelist", FORMAT_WHITELIST,
        "-print_format", "json=compact=1",
        "-show_format", "-show_streams", "-show_chapters",
        "-i", b"file:" + os.path.abspath(path),
    ]  # fmt: skip
