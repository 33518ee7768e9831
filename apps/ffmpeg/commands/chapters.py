"""ffmpeg: copy a file with other chapters."""

import os

from apps.ffmpeg.formats import FORMAT_WHITELIST, PROTOCOL_WHITELIST

# By extension: the containers that keep chapters, and how ffmpeg calls them.
MUXERS = {
    "mp4": "mp4", "m4v": "mp4", "mov": "mov", "m4a": "ipod", "mkv": "matroska", "mka": "matroska",
    "webm": "webm",
}  # fmt: skip


def copy_with_chapters(
    ffmpeg: str, source: bytes, chapters: bytes, output: bytes, *, muxer: str
) -> list[str | bytes]:
    """The command that copies every stream to the new file ``output``; progress goes to stdout.

    ``chapters`` is a file in ffmetadata. All paths are absolute; ``file:`` keeps any name from
    being taken for an option or an address, and the whitelists a playlist from opening others.
    """
    return [
        ffmpeg, "-nostdin", "-hide_banner", "-loglevel", "error", "-nostats",
        "-progress", "pipe:1",
        "-protocol_whitelist", PROTOCOL_WHITELIST, "-format_whitelist", FORMAT_WHITELIST,
        "-i", b"file:" + os.path.abspath(source),
        "-protocol_whitelist", PROTOCOL_WHITELIST, "-f", "ffmetadata",
        "-i", b"file:" + os.path.abspath(chapters),
        "-map", "0:v?", "-map", "0:a?", "-map", "0:s?", "-map", "0:t?",
        "-map_metadata", "0", "-map_chapters", "1", "-c", "copy", "-copy_unknown",
        "-max_muxing_queue_size", "4096", "-y", "-f", muxer,
        b"file:" + os.path.abspath(output),
    ]  # fmt: skip
