"""Whether a file is sound: its content decoded, its bytes summed up."""

from collections.abc import Callable
from typing import Any

from apps.ffmpeg.messages import VerifyRequest
from apps.ffmpeg.reader import HAS_PYAV
from apps.ffmpeg.reading import Reading
from apps.ffmpeg.reasons import MediaRefused, Reason
from apps.ffmpeg.source import Source

if HAS_PYAV:
    from apps.ffmpeg import av_verify

# What FFmpeg says of an open file's content; everything else is about this machine.
_ABOUT_CONTENT = frozenset({
    Reason.DAMAGED, Reason.MOOV_MISSING, Reason.NOT_MEDIA, Reason.NO_STREAMS,
    Reason.PLAYLIST_REFUSED, Reason.EMPTY, Reason.TOO_SMALL,
})  # fmt: skip


def verify(
    request: VerifyRequest, source: Source, found: dict[str, Any], beat: Callable[[], None]
) -> None:
    """Put into ``found`` what the request asks for, in the order in which it is known.

    Run it in a child process: a decoder may crash or hang. Raises MediaRefused, OSError.
    """
    found["stat"] = source.stat
    reading = Reading(
        source.fd, beat=beat, want_md5=request.want_md5, bytes_per_second=request.bytes_per_second
    )
    try:
        seen = _decode(request, source, reading)
    except MediaRefused as refused:
        if refused.reason not in _ABOUT_CONTENT:
            raise
        seen = {"damage": str(refused)}
    if seen.get("damage") and not request.want_md5:
        # FFmpeg says of a failing disk what it says of damaged content
        reading = Reading(
            source.fd, beat=beat, want_md5=True, bytes_per_second=request.bytes_per_second
        )
        reading.finish()
    else:
        found["md5"] = reading.finish()
    source.check_unchanged()
    found.update(seen)


def _decode(request: VerifyRequest, source: Source, reading: Reading) -> dict[str, Any]:
    source.check_size()
    if not HAS_PYAV:
        raise MediaRefused(Reason.PROBER_MISSING)
    evidence = av_verify.inspect(
        request.path, size=source.stat.size, head=source.read_head(), whole=request.whole,
        reading=reading,
    )  # fmt: skip
    return {
        "whole": evidence.whole,
        "frames": evidence.frames,
        "bad": evidence.bad,
        "damage": evidence.verdict(),
    }
